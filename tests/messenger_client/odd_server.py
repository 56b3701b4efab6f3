"""A server that says exactly what a test tells it to, which ours would never say. One script a connection, in turn; the
last one stays."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Frame = dict[str, Any]
USER = {"id": "0199c1f0-5a00-7a11-8ce0-00000000a11c", "username": "alice", "name": "Alice"}
DEVICE = "0199c1f0-5b00-7de0-81ce-0000000de51c"
CONV = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"


class Connection:
    """Of one client. `heard`: what it has said."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.heard: list[Frame] = []

    async def say(self, frame: Frame | str) -> None:
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def hear(self, kind: str) -> Frame:
        """The next frame of that kind."""
        while True:
            self.heard.append(json.loads(await self.socket.recv()))
            if self.heard[-1]["t"] == kind:
                return self.heard[-1]

    async def greet(self, *items: Frame, heartbeat_ms: int = 25_000, epoch: str = "e1") -> Frame:
        """The hello it answered."""
        hello = await self.hear("hello")
        more = {"epoch": epoch, "heartbeat_ms": heartbeat_ms, "time": 0}
        await self.say({"t": "welcome", "version": 1, "user": USER, "device": DEVICE} | more)
        await self.say({"t": "conversations", "items": list(items), "more": False})
        await self.say({"t": "sync_done", "as_of": 0})
        return hello

    async def stay(self) -> None:
        """Hears whatever comes, until it ends."""
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                self.heard.append(json.loads(text))


Script = Callable[[Connection], Awaitable[None]]


class OddServer:
    def __init__(self, scripts: tuple[Script, ...]) -> None:
        self.scripts = list(scripts)
        self.connections: list[Connection] = []
        # Of the handshakes to come: answered with an HTTP status instead.
        self.statuses: list[int] = []
        self.address = ""

    async def accept(self, socket: ServerConnection) -> None:
        connection = Connection(socket)
        self.connections.append(connection)
        await (self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0])(connection)

    def answer(self, socket: ServerConnection, request: Request) -> Response | None:
        return socket.respond(self.statuses.pop(0), "no") if self.statuses else None


@asynccontextmanager
async def odd_server(*scripts: Script) -> AsyncIterator[OddServer]:
    server = OddServer(scripts)
    async with serve(server.accept, "127.0.0.1", 0, process_request=server.answer) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.address = f"http://127.0.0.1:{port}"
        yield server


async def normal(connection: Connection) -> None:
    await connection.greet()
    await connection.stay()


def closing(code: int) -> Script:
    async def close(connection: Connection) -> None:
        await connection.greet()
        await connection.socket.close(code)

    return close


def saying(*frames: Frame | str, items: tuple[Frame, ...] = ()) -> Script:
    """After the greeting."""

    async def say(connection: Connection) -> None:
        await connection.greet(*items)
        for frame in frames:
            await connection.say(frame)
        await connection.stay()

    return say


async def silent(connection: Connection) -> None:
    await connection.greet(heartbeat_ms=100)
    await connection.stay()
