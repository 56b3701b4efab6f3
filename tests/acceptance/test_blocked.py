"""Whom a block is against: at every door all is as it was but for what the protocol says of blocks.

Nothing of it is written down for each frame or route. There are two people with the same behind them, one of whom alice
has blocked; the two say the same, and hear the same, except where a table here has what a block refuses.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest

from tests.acceptance import club, uploading
from tests.acceptance.app import App, app_of, code_of
from tests.acceptance.asking import SIGNS_OUT, again, alike, asked
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.acceptance.test_doors import OPERATIONS
from tests.acceptance.test_matrix import ABOUT_NOTHING, CASES, OF_ENTRIES, TOLD_UNASKED
from tests.acceptance.wire import Frame, Wire, connect
from tests.acceptance.world import Named

pytestmark = pytest.mark.acceptance

TEXT = "Shall we meet at six?"
# The 1:1 conversation is closed to both; what a block refuses there.
REFUSED = {"send": "USER_BLOCKED", "edit": "USER_BLOCKED", "resend": "USER_BLOCKED"}
REFUSED_ROUTES = {"sendMessage": "USER_BLOCKED", "editMessage": "USER_BLOCKED", "resendMessage": "USER_BLOCKED"}
# Wherever they are members together: nobody is brought into a group by whom they have blocked.
UNREACHABLE = {"create": "NOT_REACHABLE"}
UNREACHABLE_ROUTES = {"createGroup": "NOT_REACHABLE"}
# What has no answer, or one that comes later: looked at by itself.
APART = {"typing", "presence"}
# Ends what the others are about, or is a block of one's own.
LAST = {"leave", "leaveGroup", "block", "unblock"}

# What the others' table leaves out because it names no conversation; "hello" is how a connection begins.
NAMING_PEOPLE: dict[str, Callable[[Named, str], Frame]] = {
    "ping": lambda named, _: {"t": "ping", "positions": [{"conv": named.conv, "received": 0}]},
    "sync": lambda *_: {"t": "sync"},
    "open": lambda _, username: {"t": "open", "username": username},
    "create": lambda named, _: {"t": "create", "client_id": "new", "title": "x", "users": [named.user]},
    "blocks": lambda *_: {"t": "blocks"},
    "block": lambda named, _: {"t": "block", "user": named.user},
    "unblock": lambda named, _: {"t": "unblock", "user": named.user},
}


@dataclass(frozen=True, slots=True)
class Twin:
    """One of the two; `named.seq` is alice's entry, `own` are this person's: one for what changes nothing that counts,
    one for what a block refuses."""

    who: SignedIn
    named: Named
    own: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pair:
    house: House
    alice: SignedIn
    plain: Twin
    blocked: Twin


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


@pytest.fixture(params=["direct", "group"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def pair(house: House, cast: Cast, kind: str) -> AsyncIterator[Pair]:
    twins = house.enrol(*(f"twin-{uuid4().hex[:12]}" for _ in range(2)))
    async with app_of(house, cast.alice) as alice:
        plain, blocked = [await with_alice(house, cast.alice, alice, who, kind) for who in twins]
        await alice.told("PUT", f"/blocks/{blocked.who.user}", status=204)
    yield Pair(house, cast.alice, plain, blocked)


async def with_alice(house: House, alice: SignedIn, phone: App, who: SignedIn, kind: str) -> Twin:
    async with connect(house.addresses[0], who) as wire:
        direct = await wire.open(alice.username)
        conv = direct if kind == "direct" else await club.found(house, alice, who)
        first = (await phone.send(conv, f"a_{uuid4()}", TEXT)).json()["seq"]
        await wire.entry(conv, first)
        own = [int((await wire.send(conv, TEXT))["seq"]) for _ in range(2)]
    group = await club.found(house, alice)
    link = await phone.told("POST", f"/conversations/{group}/invites", {}, 201)
    await phone.told("DELETE", f"/conversations/{group}/invites/{link['id']}", status=204)
    file = await uploading.begin(phone, 10)
    return Twin(who, Named(conv, first, alice.user, link["id"], link["token"], file), (own[0], own[1]))


async def heard(wire: Wire, frame: Frame) -> list[Frame]:
    """All that answers it. The process does what a socket says one after the other; a send is answered apart."""
    await wire.say(frame)
    if frame["t"] == "send":
        return [await wire.answer(frame["client_id"])]
    if frame["t"] != "ping":
        await wire.say({"t": "ping", "positions": []})
    pong = await wire.hear("pong")
    told = [each for each in wire.heard if each["t"] not in TOLD_UNASKED | {"ack"} or "opened" in each]
    wire.heard = [each for each in wire.heard if each not in told]
    return [*told, pong] if frame["t"] == "ping" else told


def frames(twin: Twin, alice: str) -> Iterator[tuple[str, Frame]]:
    """Of every kind, in the same order for both: what a block refuses after what it does not, and last what ends it."""

    def order(name: str) -> tuple[bool, bool, str]:
        return name in LAST, name in REFUSED | UNREACHABLE, name

    for name in sorted((CASES.keys() | NAMING_PEOPLE.keys()) - APART, key=order):
        if name in NAMING_PEOPLE:
            yield name, NAMING_PEOPLE[name](twin.named, alice)
        for case in CASES.get(name, []):
            yield name, case(twin.named)
            if name in OF_ENTRIES:
                yield name, case(replace(twin.named, seq=twin.own[name in REFUSED]))


def test_every_kind_of_frame_is_looked_at() -> None:
    assert NAMING_PEOPLE.keys() | {"hello"} == ABOUT_NOTHING
    assert REFUSED.keys() | APART <= CASES.keys()


async def test_a_socket_hears_nothing_of_it(pair: Pair, kind: str) -> None:
    wanted = {name: {code} for name, code in (UNREACHABLE | (REFUSED if kind == "direct" else {})).items()}
    found: dict[str, set[str]] = {}
    async with (
        connect(pair.house.addresses[0], pair.plain.who) as plain,
        connect(pair.house.addresses[0], pair.blocked.who) as blocked,
    ):
        assert alike(list(plain.conversations.values())) == alike(list(blocked.conversations.values()))
        both = (frames(twin, pair.alice.username) for twin in (pair.plain, pair.blocked))
        for (name, frame), (_, same) in zip(*both, strict=True):
            one, other = await heard(plain, frame), await heard(blocked, same)
            assert one or name == "ack", name
            if name in wanted and alike(one) != alike(other):
                found.setdefault(name, set()).add(str(other[0].get("code") or other[0].get("error_code")))
            else:
                assert alike(one) == alike(other), (name, frame)
            assert name in LAST or '"blocked"' not in json.dumps(blocked.heard), name
        assert found == wanted


async def test_whether_alice_is_there_and_whether_they_type_is_not_told(pair: Pair, kind: str) -> None:
    """In a group nobody is told who is there, and all are told who types."""
    plain, blocked = pair.plain.named.conv, pair.blocked.named.conv
    address = pair.house.addresses[0]
    async with (
        connect(address, pair.alice) as alice,
        connect(address, pair.plain.who) as one,
        connect(address, pair.blocked.who) as other,
    ):
        people = [
            (await wire.ask({"t": "presence", "conv": conv}, "presence"))["people"]
            for wire, conv in ((one, plain), (other, blocked))
        ]
        assert people == [[{"id": pair.alice.user, "online": True}] if kind == "direct" else [], []]
        # Whoever types first is told of first.
        await heard(other, {"t": "typing", "conv": blocked})
        await heard(one, {"t": "typing", "conv": plain})
        await alice.hear("typing", lambda frame: frame["conv"] == plain)
        assert bool([frame for frame in alice.of("typing") if frame["conv"] == blocked]) == (kind == "group")


def routes(twin: Twin) -> Iterator[tuple[tuple[str, str, str], Named]]:
    def order(operation: tuple[str, str, str]) -> tuple[bool, bool]:
        return operation[0] in LAST, operation[0] in REFUSED_ROUTES | UNREACHABLE_ROUTES

    for operation in sorted(OPERATIONS, key=order):
        yield operation, twin.named
        if "{seq}" in operation[2]:
            yield operation, replace(twin.named, seq=twin.own[operation[0] in REFUSED_ROUTES])


async def test_an_app_is_told_nothing_of_it(pair: Pair, kind: str) -> None:
    closed = REFUSED_ROUTES if kind == "direct" else {}
    wanted = {name: {(403, code)} for name, code in (UNREACHABLE_ROUTES | closed).items()}
    found: dict[str, set[tuple[int, str]]] = {}
    async with app_of(pair.house, pair.plain.who) as plain, app_of(pair.house, pair.blocked.who) as blocked:
        for (operation, named), (_, same) in zip(routes(pair.plain), routes(pair.blocked), strict=True):
            name = operation[0]
            one = await asked(plain, operation, named, pair.alice.username)
            other = await asked(blocked, operation, same, pair.alice.username)
            if name in wanted and one.status_code != other.status_code:
                found.setdefault(name, set()).add(code_of(other))
                continue
            assert one.status_code == other.status_code, (name, one.text, other.text)
            if one.content and "json" in one.headers["content-type"]:
                assert alike(one.json()) == alike(other.json()), name
                assert name in LAST or '"blocked"' not in other.text, name
            if name in SIGNS_OUT:
                await again(pair.house, pair.plain.who, plain)
                await again(pair.house, pair.blocked.who, blocked)
    assert found == wanted
