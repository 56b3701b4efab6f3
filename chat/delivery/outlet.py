"""The way to one socket: a queue bounded in bytes, drained by a task that exists only while it is not empty.

Nobody who has something to say ever waits for a socket: a reader that stalls fills its own queue, is cut off, and
costs the others nothing.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[Any], Awaitable[None]]

# More than this waiting for one socket, and nothing more is pushed to it; what it asks for and is told still is.
CROWDED_CHARS = 524_288
# More than this: it does not read. A page of the longest messages on top of a crowded queue is less.
MAX_QUEUED_CHARS = 4_194_304
# More than this: what may be lost is.
BEHIND_CHARS = 16_384
CLOSE_TIMEOUT_S = 2.0


class Outlet:
    """Frames to one socket, in order: text, or bytes. `cut` ends its connection without further ado."""

    __slots__ = ("_closing", "_cut", "_queue", "_queued", "_send", "_writer", "broken", "frames")

    def __init__(self, send: Send, cut: Callable[[], None]) -> None:
        self._send = send
        self._cut = cut
        self._queue: deque[str | bytes] | None = None
        self._queued = 0
        self._writer: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self.broken = False
        # Taken for the socket so far.
        self.frames = 0

    def write(self, frame: str | bytes) -> bool:
        """Never waits. False when the queue is full or the socket is gone: nothing more will be written."""
        if self.broken:
            return False
        if self._queue is None:
            self._queue = deque()
        self._queue.append(frame)
        self.frames += 1
        self._queued += len(frame)
        if self._queued > MAX_QUEUED_CHARS:
            self.abandon()
            return False
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._drain())
        return True

    @property
    def is_crowded(self) -> bool:
        """The reader is slower than we are: let it catch up."""
        return self._queued > CROWDED_CHARS

    @property
    def is_behind(self) -> bool:
        """What is not worth waiting for is not written."""
        return self._queued > BEHIND_CHARS

    async def _drain(self) -> None:
        try:
            while self._queue:
                frame = self._queue.popleft()
                await self._send({"type": "websocket.send", "text" if isinstance(frame, str) else "bytes": frame})
                self._queued -= len(frame)
        except Exception:
            # The servers have each their own exception for a socket that is gone.
            self.abandon()
        finally:
            self._writer = None
            self._queue = None if not self._queue else self._queue

    def abandon(self) -> None:
        """Forgets what waits; the socket is of no use any more."""
        self.broken = True
        self._queue = None
        self._queued = 0
        if self._writer is not None and self._writer is not asyncio.current_task():
            self._writer.cancel()

    def close(self, code: int) -> None:
        """Forgets what waits and closes the socket; bounded, since a stalled socket may not take even that."""
        if self._closing is None:
            self.abandon()
            self._closing = asyncio.get_running_loop().create_task(self._close(code))

    async def _close(self, code: int) -> None:
        # A plain int: daphne refuses to send any of its subclasses, an IntEnum too.
        close = {"type": "websocket.close", "code": int(code)}
        try:
            await asyncio.wait_for(self._send(close), CLOSE_TIMEOUT_S)
        except Exception:
            # Already gone, or so stuck that it does not take even that.
            self._cut()

    async def flushed(self, timeout: float) -> None:
        """Waits, at most `timeout` seconds, until what was written has been handed to the server."""
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=timeout)

    async def gone(self) -> None:
        """The socket's coroutine is about to return: a close under way is given its time."""
        self.abandon()
        if self._closing is not None:
            await asyncio.wait([self._closing])
