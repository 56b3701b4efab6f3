"""Programs that talk through the client, each on a device of its own, in a house of real processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from messenger_client import Client, Event, Message, MessageReceived
from tests.acceptance.servers import PASSWORD, House

PATIENCE_S = 60.0


@dataclass
class Program:
    """`heard`: all events so far, since someone listens for as long as the client is open. `messages`: those of them
    that are new, others' and own."""

    client: Client
    username: str
    heard: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, check: Callable[[], Any], timeout: float = PATIENCE_S) -> Any:
        """What `check` gives once it is something."""
        async with asyncio.timeout(timeout):
            while not (found := check()):
                self.changed.clear()
                await self.changed.wait()
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]

    @property
    def bodies(self) -> list[str]:
        return [message.body for message in self.messages]

    async def hears(self, *bodies: str) -> None:
        """Exactly these, in this order."""
        await self.until(lambda: len(self.bodies) >= len(bodies))
        assert self.bodies == list(bodies)

    async def listen(self) -> None:
        async for event in self.client.events():
            self.heard.append(event)
            if isinstance(event, MessageReceived):
                self.messages.append(event.message)
            self.changed.set()


@asynccontextmanager
async def listening(client: Client, username: str = "") -> AsyncIterator[Program]:
    """The client is open already."""
    program = Program(client, username)
    listener = asyncio.create_task(program.listen())
    try:
        yield program
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)


@asynccontextmanager
async def program(
    house: House, username: str, path: Path, address: str | None = None, **options: Any
) -> AsyncIterator[Program]:
    """Signed in, and listening."""
    async with Client(address or house.address, database=path, **options) as client:
        await client.sign_in(username, PASSWORD)
        async with listening(client, username) as found:
            yield found
