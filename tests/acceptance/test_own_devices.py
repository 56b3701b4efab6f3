"""Several devices of one person: what one has seen, the others show as read, with the layer's hints and without."""

import pytest

from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House

pytestmark = pytest.mark.acceptance


async def see(house: House, cast: Cast) -> None:
    tablet = house.sign_in(cast.bob.username)
    async with Phone(house.address, cast.alice) as sender, Phone(house.address, cast.bob) as phone:
        async with Phone(house.address, tablet) as other:
            conv = await sender.open(cast.bob.username)
            client_id = sender.send(conv, "hello")
            await other.until(lambda: other.store.received(conv) == 1)
            await phone.until(lambda: phone.store.received(conv) == 1)
            phone.see(conv)
            await other.until(lambda: other.ticks.get((conv, cast.bob.user, "SEEN")) == 1)
            await sender.until(lambda: sender.ticks.get((conv, cast.bob.user, "SEEN")) == 1)
        assert not sender.store.outbox and client_id not in sender.rejected


async def test_what_one_device_has_seen_the_others_learn(house: House, cast: Cast) -> None:
    await see(house, cast)


async def test_also_without_the_layer(deaf_house: House, deaf_cast: Cast) -> None:
    await see(deaf_house, deaf_cast)
