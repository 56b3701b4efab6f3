"""Groups by frames: who is told of what was done, in order, and who is not."""

import json
from typing import Any

import pytest

from chat.delivery.runtime import Runtime
from chat.models import Conversation, Membership
from tests.cast import Cast, Person
from tests.chat.process import Client, process
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]

NOBODYS = "0199c1f0-0000-7000-8000-00000000dead"


async def greeted(runtime: Runtime, person: Person) -> Client:
    client = Client(runtime, person)
    await client.hello()
    await client.told("conversations")
    return client


async def made(client: Client, *others: Person, **rules: str) -> str:
    users = [person.id for person in others]
    await client.say({"t": "create", "client_id": "made_1", "title": "Picnic", "users": users} | rules)
    await until(lambda: any(frame.get("opened") for frame in client.of("conversations")))
    opened = next(frame for frame in client.of("conversations") if frame.get("opened"))
    return str(opened["items"][0]["id"])


def done(client: Client, conv: str) -> list[tuple[int, str]]:
    """What it was pushed of what was done: seq and type."""
    entries = [entry for frame in client.of("messages") if frame["conv"] == conv for entry in frame["entries"]]
    return [(entry["seq"], entry["event"]["type"]) for entry in entries if "event" in entry]


async def test_everyone_is_told_what_was_done_in_one_order(deaf: None, runtime: Runtime, people: Cast) -> None:
    """With a layer that drops everything, in two processes."""
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        group = await made(alice, people.bob)
        await alice.say({"t": "add", "conv": group, "users": [people.carol.id]})
        await alice.say({"t": "role", "conv": group, "user": people.bob.id, "role": "admin"})
        await until(lambda: len(done(bob, group)) == 3)
        await bob.say({"t": "group", "conv": group, "title": "Sunday"})
        wanted = [(1, "created"), (2, "added"), (3, "role"), (4, "changed")]
        await until(lambda: done(alice, group) == done(bob, group) == wanted)
        await until(lambda: any(frame["title"] == "Sunday" for frame in alice.of("members")))
        await bob.say({"t": "remove", "conv": group, "user": people.alice.id})
        assert (await bob.told("error"))["code"] == "NOT_ALLOWED", "nobody removes an owner"


async def test_a_group_asked_for_twice_is_one(runtime: Runtime, people: Cast) -> None:
    """The answer was lost: the same is asked again, on another connection."""
    for _ in range(2):
        alice = await greeted(runtime, people.alice)
        group = await made(alice, people.bob)
        await alice.leave()
    assert (await in_thread(Conversation.objects.get)).id.hex == group.replace("-", "")


async def test_who_is_removed_hears_of_it_and_of_nothing_later(deaf: None, runtime: Runtime, people: Cast) -> None:
    alice, bob, carol = [await greeted(runtime, each) for each in (people.alice, people.bob, people.carol)]
    group = await made(alice, people.bob, people.carol)
    await until(lambda: done(bob, group) == done(carol, group) == [(1, "created")])
    await alice.say({"t": "remove", "conv": group, "user": people.bob.id})
    await alice.send(group, "a1")
    left = await bob.told("left")
    assert (left["entry"]["seq"], left["entry"]["event"]) == (2, {"type": "removed", "users": [people.bob.id]})
    await until(lambda: carol.seqs(group) == [1, 2, 3])
    assert bob.seqs(group) == [1]
    await bob.say({"t": "sync", "positions": [{"conv": group, "received": 1}]})
    answer = await bob.told("sync")
    assert (answer["gone"], answer["messages"]) == ([group], [])


