"""Who may do what over a socket: every kind of frame, for everyone who has no part in what it names, or had, or will.

The kinds are read from the protocol: one without a line here fails a test. What each is refused is not written down:
it has to be what is answered for ids that do not exist. What somebody who is blocked may do where they are a member:
test_blocked.py; REST routes: test_doors.py and test_stays.py; the admin's pages: its own tests.
"""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, get_args

import psycopg
import pytest

from chat.protocol.frames import ClientFrame
from tests.acceptance.conftest import REVOKE, Cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.wire import Frame, Wire, connect
from tests.acceptance.world import SECRET, Named, World, a_world

pytestmark = pytest.mark.acceptance

TOLD_UNASKED = {"messages", "changes", "conversations", "members", "left", "presence", "typing", "pong", "sync_done"}


Case = Callable[[Named], Frame]


def about(t: str, **more: Any) -> Case:
    return lambda named: {"t": t, "conv": named.conv} | more


def at(t: str, **more: Any) -> Case:
    return lambda named: {"t": t, "conv": named.conv, "seq": named.seq} | more


def whom(t: str, **more: Any) -> Case:
    return lambda named: {"t": t, "conv": named.conv, "user": named.user} | more


def acked(kind: str) -> Case:
    return lambda named: {"t": "ack", "acks": [{"type": kind, "conv": named.conv, "seq": named.seq}]}


CASES: dict[str, list[Case]] = {
    "send": [
        about("send", client_id="sent", body="hi"),
        lambda named: {"t": "send", "conv": named.conv, "client_id": "file", "body": "", "attachments": [named.file]},
        lambda named: {"t": "send", "conv": named.conv, "client_id": "call", "body": "@", "mentions": [named.user]},
        lambda named: {"t": "send", "conv": named.conv, "client_id": "answer", "body": "hi", "reply_to": named.seq},
    ],
    "ack": [acked("DELIVERED"), acked("SEEN"), acked("CHANGED")],
    "fetch": [lambda named: {"t": "fetch", "conv": named.conv, "from": 1, "to": named.seq}],
    "info": [at("info")],
    "edit": [at("edit", body="mine now")],
    "delete": [at("delete", **{"for": "me"}), at("delete", **{"for": "all"})],
    "resend": [at("resend", client_id="again")],
    "typing": [about("typing")],
    "presence": [about("presence")],
    "group": [about("group", title="mine now"), about("group", adding="everyone"), about("group", history="all")],
    "add": [lambda named: {"t": "add", "conv": named.conv, "users": [named.user]}],
    "remove": [whom("remove")],
    "leave": [about("leave")],
    "role": [whom("role", role="admin"), whom("role", role="owner")],
    "mute": [about("mute", until=253_402_300_799_999), about("mute")],
    "members": [about("members")],
    "invite": [about("invite")],
    "invites": [about("invites")],
    "revoke": [lambda named: {"t": "revoke", "conv": named.conv, "id": named.link}],
    "report": [
        at("report", client_id="seen", reason="abuse"),
        whom("report", client_id="them", reason="spam"),
        about("report", client_id="it", reason="other"),
    ],
    "search": [about("search", q="only")],
    "preview": [lambda named: {"t": "preview", "token": named.token}],
    "join": [lambda named: {"t": "join", "token": named.token}],
}
# Name nothing, but oneself or, by a name that anybody may look for, a person.
ABOUT_NOTHING = {"hello", "ping", "sync", "open", "create", "block", "unblock", "blocks"}
# Who was in a group has left it already: no fault, and no news.
KNOWN_TO_HAVE_BEEN = {"leave"}
# What the group's rules leave to its admins: members know of the group, and hear that it is not theirs to do.
FOR_ADMINS = {"group", "add", "remove", "role", "invite", "invites", "revoke"}
# Of one entry.
OF_ENTRIES = ("info", "edit", "delete", "resend")


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


@pytest.fixture
async def world(house: House, cast: Cast) -> AsyncIterator[World]:
    async with a_world(house, cast) as found:
        yield found


async def asked(wire: Wire, frame: Frame) -> Frame:
    """The first that is heard and answers something."""
    await wire.say(frame)
    return await wire.hear_any(lambda heard: heard["t"] not in TOLD_UNASKED)


def plain(answer: Frame, named: Named) -> str:
    """Without what it repeats of the question, and the time."""
    acks = [ack | {"timestamp": 0} for ack in answer.get("acks", [])]
    return named.blanked(json.dumps(answer | {"acks": acks}, sort_keys=True))


def refused(answer: Frame) -> bool:
    return answer["t"] == "error" or (answer["t"] == "ack" and answer["acks"][0]["type"] == "REJECTED")


def codes(answer: Frame) -> str:
    found = answer["code"] if answer["t"] == "error" else answer["acks"][0]["error_code"]
    return str(found)


def test_every_kind_of_frame_is_in_the_table() -> None:
    kinds = {get_args(each.model_fields["t"].annotation)[0] for each in get_args(ClientFrame)}
    assert set(CASES) == kinds - ABOUT_NOTHING and kinds >= ABOUT_NOTHING


