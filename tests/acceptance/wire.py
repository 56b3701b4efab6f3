"""A client that says exactly what a test tells it to, well or badly, and keeps everything it hears."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import websockets

from chat.protocol.frames import SUBPROTOCOL
from tests.acceptance.encoding import ENCODINGS
from tests.acceptance.people import SignedIn

# Small, so that a client which does not read is felt by the server soon.
DEAF_BUFFER = 4_096

Frame = dict[str, Any]


def anything(_: Frame) -> bool:
    return True


class Wire:
    """One connection. Frames that nobody asked for yet wait in `heard`."""

    def __init__(self, socket: Any, subprotocol: str = SUBPROTOCOL) -> None:
        self.socket = socket
        self._encoding = ENCODINGS[subprotocol]
        self.heard: list[Frame] = []
        self.welcome: Frame = {}
        self.conversations: dict[str, Frame] = {}
        self._counter = 0

    async def say(self, frame: Frame | str | bytes) -> None:
        await self.socket.send(self._encoding.write(frame) if isinstance(frame, dict) else frame)

    async def _recv(self) -> Frame:
        return self._encoding.read(await self.socket.recv())

    async def hear(self, kind: str, where: Callable[[Frame], bool] = anything, timeout: float = 45.0) -> Frame:
        """The next frame of that kind for which `where` holds."""
        return await self.hear_any(lambda frame: frame["t"] == kind and where(frame), timeout)

    async def hear_any(self, where: Callable[[Frame], bool], timeout: float = 45.0) -> Frame:
        async with asyncio.timeout(timeout):
            while True:
                for frame in self.heard:
                    if where(frame):
                        self.heard.remove(frame)
                        return frame
                self.heard.append(await self._recv())

    async def ask(self, frame: Frame | str, kind: str, where: Callable[[Frame], bool] = anything) -> Frame:
        await self.say(frame)
        return await self.hear(kind, where)

    async def greet(self, **hello: Any) -> Frame:
        """Says hello and hears everything that answers it."""
        self.welcome = await self.ask({"t": "hello", "epoch": None, "positions": []} | hello, "welcome")
        more = True
        while more:
            page = await self.hear("conversations")
            self.conversations |= {item["id"]: item for item in page["items"]}
            more = page["more"]
        return self.welcome

    async def open(self, username: str) -> str:
        """The 1:1 conversation with someone; its id."""
        page = await self.ask({"t": "open", "username": username}, "conversations", lambda frame: "opened" in frame)
        return str(page["items"][0]["id"])

    def new_id(self) -> str:
        self._counter += 1
        return f"wire_{id(self)}_{self._counter}_{time.time_ns() // 1_000_000}"

    async def send(self, conv: str, body: str, client_id: str | None = None, **more: Any) -> Frame:
        """Sends a message and awaits what becomes of it: the acknowledgement, or the `retry` frame."""
        client_id = client_id or self.new_id()
        await self.say({"t": "send", "conv": conv, "client_id": client_id, "body": body} | more)
        return await self.answer(client_id)

    async def answer(self, client_id: str, timeout: float = 45.0) -> Frame:
        async with asyncio.timeout(timeout):
            while True:
                for frame in self.heard:
                    if (found := _answer(frame, client_id)) is not None:
                        return found
                self.heard.append(await self._recv())

    async def entry(self, conv: str, seq: int, timeout: float = 45.0) -> Frame:
        """The entry as it is pushed."""
        frame = await self.hear("messages", lambda frame: frame["conv"] == conv and _has(frame, seq), timeout)
        return next(dict(entry) for entry in frame["entries"] if entry["seq"] == seq)

    async def delivered(self, conv: str, seq: int, kind: str = "DELIVERED") -> None:
        """Acknowledges everything up to `seq`."""
        await self.say({"t": "ack", "acks": [{"type": kind, "conv": conv, "seq": seq, "cumulative": True}]})

    async def tick(self, conv: str, kind: str, seq: int, timeout: float = 45.0) -> Frame:
        """The DELIVERED or SEEN tick that reaches `seq`."""

        def reached(ack: Frame) -> bool:
            return (ack["type"], ack["conv"]) == (kind, conv) and ack["seq"] >= seq

        frame = await self.hear("ack", lambda frame: any(reached(ack) for ack in frame["acks"]), timeout)
        found = next(ack for ack in frame["acks"] if reached(ack))
        # What else was told in that frame is still to be asked for.
        if rest := [ack for ack in frame["acks"] if ack is not found]:
            self.heard.append(frame | {"acks": rest})
        return dict(found)

    async def closed(self, timeout: float = 45.0) -> int:
        """Hears everything until the connection ends; its close code, 1006 for a connection that just ended."""
        async with asyncio.timeout(timeout):
            try:
                while True:
                    self.heard.append(await self._recv())
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 1006

    async def still_works(self) -> bool:
        """The connection is alive and its process answers."""
        return bool(await self.ask({"t": "ping", "positions": []}, "pong"))

    def of(self, kind: str) -> list[Frame]:
        return [frame for frame in self.heard if frame["t"] == kind]


def _answer(frame: Frame, client_id: str) -> Frame | None:
    if frame["t"] == "retry" and frame["client_id"] == client_id:
        return frame
    acks = frame["acks"] if frame["t"] == "ack" else []
    return next((ack for ack in acks if ack.get("client_id") == client_id), None)


def _has(frame: Frame, seq: int) -> bool:
    return any(entry["seq"] == seq for entry in frame["entries"])


@asynccontextmanager
async def connect(
    address: str,
    who: SignedIn | None = None,
    *,
    hello: bool = True,
    origin: str | None = "same",
    cookies: str | None = None,
    query: str = "",
    deaf: bool = False,
    bearer: str | None = None,
    subprotocol: str = SUBPROTOCOL,
    also: Sequence[str] = (),
) -> AsyncIterator[Wire]:
    """A connection, greeted unless `hello` is false. `origin`: "same" as the address, None for none at all.
    `bearer`: a token in a header; `also`: further subprotocols that are offered.
    `deaf`: from the greeting on nothing is read unless asked for, and little fits into the kernel's buffer."""
    cookies = who.cookie_header if who is not None and cookies is None else cookies
    headers = {"Cookie": cookies} if cookies else {}
    headers |= {"Authorization": f"Bearer {bearer}"} if bearer is not None else {}
    connection = websockets.connect(
        address.replace("http", "ws", 1) + "/ws/v1" + query,
        additional_headers=headers,
        subprotocols=[websockets.Subprotocol(name) for name in (subprotocol, *also)],
        origin=websockets.Origin(address) if origin == "same" else origin and websockets.Origin(origin),
        open_timeout=30,
        ping_interval=None,
        close_timeout=0.5,
        max_size=None,
        max_queue=1 if deaf else 10_000,
        compression=None,
        sock=_small_socket(address) if deaf else None,
    )
    async with connection as opened:
        wire = Wire(opened, subprotocol)
        if hello:
            await wire.greet()
        try:
            yield wire
        finally:
            if deaf:
                opened.transport.abort()


def _small_socket(address: str) -> socket.socket:
    host, port = address.removeprefix("http://").split(":")
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEAF_BUFFER)
    small.connect((host, int(port)))
    small.setblocking(False)
    return small