async def test_a_link_lets_people_in_until_it_ends(runtime: Runtime, people: Cast) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    group = await made(alice)
    await alice.send(group, "a1")
    await until(lambda: alice.acks("ACCEPTED"))
    await alice.say({"t": "invite", "conv": group, "max_uses": 1})
    link = await alice.told("invite")
    await bob.say({"t": "preview", "token": link["token"]})
    assert await bob.told("preview") == {"t": "preview", "title": "Picnic", "count": 1}
    for _ in range(2):
        await bob.say({"t": "join", "token": link["token"]})
    await until(lambda: len([frame for frame in bob.of("conversations") if frame.get("opened")]) == 2)
    await until(lambda: done(bob, group) == [(3, "joined")])
    assert 2 not in bob.seqs(group), "what was written before is not for them"
    mallory = await greeted(runtime, people.mallory)
    for frame in ({"t": "join", "token": link["token"]}, {"t": "preview", "token": "guessed"}):
        await mallory.say(frame)
        assert (await mallory.told("error"))["code"] == "NOT_FOUND", "used up, or none at all"
        mallory.frames.clear()


async def test_no_link_brings_back_who_was_removed(runtime: Runtime, people: Cast) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    group = await made(alice, people.bob)
    await alice.say({"t": "invite", "conv": group})
    link = await alice.told("invite")
    await alice.say({"t": "remove", "conv": group, "user": people.bob.id})
    await bob.told("left")
    for frame in ({"t": "preview", "token": link["token"]}, {"t": "join", "token": link["token"]}):
        await bob.say(frame)
    await until(lambda: [error["code"] for error in bob.of("error")] == ["NOT_FOUND"] * 2)
    await alice.say({"t": "add", "conv": group, "users": [people.bob.id]})
    await until(lambda: (4, "added") not in done(bob, group) and (3, "added") in done(bob, group))


FRAMES: list[dict[str, Any]] = [
    {"t": "group", "title": "mine"},
    {"t": "add", "users": ["$mallory"]},
    {"t": "remove", "user": "$alice"},
    {"t": "leave"},
    {"t": "role", "user": "$mallory", "role": "owner"},
    {"t": "mute", "until": 1},
    {"t": "members"},
    {"t": "invite"},
    {"t": "invites"},
    {"t": "revoke", "id": NOBODYS},
]


@pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: frame["t"])
async def test_mallory_gets_nowhere_and_learns_nothing(runtime: Runtime, people: Cast, frame: dict[str, Any]) -> None:
    """A group that is there, and one that is not, are the same to her."""
    alice, mallory = await greeted(runtime, people.alice), await greeted(runtime, people.mallory)
    group = await made(alice, people.bob)
    text = json.dumps(frame).replace("$mallory", people.mallory.id).replace("$alice", people.alice.id)
    for conv in (group, NOBODYS):
        await mallory.say(json.loads(text) | {"conv": conv})
    await until(lambda: len(mallory.of("error")) == 2)
    assert [error["code"] for error in mallory.of("error")] == ["NOT_FOUND"] * 2
    stays = await in_thread(lambda: list(Membership.objects.values_list("user__username", "left_seq")))
    assert sorted(stays) == [("alice", None), ("bob", None)]


async def test_muting_is_told_to_all_of_ones_sockets(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, tablet = await greeted(runtime, people.alice), await greeted(runtime, people.alice)
    await alice.say({"t": "mute", "conv": conv, "until": 1_990_000_000_000})
    await alice.told("done")
    for each in (alice, tablet):
        await until(lambda each=each: each.of("conversations")[-1]["items"][0]["muted_until"] == 1_990_000_000_000)
    await alice.say({"t": "mute", "conv": conv})
    await until(lambda: tablet.of("conversations")[-1]["items"][0]["muted_until"] is None)


async def test_a_roster_is_told_page_by_page(runtime: Runtime, people: Cast) -> None:
    alice = await greeted(runtime, people.alice)
    group = await made(alice, people.bob, people.carol)
    await alice.say({"t": "members", "conv": group, "limit": 2})
    first = await alice.told("roster")
    assert ([member["username"] for member in first["members"]], first["next"]) == (["alice", "bob"], "bob")
    await alice.say({"t": "members", "conv": group, "after": "bob"})
    await until(lambda: len(alice.of("roster")) == 2)
    last = alice.of("roster")[-1]
    assert ([member["username"] for member in last["members"]], last["next"], last["count"]) == (["carol"], None, 3)
