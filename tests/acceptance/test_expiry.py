"""What nobody came for: expired by the rule's own clock, told to the sender and to the device, sent anew by hand."""

import asyncio

import psycopg
import pytest

from tests.acceptance.app import apps
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.acceptance.wire import connect
from tests.faults.history import History

# As if the limit had passed: of these people's entries alone, since time has not moved for the others.
EXPIRE = """
from datetime import timedelta
from django.utils import timezone
from chat.models import Progress
from chat.tasks import expire
Progress.objects.exclude(work="redelivery").delete()
expire(now=timezone.now() + timedelta(days={days}))
Progress.objects.exclude(work="redelivery").delete()
"""


# The web server has no part in it.
pytestmark = [pytest.mark.acceptance, pytest.mark.parametrize("house", one_server("house"), indirect=True)]


async def days_pass(house: House, days: int) -> None:
    await asyncio.to_thread(house.manage, "shell", "-c", EXPIRE.format(days=days))


async def test_what_expired_is_told_on_both_sides_and_sent_anew(house: House, cast: Cast) -> None:
    history = History()
    bob = Phone(house.addresses[1], cast.bob, history)
    async with Phone(house.addresses[0], cast.alice, history) as alice:
        conv = await alice.open(cast.bob.username)
        async with bob:
            await bob.until(lambda: conv in bob.conversations)
            alice.send(conv, "are you there?")
            await bob.until(lambda: bob.store.received(conv) == 1)
            await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "DELIVERED"), 0) == 1)
        for n in range(3):
            alice.send(conv, f"hello? {n}")
        await alice.until(lambda: alice.store.received(conv) == 4)
        await days_pass(house, 29)
        assert not alice.lapsed
        await days_pass(house, 31)
        await alice.until(lambda: alice.lapsed.get((conv, cast.bob.user)) == [[2, 4]])
        assert (await alice.resend(conv, 4))["seq"] == 5
        async with bob:
            await bob.until(lambda: bob.store.received(conv) == 5)
            assert sorted(bob.store.entries[conv]) == [1, 5]
            assert bob.store.entries[conv][5]["body"] == "hello? 2"
            await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "DELIVERED"), 0) == 5)
            # The ones in between stay undelivered: the watermark above them says nothing of them.
            async with connect(house.addresses[0], cast.alice) as wire:
                [bob_there] = [m for m in wire.conversations[conv]["members"] if m["id"] == cast.bob.user]
                assert (bob_there["delivered"], bob_there["lapsed"]) == (5, [[2, 4]])
            findings = await verdict(house, [alice, bob], conv, 5)
            assert not findings, "\n".join(findings[:20])


async def test_a_device_that_had_it_after_all_puts_the_ticks_right(house: House, cast: Cast) -> None:
    """It stored everything, and was cut off before it could say so."""
    async with Phone(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        for n in range(3):
            alice.send(conv, f"hello? {n}")
        await alice.until(lambda: alice.store.received(conv) == 3)
        async with connect(house.addresses[1], cast.bob) as bob:
            await bob.entry(conv, 3)
        await days_pass(house, 31)
        await alice.until(lambda: alice.lapsed.get((conv, cast.bob.user)) == [[1, 3]])
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(positions=[{"conv": conv, "received": 2}])
            reset = await bob.hear("reset")
            assert (reset["conv"], reset["horizon"]) == (conv, 3)
        await alice.until(lambda: alice.lapsed[conv, cast.bob.user] == [[3, 3]])
        await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "DELIVERED"), 0) == 2)


async def test_the_count_quota_keeps_the_newest(house: House, cast: Cast) -> None:
    """A thousand wait for someone away; what is above that at the old end expires, whatever its age."""
    count, quota = 1_030, 1_000
    async with Phone(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        for n in range(count):
            await alice.until(lambda: len(alice.store.outbox) < 200)
            alice.send(conv, f"{n}")
        await alice.until(lambda: alice.store.received(conv) == count)
        await days_pass(house, 0)
        await alice.until(lambda: alice.lapsed.get((conv, cast.bob.user)) == [[1, count - quota]])
        async with Phone(house.addresses[1], cast.bob) as bob:
            await bob.until(lambda: bob.store.received(conv) == count)
            assert min(bob.store.entries[conv]) == count - quota + 1
    with psycopg.connect(house.dsn) as connection:
        assert connection.execute(
            "SELECT count(*) FROM chat_message WHERE conversation_id = %s", [conv]
        ).fetchone() == (count,)


async def test_an_app_sends_anew_what_expired_and_is_told_what_it_will_not_get(house: House, cast: Cast) -> None:
    """By requests alone, from both sides: the sender's resend is safe to repeat, and the reader's cursor passes what
    expired because it was told so, by history or by sync."""
    async with apps(house, cast.alice.username, cast.bob.username, cast.bob.username) as (alice, bob, tablet):
        conv = await alice.open(cast.bob.username)
        for n in range(3):
            await alice.send(conv, f"expiring_{n}_0", f"hello? {n}")
        await days_pass(house, 31)
        [person] = (await alice.told("GET", f"/conversations/{conv}/messages/3/info"))["people"]
        assert person["expired_at"]
        path = f"/conversations/{conv}/messages/3/resend"
        first = await alice.told("POST", path, {"client_id": "anew_1_0"}, 201)
        assert (first["seq"], first["client_id"]) == (4, "anew_1_0")
        assert await alice.told("POST", path, {"client_id": "anew_1_0"}, 200) == first
        assert await alice.refused("POST", path, {"client_id": "expiring_1_0"}) == (409, "IDEMPOTENCY_CONFLICT")
        # One device reads the history, the other syncs: both are told, and stand above it.
        page = await bob.told("GET", f"/conversations/{conv}/messages")
        assert [(entry["seq"], entry["body"]) for entry in page["entries"]] == [(4, "hello? 2")]
        assert page["absent"] == [{"from": 1, "to": 3, "why": "expired"}]
        answer = await tablet.told("POST", "/sync", {})
        assert answer["resets"] == [{"conv": conv, "horizon": 3, "why": "expired"}]
        assert [entry["seq"] for run in answer["messages"] for entry in run["entries"]] == [4]
        for who in (bob, tablet):
            assert (await who.told("GET", f"/conversations/{conv}"))["received"] == 3
