"""Who is told that somebody types: the others in the room, now or never."""

import asyncio

import pytest

from chat.delivery.layer import MAX_TYPING, Publisher
from chat.delivery.outlet import BEHIND_CHARS
from chat.delivery.room import CROWD, Room
from chat.delivery.runtime import Runtime
from chat.log import profile
from chat.web.signals import TYPING_BURST
from tests import groups
from tests.cast import Cast, Person
from tests.chat.delivery.paper import frames, new_session
from tests.chat.process import Client, process
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]


async def greeted(runtime: Runtime, person: Person) -> Client:
    client = Client(runtime, person)
    await client.hello()
    await client.told("conversations")
    return client


async def settled(*clients: Client) -> None:
    """What was written to them before has come."""
    for client in clients:
        await client.say({"t": "ping", "positions": []})
        await client.told("pong")


def types(conv: str) -> dict[str, str]:
    return {"t": "typing", "conv": conv}


async def test_the_others_are_told_and_nobody_else(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob, mallory = [await greeted(runtime, each) for each in (people.alice, people.bob, people.mallory)]
    tablet = await greeted(runtime, people.alice)
    await alice.say(types(conv))
    assert await bob.told("typing") == {"t": "typing", "conv": conv, "user": people.alice.id}
    await settled(alice, tablet, mallory)
    assert not alice.of("typing") and not tablet.of("typing") and not mallory.of("typing")


async def test_who_is_not_in_it_learns_nothing_and_says_nothing(runtime: Runtime, people: Cast, conv: str) -> None:
    """As of one that does not exist."""
    alice, mallory = await greeted(runtime, people.alice), await greeted(runtime, people.mallory)
    for each in (conv, "0199c1f0-0000-7000-8000-00000000dead"):
        await mallory.say(types(each))
    await until(lambda: len(mallory.of("error")) == 2)
    assert [(error["code"], error["ref"]["t"]) for error in mallory.of("error")] == [("NOT_FOUND", "typing")] * 2
    await settled(alice)
    assert not alice.of("typing")


async def test_other_processes_are_told(runtime: Runtime, people: Cast, conv: str) -> None:
    async with process() as elsewhere:
        clock = asyncio.get_running_loop().time
        await until(lambda: runtime.postman.neighbours.exist(clock()) and elsewhere.postman.neighbours.exist(clock()))
        alice, bob = await greeted(runtime, people.alice), await greeted(elsewhere, people.bob)
        await alice.say(types(conv))
        assert (await bob.told("typing"))["user"] == people.alice.id


async def test_not_while_it_is_open_who_belongs_there(runtime: Runtime, people: Cast, conv: str) -> None:
    bob = await greeted(runtime, people.bob)
    rev = runtime.hub.rooms[conv].members_rev
    for members_rev in (rev - 1, rev + 1):
        runtime.postman.heard({"type": "typing", "batch": [[conv, members_rev, people.alice.id]]})
    await settled(bob)
    assert not bob.of("typing")
    runtime.postman.heard({"type": "typing", "batch": [[conv, rev, people.alice.id], ["gone", 1, people.alice.id]]})
    assert await bob.told("typing")


async def test_who_was_removed_hears_nothing_more(runtime: Runtime, people: Cast) -> None:
    async with runtime.database.transaction() as connection:
        club = await groups.create(connection, people.alice.actor, "club", [people.bob.id, people.carol.id])
    alice, bob, carol = [await greeted(runtime, each) for each in (people.alice, people.bob, people.carol)]
    async with runtime.database.transaction() as connection:
        await groups.remove(connection, people.alice.actor, club, people.bob.id)
    await bob.told("left")
    await alice.say(types(club))
    assert await carol.told("typing")
    await bob.say(types(club))
    assert (await bob.told("error"))["code"] == "NOT_FOUND"
    assert not bob.of("typing") and not alice.of("typing")


async def test_who_says_it_all_the_time_is_not_heard_and_not_scolded(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    for _ in range(500):
        await alice.say(types(conv))
    await settled(alice, bob)
    assert TYPING_BURST <= len(bob.of("typing")) < 3 * TYPING_BURST
    assert not alice.of("error") and alice.closed is None


async def test_who_hides_neither_tells_nor_is_told(runtime: Runtime, people: Cast, conv: str) -> None:
    """Also when it is switched while both are connected."""
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await in_thread(profile.set_shows_presence, people.bob.user.id, False)
    await until(lambda: bob.session.shows_presence is False)
    later = await greeted(runtime, people.bob)
    for each in (alice, bob, later):
        await each.say(types(conv))
    await settled(alice, bob, later)
    assert not any(each.of("typing") for each in (alice, bob, later))
    await in_thread(profile.set_shows_presence, people.bob.user.id, True)
    await until(lambda: bob.session.shows_presence)
    await bob.say(types(conv))
    assert await alice.told("typing")


def test_a_reader_that_is_behind_is_spared() -> None:
    room = Room("c1", 0, 0, 1, 1)
    slow, quick = new_session("bob"), new_session("carol")
    for session in (slow, quick):
        session.ready = session.shows_presence = True
        room.sessions.add(session)
    slow.outlet.is_behind = True  # type: ignore[misc]
    room.typing("alice")
    assert not frames(slow) and len(frames(quick)) == 1


def test_in_a_crowd_nobody_is_told() -> None:
    room = Room("c1", 0, 0, 1, 1)
    room.sessions = {new_session(f"user{n}") for n in range(CROWD + 1)}
    for session in room.sessions:
        session.ready = session.shows_presence = True
    room.typing("alice")
    assert not any(frames(session) for session in room.sessions)
    room.sessions.pop()
    room.typing("alice")
    assert all(frames(session) for session in room.sessions)


async def test_an_outlet_is_behind_long_before_it_is_crowded(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    # In one turn of the loop: nothing is taken meanwhile.
    bob.session.write({"t": "stuff", "stuff": "x" * BEHIND_CHARS})
    assert bob.session.outlet.is_behind and not bob.session.is_full
    await alice.say(types(conv))
    await bob.told("stuff")
    await settled(bob)
    assert not bob.of("typing")
    await alice.say(types(conv))
    assert await bob.told("typing")


def test_hints_of_who_types_take_no_other_hint_s_place() -> None:
    publisher = Publisher()
    publisher.publish({"type": "entries"})
    for number in range(10 * MAX_TYPING):
        publisher.mention_typing("here", "c1", 3, f"user{number}")
        publisher.mention_typing("here", "c1", 4, "user0")
    assert list(publisher._waiting) == [{"type": "entries"}]
    told = publisher._who_types()
    assert told["origin"] == "here" and len(told["batch"]) == MAX_TYPING and told["batch"][0] == ["c1", 4, "user0"]
    assert not publisher._typing
