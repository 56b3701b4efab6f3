"""Blocks by frames, in two processes whose hints are all lost: who is told, who is not, and what stops."""

from typing import Any

import pytest

from chat.delivery import reconcile
from chat.delivery.runtime import Runtime
from chat.log import profile
from chat.models import Block, Report
from tests.cast import Cast, Person, make_direct
from tests.chat.process import Client, process
from tests.log import write
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]

NOBODYS = "0199c1f0-0000-7000-8000-00000000dead"


async def greeted(runtime: Runtime, person: Person) -> Client:
    client = Client(runtime, person)
    await client.hello()
    await client.told("conversations")
    return client


def refusals(client: Client) -> list[tuple[str, str]]:
    return [(error["ref"]["t"], error["code"]) for error in client.of("error")]


def is_blocked(client: Client) -> bool:
    """As it was told last."""
    return bool(client.of("conversations")[-1]["items"][0].get("blocked"))


async def test_the_blockers_devices_are_told_and_nobody_else(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    async with process() as other:
        phone, tablet = await greeted(runtime, people.alice), await greeted(other, people.alice)
        bob = await greeted(other, people.bob)
        await phone.say({"t": "block", "user": people.bob.id})
        assert (await phone.told("done"))["ref"] == {"t": "block", "user": people.bob.id}
        await until(lambda: is_blocked(phone) and is_blocked(tablet))
        await phone.say({"t": "blocks"})
        (told,) = (await phone.told("blocks"))["people"]
        assert (told["id"], told["username"], told["name"]) == (people.bob.id, "bob", "bob")
        await bob.say({"t": "blocks"})
        assert (await bob.told("blocks"))["people"] == []
        await phone.say({"t": "unblock", "user": people.bob.id})
        await until(lambda: not is_blocked(phone) and not is_blocked(tablet))
        assert len(bob.of("conversations")) == 1, "of neither"
        # Nor does he find it in his list.
        again = await greeted(other, people.bob)
        assert not is_blocked(again)


async def test_a_new_device_is_told(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(Block.objects.create, user=people.alice.user, blocked=people.bob.user)
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    assert is_blocked(alice) and not is_blocked(bob)


async def test_what_is_sent_is_rejected_in_any_process(deaf: None, runtime: Runtime, people: Cast, conv: str) -> None:
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        await bob.send(conv, "b1")
        await until(lambda: alice.seqs(conv) == [1])
        await alice.say({"t": "block", "user": people.bob.id})
        await alice.told("done")
        await bob.send(conv, "b2", after="b1")
        await alice.send(conv, "a1")
        for client in (alice, bob):
            await until(lambda client=client: client.acks("REJECTED"))
            assert client.acks("REJECTED")[0]["error_code"] == "USER_BLOCKED"
        await alice.say({"t": "unblock", "user": people.bob.id})
        await until(lambda: len(alice.of("done")) == 2)
        await bob.send(conv, "b3")
        await until(lambda: alice.seqs(conv) == [1, 2])


@pytest.mark.parametrize("blocker", ["alice", "bob"])
async def test_nobody_learns_that_the_other_types_or_is_here(
    deaf: None, runtime: Runtime, people: Cast, conv: str, blocker: str
) -> None:
    """Whoever blocked whom; and both do again afterwards."""
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        who, whom = (alice, people.bob) if blocker == "alice" else (bob, people.alice)
        for client in (alice, bob):
            await client.say({"t": "presence", "conv": conv})
            await until(lambda client=client: client.of("presence") and client.of("presence")[-1]["people"])
        await who.say({"t": "block", "user": whom.id})
        for client in (alice, bob):
            await until(lambda client=client: not client.of("presence")[-1]["people"])
            room = (runtime if client is alice else other).hub.rooms[conv]
            await until(lambda room=room: room.is_barred)
        # One in the other's process: what is not told across is not told at home either.
        visitor = await greeted(other, people.alice)
        await bob.say({"t": "typing", "conv": conv})
        await visitor.say({"t": "typing", "conv": conv})
        for client in (visitor, bob):
            await client.say({"t": "ping"})
            await client.told("pong")
        assert not visitor.of("typing") and not bob.of("typing") and not alice.of("typing")
        await who.say({"t": "unblock", "user": whom.id})
        await until(lambda: not other.hub.rooms[conv].is_barred)
        await bob.say({"t": "typing", "conv": conv})
        await visitor.told("typing")
        for client in (alice, bob):
            await until(lambda client=client: client.of("presence")[-1]["people"])


async def test_the_hint_is_quicker(runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the layer alone: the other process does not look at the change table again."""
    monkeypatch.setattr(reconcile, "INTERVAL_S", 3_600.0)
    async with process() as other:
        phone, tablet = await greeted(runtime, people.alice), await greeted(other, people.alice)
        await phone.say({"t": "block", "user": people.bob.id})
        await until(lambda: is_blocked(tablet))


async def test_who_may_begin_is_asked_when_one_begins(runtime: Runtime, people: Cast) -> None:
    await in_thread(profile.set_writers, people.alice.user.id, "nobody")
    await in_thread(Block.objects.create, user=people.carol.user, blocked=people.bob.user)
    bob = await greeted(runtime, people.bob)
    for username in ("alice", "carol"):
        await bob.say({"t": "open", "username": username})
    await bob.say({"t": "create", "client_id": "g1", "title": "club", "users": [people.alice.id]})
    await until(lambda: len(bob.of("error")) == 3)
    assert refusals(bob) == [("open", "NOT_REACHABLE")] * 2 + [("create", "NOT_REACHABLE")]
    assert len({error["text"] for error in bob.of("error")}) == 1, "a setting looks like a block"


async def test_mallory_learns_nothing(runtime: Runtime, people: Cast, conv: str) -> None:
    """By any of the frames: what is not hers looks like what is not there."""
    await in_thread(write, conv, people.bob, 3)
    mallory, alice = await greeted(runtime, people.mallory), await greeted(runtime, people.alice)
    report = {"t": "report", "client_id": "m1", "reason": "spam"}
    asked: list[dict[str, Any]] = [
        *({**report, "conv": each, **more} for each in (conv, NOBODYS) for more in ({}, {"seq": 1})),
        {**report, "conv": conv, "user": people.bob.id},
        *({"t": "block", "user": each} for each in (NOBODYS, people.mallory.id)),
    ]
    for frame in asked:
        await mallory.say(frame)
    await until(lambda: len(mallory.of("error")) == len(asked))
    assert {error["code"] for error in mallory.of("error")} == {"NOT_FOUND"}
    # She may keep bob away from herself; it changes nothing between him and alice.
    await mallory.say({"t": "block", "user": people.bob.id})
    await mallory.say({"t": "unblock", "user": people.bob.id})
    await until(lambda: len(mallory.of("done")) == 2)
    await alice.send(conv, "a1")
    await until(lambda: alice.acks("ACCEPTED"))
    assert not await in_thread(Report.objects.exists) and len(alice.of("conversations")) == 1


async def test_a_report_asked_twice_is_one_and_they_are_rationed(
    runtime: Runtime, people: Cast, conv: str, settings: Any
) -> None:
    await in_thread(write, conv, people.bob, 3)
    alice = await greeted(runtime, people.alice)
    frame = {"t": "report", "client_id": "r1", "conv": conv, "seq": 2, "reason": "abuse", "note": "again"}
    for _ in range(2):
        await alice.say(frame)
    await until(lambda: len(alice.of("done")) == 2)
    assert alice.of("done")[0]["ref"] == {"t": "report", "conv": conv, "seq": 2, "client_id": "r1"}
    assert (await in_thread(Report.objects.get)).note == "again"
    for n in range(40):
        await alice.say({**frame, "client_id": f"more{n}"})
    late = [error for error in alice.of("error") if error["code"] == "RATE_LIMITED"]
    assert late and late[0]["retryable"] and late[0]["retry_after_ms"] > 0
    assert await in_thread(Report.objects.count) <= 20


async def test_two_conversations_of_one_person(runtime: Runtime, people: Cast, conv: str) -> None:
    """Blocking bob leaves carol's alone."""
    other = await in_thread(make_direct, people.alice, people.carol)
    alice, carol = await greeted(runtime, people.alice), await greeted(runtime, people.carol)
    await alice.say({"t": "block", "user": people.bob.id})
    await alice.told("done")
    await carol.send(other, "c1")
    await carol.say({"t": "typing", "conv": other})
    await until(lambda: alice.seqs(other) == [1])
    await alice.told("typing")
