"""A device that was away while all sorts of things happened gets everything it is owed, in order, once, and is told
plainly what is not for it (V1 to V13)."""

import asyncio
import random

import pytest

from tests.acceptance import club, people
from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.faults.history import History

pytestmark = pytest.mark.acceptance

SEED = 11
EACH = 500
ROUNDS = 3
EDITS, DELETIONS, HIDINGS = 200, 100, 20
ON_THEIR_WAY = 100


async def write(phone: Phone, conv: str, count: int) -> None:
    for n in range(count):
        await phone.until(lambda: len(phone.store.outbox) < ON_THEIR_WAY)
        phone.send(conv, f"{phone.who.username} {n}")
    await phone.until(lambda: not phone.store.outbox)


async def revise(phone: Phone, conv: str, chance: random.Random, share: int = 2) -> None:
    """This person's share of the edits and deletions."""
    messages = {seq: entry for seq, entry in phone.store.entries[conv].items() if "event" not in entry}
    own = [seq for seq, entry in messages.items() if entry["sender"] == phone.who.user]
    chosen = chance.sample(own, (EDITS + DELETIONS) // share)
    for n, seq in enumerate(chosen):
        kind = {"t": "edit", "body": f"edited {n}"} if n < EDITS // share else {"t": "delete", "for": "all"}
        answer = await phone.revise({"conv": conv, "seq": seq} | kind)
        assert answer["t"] == "done", answer
    for seq in chance.sample(sorted(set(messages) - set(chosen)), HIDINGS // share):
        await phone.revise({"t": "delete", "conv": conv, "seq": seq, "for": "me"})


async def test_a_month_away(house: House, cast: Cast) -> None:
    chance, history = random.Random(SEED), History()
    bob = Phone(house.address, cast.bob, history)
    async with (
        Phone(house.addresses[0], cast.alice, history, sees=True) as alice,
        Phone(house.addresses[1], cast.carol, history) as carol,
    ):
        conv = await club.found(house, cast.alice, cast.bob, cast.carol)
        async with bob:
            for phone in (alice, bob, carol):
                await phone.until(lambda phone=phone: conv in phone.conversations)
            await asyncio.gather(write(alice, conv, 20), write(carol, conv, 20))
            await bob.until(lambda: bob.store.received(conv) == 41)
        # bob is away; is removed, and taken back, while the others go on.
        for n in range(ROUNDS):
            if n == 1:
                await club.remove(house, conv, cast.alice, cast.bob)
            if n == 2:
                await club.add(house, conv, cast.alice, cast.bob)
            await asyncio.gather(write(alice, conv, EACH), write(carol, conv, EACH))
        # With the making of the group, the removal and the return.
        total = 40 + ROUNDS * 2 * EACH + 3
        for phone in (alice, carol):
            await phone.until(lambda phone=phone: phone.store.received(conv) == total)
        await asyncio.gather(revise(alice, conv, chance), revise(carol, conv, chance))
        second = await asyncio.to_thread(people.sign_in, house.dsn, cast.bob.username)
        # Another device of bob's meets the group now: what it takes is not thought to have reached the phone.
        async with Phone(house.address, second, history) as laptop, bob:
            await bob.until(lambda: bob.store.received(conv) > 400)
            # The process that serves bob, or the other: the balancer sends him to one that lives.
            await asyncio.to_thread(house.kill, "web-1")
            await asyncio.to_thread(house.restart, "web-1")
            findings = await verdict(house, [alice, bob, carol, laptop], conv, total, 120)
            assert not findings, "\n".join(findings[:20])
            await bob.until(bob.is_synced.is_set)
            assert len(history.stays[conv, cast.bob.user]) == 2
            assert len(bob.store.entries[conv]) < total - 2 * EACH + 1