async def test_to_outsiders_what_is_not_theirs_is_not_there(world: World) -> None:
    """mallory, and grace, who is blocked as well, and carol, who was in the group: the same answer as for what does not
    exist, and nothing is done."""
    before = world.state()
    for who, leaves_out in (
        (world.cast.mallory, set()),
        (world.grace, set()),
        (world.cast.carol, KNOWN_TO_HAVE_BEEN),
    ):
        theirs = world.named_to(who)
        async with connect(world.house.addresses[0], who) as wire:
            for kind in CASES.keys() - leaves_out:
                for n, case in enumerate(CASES[kind]):
                    real = await asked(wire, case(theirs))
                    nothing = world.nothing
                    absent = await asked(wire, case(nothing))
                    assert refused(real) and codes(real) == "NOT_FOUND", (kind, n, real)
                    assert plain(real, theirs) == plain(absent, nothing), (kind, n)
            assert not [frame for frame in wire.heard if SECRET in json.dumps(frame)]
    assert world.state() == before


async def test_in_ones_own_conversation_what_is_others_is_not_there(world: World) -> None:
    """Their files, their ids, as part of a message of one's own."""
    async with connect(world.house.addresses[0], world.cast.mallory) as wire:
        mine = await wire.open(world.cast.mallory.username)
        theirs = replace(world.theirs, conv=mine)
        for n, case in enumerate(CASES["send"][1:]):
            nothing = replace(world.nothing, conv=mine)
            real, absent = await asked(wire, case(theirs)), await asked(wire, case(nothing))
            assert refused(real) and plain(real, theirs) == plain(absent, nothing), n


@pytest.mark.parametrize("name", ["rejoined", "future"])
async def test_of_what_was_written_while_they_were_away_nothing_is_there(world: World, name: str) -> None:
    who, theirs, beyond = world.hidden_from(name)
    hidden = theirs.seq
    before = world.state()
    async with connect(world.house.addresses[0], who) as wire:
        for kind in OF_ENTRIES:
            for n, case in enumerate(CASES[kind]):
                real, absent = await asked(wire, case(theirs)), await asked(wire, case(beyond))
                assert refused(real), (kind, n, real)
                same = {"seq": 0, "ref": {"t": kind}}
                assert real | same == absent | same, (kind, n)
        for case in (CASES["send"][3], CASES["report"][0]):
            answers = [await asked(wire, case(named)) for named in (theirs, beyond)]
            assert all(refused(each) for each in answers) and codes(answers[0]) == codes(answers[1])
        found = await wire.ask({"t": "search", "q": SECRET, "conv": theirs.conv}, "found")
        assert hidden not in {hit["entry"]["seq"] for hit in found["messages"]} and found["messages"]
        page = await wire.ask({"t": "fetch", "conv": theirs.conv, "from": hidden, "to": hidden}, "page")
        assert page["entries"] == [] and [each["why"] for each in page["absent"]] == ["no_access"]
        page = await wire.ask({"t": "fetch", "conv": theirs.conv, "from": world.last, "to": world.last}, "page")
        assert [entry["body"] for entry in page["entries"]] == [SECRET]
    assert world.state() == before


async def test_members_do_what_members_may(world: World) -> None:
    bob, wanted = world.cast.bob, dict.fromkeys(FOR_ADMINS, "NOT_ALLOWED") | {"edit": "NOT_FOUND"}
    before = world.state()
    named = replace(world.theirs, user=world.dave.user)
    async with connect(world.house.addresses[0], bob) as wire:
        for kind in sorted(FOR_ADMINS | {"edit"}):
            for n, case in enumerate(CASES[kind]):
                answer = await asked(wire, case(named))
                assert refused(answer) and codes(answer) == wanted[kind], (kind, n, answer)
        answer = await asked(wire, CASES["delete"][1](named))
        assert refused(answer) and codes(answer) == "NOT_FOUND"
        assert world.state() == before
        for kind, t in (("info", "info"), ("fetch", "page"), ("members", "roster"), ("mute", "done")):
            for case in CASES[kind]:
                assert (await asked(wire, case(named)))["t"] == t
        assert (await asked(wire, CASES["delete"][0](named)))["t"] == "done"
        assert (await asked(wire, CASES["leave"][0](named)))["t"] == "done"


async def test_who_may_not_sign_in_does_not_get_a_word_out(world: World) -> None:
    """Nobody; a device that was revoked; somebody who was suspended."""
    with psycopg.connect(world.house.dsn) as connection:
        connection.execute("UPDATE chat_user SET is_active = false WHERE id = %s", [world.frank.user])
    gone = world.house.sign_in(world.cast.bob.username)
    assert "True" in world.house.manage("shell", "-c", REVOKE.format(device=gone.device))
    for who in (None, world.frank, gone):
        async with connect(world.house.addresses[0], who, hello=False) as wire:
            assert await wire.closed() == 4401, who
            assert not wire.heard
