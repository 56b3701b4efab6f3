"""A web process's inside in the test's own event loop: the real runtime on real servers, and sockets that are lists."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from chat.delivery.ending import close_layer
from chat.delivery.outlet import Outlet
from chat.delivery.runtime import Runtime
from chat.delivery.session import Session
from chat.web.desk import Desk
from chat.web.identity import Identity
from tests.cast import Person
from tests.waiting import until


class Client:
    """A signed-in socket. `frames` is what its device was told, `closed` the code it was closed with."""

    def __init__(self, runtime: Runtime, person: Person) -> None:
        self.person = person
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None
        identity = Identity(person.id, person.user.username, person.user.display_name, person.device_id)
        outlet = Outlet(self._take, lambda: None)
        self.session = Session(person.id, person.device_id, outlet, asyncio.get_running_loop().time())
        self._runtime = runtime
        self._desk = Desk(runtime, identity, self.session)

    async def _take(self, event: dict[str, Any]) -> None:
        if event["type"] == "websocket.close":
            self.closed = event["code"]
        else:
            self.frames.append(json.loads(event["text"]))

    async def say(self, frame: dict[str, Any] | str) -> None:
        """As the consumer does with each frame."""
        waiting = self._desk.receive(frame if isinstance(frame, str) else json.dumps(frame))
        if waiting is not None:
            await waiting

    async def hello(self, *positions: dict[str, Any], epoch: str | None = None, **more: Any) -> None:
        await self.say({"t": "hello", "epoch": epoch, "positions": list(positions), **more})

    async def send(self, conv: str, client_id: str, body: str = "hi", **more: Any) -> None:
        await self.say({"t": "send", "conv": conv, "client_id": client_id, "body": body, **more})

    async def ack(self, kind: str, conv: str, seq: int) -> None:
        await self.say({"t": "ack", "acks": [{"type": kind, "conv": conv, "seq": seq, "cumulative": True}]})

    async def leave(self) -> None:
        """As the consumer does when the socket is gone."""
        self._runtime.hub.leave(self.session)
        self._runtime.presence.left(self.session)
        await self.session.outlet.gone()

    # What it was told

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["t"] == kind]

    async def told(self, kind: str) -> dict[str, Any]:
        """The newest frame of a kind, waited for."""
        await until(lambda: self.of(kind))
        return self.of(kind)[-1]

    def seqs(self, conv: str) -> list[int]:
        return [entry["seq"] for frame in self.of("messages") if frame["conv"] == conv for entry in frame["entries"]]

    def acks(self, kind: str) -> list[dict[str, Any]]:
        return [ack for frame in self.of("ack") for ack in frame["acks"] if ack["type"] == kind]


@asynccontextmanager
async def process() -> AsyncIterator[Runtime]:
    """One process. Settings must name the test's database."""
    runtime = Runtime()
    await runtime.start()
    try:
        yield runtime
    finally:
        # The sockets here are lists: nobody answers a close, which stopping would wait for.
        for session in runtime.hub.sessions():
            runtime.hub.leave(session)
        await runtime.stop()
        await close_layer()
