"""A request's body into a file as it comes: pieces are gathered, written a megabyte at a time in a thread, while the
next come in. Two such blocks are in memory at most.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any

from chat.media.partial import Partial
from chat.media.threads import in_thread

BLOCK_BYTES = 1 << 20
# So much arrives before it is said to be there: what a process that dies loses of an upload.
CHECKPOINT_BYTES = 8 << 20
# A body of which nothing comes any more is not waited for.
IDLE_S = 20.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Note = Callable[[int], Awaitable[None]]


class End(Enum):
    WHOLE = "whole"
    # The connection was lost, or nothing came any more.
    CUT = "cut"
    TOO_LONG = "too long"


class Intake:
    """Of one request. `room`: how many bytes may come; `note(count)` is told of those that are on disk meanwhile,
    unless they count only as a whole (`is_hashed`)."""

    def __init__(self, receive: Receive, partial: Partial, room: int, is_hashed: bool, note: Note) -> None:
        self._receive = receive
        self._partial = partial
        self._room = room
        self._is_hashed = is_hashed
        self._note = note
        self._pieces: list[bytes] = []
        self._gathered = 0
        self._noted = 0
        self._writing: asyncio.Future[None] | None = None
        self.count = 0

    async def run(self) -> End:
        """What came is on disk then. Raises OSError and what `note` raises."""
        try:
            end = await self._take()
        finally:
            # Also when it failed: nothing is to be written to a file that is closed.
            await self._written()
        if end is not End.TOO_LONG:
            self._write()
            await self._written()
            await in_thread(self._partial.sync)
        return end

    async def _take(self) -> End:
        while True:
            try:
                async with asyncio.timeout(IDLE_S):
                    event = await self._receive()
            except TimeoutError:
                return End.CUT
            if event["type"] == "http.disconnect":
                return End.CUT
            if piece := event.get("body"):
                self.count += len(piece)
                if self.count > self._room:
                    return End.TOO_LONG
                self._pieces.append(piece)
                self._gathered += len(piece)
                if self._gathered >= BLOCK_BYTES:
                    await self._block()
            if not event.get("more_body"):
                return End.WHOLE

    async def _block(self) -> None:
        await self._written()
        self._write()
        if not self._is_hashed and self.count - self._noted >= CHECKPOINT_BYTES:
            await self._written()
            await in_thread(self._partial.sync)
            self._noted = self.count
            await self._note(self.count)

    def _write(self) -> None:
        if self._pieces:
            self._writing = in_thread(self._partial.write, self._pieces, self._is_hashed)
            self._pieces, self._gathered = [], 0

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing
