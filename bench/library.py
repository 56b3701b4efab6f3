"""The Python client as a program uses it: how fast it sends, alone and in bulk, and comes back."""

import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from bench import absence, pairs
from messenger_client import Client, Status
from tests.acceptance.servers import PASSWORD, House

PATIENCE_S = 120.0
BODY = absence.BODY
ALONE = 200


@dataclass(frozen=True, slots=True)
class Library:
    """Each message is on the client's disk before it is sent; `alone_ms`: from `send` to one check, one at a time."""

    accepted_per_s: float
    alone_ms: float
    synced_s: float
    entries: int


def measure(house: House, sends: int, waiting: int) -> Library:
    with TemporaryDirectory() as folder:
        return asyncio.run(_measure(house, Path(folder), sends, waiting))


async def _measure(house: House, folder: Path, sends: int, waiting: int) -> Library:
    alice, bob = await asyncio.to_thread(house.enrol, *pairs.names(2))
    async with Client(house.addresses[0], database=folder / "alice", listens=False) as client:
        await client.sign_in(alice.username, PASSWORD)
        await client.caught_up()
        conversation = await client.open(bob.username)
        alone = [await _timed(client, conversation.id) for _ in range(ALONE)]
        began = monotonic()
        sent = await asyncio.gather(*(client.send(conversation, BODY) for _ in range(sends)))
        await asyncio.gather(*(each.reached(Status.SENT, PATIENCE_S) for each in sent))
        took = monotonic() - began
    async with Client(house.addresses[0], database=folder / "bob", listens=False) as client:
        await client.sign_in(bob.username, PASSWORD)
        await client.caught_up()
    await asyncio.to_thread(absence.talk, house, bob, 1, waiting)
    began = monotonic()
    async with Client(house.addresses[0], database=folder / "bob", listens=False) as client:
        await client.caught_up()
        synced = monotonic() - began
        entries = max(each.received for each in await client.conversations())
    return Library(sends / took, 1000 * statistics.median(alone), synced, entries)


async def _timed(client: Client, conv: str) -> float:
    began = monotonic()
    await (await client.send(conv, BODY)).reached(Status.SENT, PATIENCE_S)
    return monotonic() - began
