"""Whole processes: typing and presence reach who may know, from any process, and never say what is not so."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.conftest import Cast, each_server, enrol_cast
from tests.acceptance.scripts import asked
from tests.acceptance.servers import Celery, House
from tests.acceptance.wire import Wire, connect

pytestmark = pytest.mark.acceptance

LEASE_S = 9
# A lease, its settling, and a slow machine.
PATIENCE_S = 60.0


@pytest.fixture(scope="module", params=each_server("presence"))
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Of its own: its Redis and a web process are killed. Leases are short, or each of these would take a minute."""
    environment = {"MESSENGER_PRESENCE_LEASE": str(LEASE_S)}
    with House(web=2, server=request.param, celery=Celery.NONE, environment=environment) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


def types(conv: str) -> dict[str, Any]:
    return {"t": "typing", "conv": conv}


def asks(conv: str) -> dict[str, Any]:
    return {"t": "presence", "conv": conv}


async def told(wire: Wire, conv: str, *people: dict[str, Any]) -> None:
    """The next that is told is exactly this."""
    frame = await wire.hear("presence", timeout=PATIENCE_S)
    assert (frame["conv"], frame["people"]) == (conv, list(people))


async def asked_until(wire: Wire, conv: str, person: dict[str, Any]) -> None:
    """Somebody who came just now may not be known everywhere yet."""
    await wire.say(asks(conv))
    await wire.hear("presence", lambda frame: frame["people"] == [person], timeout=PATIENCE_S)
    wire.heard = [frame for frame in wire.heard if frame["t"] != "presence"]


async def test_typing_goes_to_the_others_wherever_they_are(house: House, cast: Cast) -> None:
    here, there = house.addresses
    async with (
        connect(here, cast.alice) as alice,
        connect(there, cast.bob) as bob,
        connect(there, cast.mallory) as mallory,
    ):
        conv = await alice.open(cast.bob.username)
        await bob.hear("conversations", lambda frame: frame["items"][0]["id"] == conv)
        # A hint among processes that may not know of each other yet: said again, as people go on typing.
        for _ in range(20):
            await alice.say(types(conv))
            try:
                heard = await bob.hear("typing", timeout=2)
                break
            except TimeoutError:
                continue
        assert heard == types(conv) | {"user": cast.alice.user}
        for frame in (types(conv), asks(conv)):
            error = await mallory.ask(frame, "error")
            assert (error["code"], error["ref"]) == ("NOT_FOUND", frame)
        for each in (alice, mallory):
            assert await each.still_works()
            assert not each.of("typing") and not each.of("presence")


async def test_a_killed_process_takes_its_people_along_when_its_lease_ends(house: House, cast: Cast) -> None:
    here, there = house.addresses
    online = {"id": cast.bob.user, "online": True}
    async with connect(here, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        async with connect(there, cast.bob):
            before = time.time()
            await asked_until(alice, conv, online)
            await asyncio.to_thread(house.kill, "web-2")
            try:
                frame = await alice.hear("presence", timeout=PATIENCE_S)
            finally:
                await asyncio.to_thread(house.restart, "web-2")
        [was] = frame["people"]
        assert (was["id"], was["online"]) == (cast.bob.user, False)
        # Nobody had the time to note more than that he came.
        assert before - 60 < was["last_seen_at"] / 1000 < time.time()
        async with connect(there, cast.bob):
            await told(alice, conv, online)


async def test_with_redis_killed_nothing_is_said_and_then_what_is_so(house: House, cast: Cast) -> None:
    """Nobody is ever said to be gone who is here."""
    here, there = house.addresses
    online = {"id": cast.bob.user, "online": True}
    async with connect(here, cast.alice) as alice, connect(there, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await asked_until(alice, conv, online)
        await asyncio.to_thread(house.kill, "redis")
        try:
            await told(alice, conv)
        finally:
            await asyncio.to_thread(house.restart, "redis")
        await told(alice, conv, online)
        assert await bob.still_works()


async def test_a_switch_made_anywhere_holds_everywhere(house: House, cast: Cast) -> None:
    here, there = house.addresses

    async def switch(on: bool) -> None:
        await asyncio.to_thread(asked, house, cast.bob, "/account", {"shows_presence": on}, "PATCH")

    async with connect(here, cast.alice) as alice, connect(there, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await bob.hear("conversations", lambda frame: frame["items"][0]["id"] == conv)
        for each, other in ((alice, cast.bob), (bob, cast.alice)):
            await asked_until(each, conv, {"id": other.user, "online": True})
        await switch(False)
        for each in (alice, bob):
            await told(each, conv)
        for each in (alice, bob):
            await each.say(types(conv))
            await each.say(asks(conv))
            await told(each, conv)
            assert not each.of("typing")
        await switch(True)
        for each, other in ((alice, cast.bob), (bob, cast.alice)):
            await told(each, conv, {"id": other.user, "online": True})
