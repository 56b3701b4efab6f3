"""Several devices of one person: what one has seen, the others show as read."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.acceptance.phone import Phone
from tests.acceptance.servers import House

pytestmark = pytest.mark.acceptance


@pytest_asyncio.fixture(params=["hints", "no hints"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[House]:
    deaf = {"MESSENGER_DROP_LAYER": "1"} if request.param == "no hints" else {}
    house = House(web=2, environment=deaf)
    await asyncio.to_thread(house.start)
    yield house
    await asyncio.to_thread(house.stop)


async def test_what_one_device_has_seen_the_others_learn(house: House) -> None:
    alice, bob = house.enrol("alice", "bob")
    tablet = house.sign_in("bob")
    async with Phone(house.address, alice) as sender, Phone(house.address, bob) as phone:
        async with Phone(house.address, tablet) as other:
            conv = await sender.open("bob")
            client_id = sender.send(conv, "hello")
            await other.until(lambda: other.store.received(conv) == 1)
            await phone.until(lambda: phone.store.received(conv) == 1)
            phone.see(conv)
            await other.until(lambda: other.ticks.get((conv, bob.user, "SEEN")) == 1)
            await sender.until(lambda: sender.ticks.get((conv, bob.user, "SEEN")) == 1)
        assert not sender.store.outbox and client_id not in sender.rejected
