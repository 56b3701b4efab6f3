"""Several web processes behind one address work alike, and go on doing so when the channel layer drops every event."""

import asyncio

import pytest

from tests.acceptance.conftest import Cast, revoke
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.acceptance.wire import connect
from tests.faults.history import History

pytestmark = pytest.mark.acceptance

EACH = 150


async def talk(house: House, cast: Cast) -> None:
    """Three devices of two people, on whatever process they get, both writing: V1 to V10 hold, all ticks arrive."""
    history = History()
    tablet = house.sign_in(cast.bob.username)
    async with (
        Phone(house.addresses[0], cast.alice, history, sees=True) as alice,
        Phone(house.addresses[1], cast.bob, history, sees=True) as bob,
        Phone(house.address, tablet, history, sees=True) as second,
    ):
        conv = await alice.open(cast.bob.username)
        for phone in (bob, second):
            await phone.until(lambda phone=phone: conv in phone.conversations)
        for n in range(EACH):
            alice.send(conv, f"alice {n}")
            bob.send(conv, f"bob {n}", reply_to=bob.store.received(conv) or None)
            await asyncio.sleep(0)
        findings = await verdict(house, [alice, bob, second], conv, 2 * EACH)
        assert not findings, "\n".join(findings[:20])
        last = max(seq for seq, entry in alice.store.entries[conv].items() if entry["sender"] == cast.alice.user)
        for kind in ("DELIVERED", "SEEN"):
            await alice.until(lambda kind=kind: alice.ticks.get((conv, cast.bob.user, kind), 0) >= last)


async def test_any_process_will_do(house: House, cast: Cast) -> None:
    await talk(house, cast)


async def test_messages_and_ticks_arrive_without_the_layer(deaf_house: House, deaf_cast: Cast) -> None:
    await talk(deaf_house, deaf_cast)


async def test_a_new_conversation_arrives_without_the_layer(deaf_house: House, deaf_cast: Cast) -> None:
    async with (
        connect(deaf_house.addresses[0], deaf_cast.alice) as alice,
        connect(deaf_house.addresses[1], deaf_cast.bob) as bob,
        connect(deaf_house.addresses[1], deaf_cast.mallory) as mallory,
    ):
        conv = await alice.open(deaf_cast.bob.username)
        page = await bob.hear("conversations")
        assert [item["id"] for item in page["items"]] == [conv]
        # And it is alive: what is sent into it arrives, here and there.
        await alice.send(conv, "hi")
        assert (await bob.entry(conv, 1))["body"] == "hi"
        assert (await bob.send(conv, "hi yourself"))["seq"] == 2
        assert (await alice.entry(conv, 2))["body"] == "hi yourself"
        assert await mallory.still_works()
        assert not mallory.of("conversations") and not mallory.of("messages")


async def test_a_revocation_arrives_without_the_layer(deaf_house: House, deaf_cast: Cast) -> None:
    async with connect(deaf_house.addresses[1], deaf_cast.bob) as bob:
        await asyncio.to_thread(revoke, deaf_house, deaf_cast.bob)
        assert await bob.closed() == 4401
    async with connect(deaf_house.addresses[0], deaf_cast.bob, hello=False) as again:
        assert await again.closed() == 4401
