"""One connection at a time, for ever: connects, says hello, beats, gives a silent one up, comes back with backoff.

It ends by itself only when coming back would not help: SignedOut, or Stopped.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping

import websockets
from websockets.asyncio.client import ClientConnection, connect

from messenger_client import protocol, retry
from messenger_client.backoff import DEFAULT_BACKOFF
from messenger_client.errors import SignedOut, Stopped
from messenger_client.events import State
from messenger_client.retry import Retry

logger = logging.getLogger("messenger_client")
# To whoever asks for everything websockets would show headers and frames: the token, and what people write.
_discreet = logging.getLogger("messenger_client.socket")
_discreet.setLevel(logging.INFO)

CONNECT_S = 10.0
SILENCE_S = 10.0
CLOSE_S = 1.0
# Beats come this share of the time before they are due.
EARLY = 0.8
# Frames that were heard and not stored yet; beyond them the socket is not read.
BACKLOG = 256
GONE = 1006
# What is raised by a frame that is not the protocol's, down to numbers that no database holds.
NONSENSE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, sqlite3.Error)


class _Ended(Exception):
    def __init__(self, code: int = GONE, after_ms: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.after_ms = after_ms


class Link:
    """`headers()`: what authenticates the handshake. `hello()`: the first frame. `beat()`: the frame of a heartbeat.
    `take(frame)`: everything that comes, one after the other. `changed(state)`."""

    def __init__(
        self,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        hello: Callable[[], protocol.Frame],
        beat: Callable[[], protocol.Frame],
        take: Callable[[protocol.Frame], Awaitable[None]],
        changed: Callable[[State], None],
    ) -> None:
        self._url = url
        self._headers = headers
        self._hello = hello
        self._beat = beat
        self._take = take
        self._changed = changed
        self._outgoing: asyncio.Queue[protocol.Frame] | None = None
        self._wake = asyncio.Event()
        self._heartbeat_s = 25.0
        self._is_welcomed = False
        self._heard_at = 0.0
        self._failures = 0

    def send(self, frame: protocol.Frame) -> None:
        """If there is a connection; nobody waits."""
        if self._outgoing is not None:
            self._outgoing.put_nowait(frame)

    async def drain(self) -> None:
        """Until what was to be sent is on its way, if that is soon."""
        if self._outgoing is None:
            return
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._outgoing.join()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Something says that the network has changed: connect now."""
        self._wake.set()

    def welcomed(self, heartbeat_ms: int) -> None:
        self._is_welcomed = True
        self._failures = 0
        self._heartbeat_s = heartbeat_ms / 1000

    async def run(self) -> None:
        """Raises SignedOut or Stopped."""
        while True:
            self._changed(State.CONNECTING)
            ended = await self._visit()
            verdict = retry.of_close(ended.code)
            logger.info("connection ended", extra={"code": ended.code})
            if verdict is Retry.SIGN_IN:
                raise SignedOut()
            if verdict is Retry.NEVER:
                raise Stopped(f"{Stopped.__doc__} (close code {ended.code})")
            self._failures += 1
            pause = DEFAULT_BACKOFF.patience_ms(self._failures) if ended.after_ms is None else ended.after_ms
            self._changed(State.WAITING)
            await self._rest(pause / 1000)

    async def _rest(self, seconds: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _visit(self) -> _Ended:
        """From connecting to the end of the connection."""
        self._is_welcomed = False
        try:
            async with connect(
                self._url,
                additional_headers=self._headers(),
                subprotocols=[websockets.Subprotocol(protocol.SUBPROTOCOL)],
                open_timeout=CONNECT_S,
                close_timeout=CLOSE_S,
                ping_interval=None,
                max_size=protocol.MAX_FRAME_BYTES,
                logger=_discreet,
            ) as socket:
                return await self._talk(socket)
        except websockets.InvalidStatus as refused:
            return self._refused(refused)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            logger.debug("no connection: %s", type(error).__name__)
            return _Ended()
        finally:
            self._outgoing = None

    def _refused(self, refused: websockets.InvalidStatus) -> _Ended:
        response = refused.response
        verdict = retry.of_status(response.status_code)
        if verdict is Retry.SIGN_IN:
            raise SignedOut() from None
        # An address that is not there may be a server that is not there yet.
        if verdict is Retry.NEVER and response.status_code != 404:
            raise Stopped(f"The server refused the connection (HTTP {response.status_code}).") from None
        after_ms = retry.retry_after_ms(response.headers.get("Retry-After"))
        return _Ended(after_ms=after_ms or None)

    async def _talk(self, socket: ClientConnection) -> _Ended:
        outgoing: asyncio.Queue[protocol.Frame] = asyncio.Queue()
        frames: asyncio.Queue[protocol.Frame] = asyncio.Queue(BACKLOG)
        self._outgoing = outgoing
        self.send(self._hello())
        parts = [self._read(socket, frames), self._write(socket, outgoing), self._watch(frames)]
        tasks = [asyncio.create_task(part) for part in parts]
        taker = asyncio.create_task(self._apply(frames))
        try:
            await asyncio.wait([*tasks, taker], return_when=asyncio.FIRST_COMPLETED)
            return _first_end([*tasks, taker])
        finally:
            self._outgoing = None
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await _let_finish(taker, frames)
            # Also when this client is about to end: goodbye, instead of what looks like a fault.
            await socket.close()

    async def _read(self, socket: ClientConnection, frames: asyncio.Queue[protocol.Frame]) -> None:
        try:
            while True:
                text = await socket.recv()
                self._heard_at = asyncio.get_running_loop().time()
                frame = protocol.decode(text)
                if frame["t"] == "reconnect":
                    raise _Ended(after_ms=int(frame["after_ms"]))
                await frames.put(frame)
        except websockets.ConnectionClosed as closed:
            raise _Ended(closed.rcvd.code if closed.rcvd else GONE) from None

    async def _write(self, socket: ClientConnection, outgoing: asyncio.Queue[protocol.Frame]) -> None:
        try:
            while True:
                await socket.send(protocol.encode(await outgoing.get()))
                outgoing.task_done()
        except websockets.ConnectionClosed:
            # Why is what the reader knows.
            await asyncio.Event().wait()

    async def _watch(self, frames: asyncio.Queue[protocol.Frame]) -> None:
        """Beats, whatever is heard: the server wants to hear, too."""
        loop = asyncio.get_running_loop()
        self._heard_at = loop.time()
        await asyncio.sleep(CONNECT_S)
        if not self._is_welcomed:
            raise _Ended()
        await asyncio.sleep(max(0.0, self._heartbeat_s * EARLY - CONNECT_S))
        while True:
            asked_at = loop.time()
            self.send(self._beat())
            await asyncio.sleep(min(SILENCE_S, self._heartbeat_s * EARLY))
            # With a full backlog it is this side that does not listen.
            if self._heard_at < asked_at and not frames.full():
                raise _Ended()
            await asyncio.sleep(max(0.0, asked_at + self._heartbeat_s * EARLY - loop.time()))

    async def _apply(self, frames: asyncio.Queue[protocol.Frame]) -> None:
        while (frame := await frames.get())["t"] != _LAST["t"]:
            await self._take(frame)


# Ends a queue of frames.
_LAST: protocol.Frame = {"t": ""}


async def _let_finish(taker: "asyncio.Task[None]", frames: asyncio.Queue[protocol.Frame]) -> None:
    """What is being stored is stored, and known to be; what waits behind it is worth nothing: the next hello says where
    this device stands."""
    while not frames.empty():
        frames.get_nowait()
    frames.put_nowait(_LAST)
    await asyncio.gather(taker, return_exceptions=True)


def _first_end(tasks: "list[asyncio.Task[None]]") -> _Ended:
    for task in tasks:
        if not task.done():
            continue
        error = task.exception()
        if isinstance(error, _Ended):
            return error
        if isinstance(error, NONSENSE):
            # What the server says is not the protocol: nothing of it is shown, and it may be better next time.
            logger.warning("a frame could not be understood: %s", type(error).__name__)
            logger.debug("where", exc_info=error)
            return _Ended()
        if error is not None:
            raise error
    return _Ended()
