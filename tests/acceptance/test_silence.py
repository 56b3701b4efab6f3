"""Whole processes of BLOCKED_SENDS=accept: what never reaches who blocked somebody, and what that one is told, with the
hints between processes and without."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import psycopg
import pytest

from tests.acceptance.app import App, app_of, code_of
from tests.acceptance.conftest import Cast, enrol_cast
from tests.acceptance.servers import SERVERS, House
from tests.acceptance.wire import Frame, Wire, connect

pytestmark = pytest.mark.acceptance

LAYERS: dict[str, dict[str, str]] = {"hinted": {}, "deaf": {"MESSENGER_DROP_LAYER": "1"}}
# Of two people, and of when something was: these differ in any case.
NAMES = {"id", "conv", "username", "name", "client_id", "message_id", "ref"}
TIMES = {"at", "timestamp", "edited_at", "delivered_at", "seen_at", "expired_at"}


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in LAYERS])
def silent_house(request: pytest.FixtureRequest) -> Iterator[House]:
    environment = {"BLOCKED_SENDS": "accept"} | LAYERS[request.param]
    with House(web=2, server=SERVERS[request.param == "deaf"], environment=environment) as house:
        yield house


@pytest.fixture
def silent_cast(silent_house: House) -> Cast:
    return enrol_cast(silent_house)


async def test_what_is_sent_meanwhile_is_accepted_and_never_delivered(silent_house: House, silent_cast: Cast) -> None:
    """bob writes by socket and by REST to alice, who has a device at each process, before, during and after."""
    house, cast = silent_house, silent_cast
    async with AsyncExitStack() as stack:
        alice, bob = [await stack.enter_async_context(app_of(house, who)) for who in (cast.alice, cast.bob)]
        other = await asyncio.to_thread(house.sign_in, cast.alice.username)
        phone, tablet, pest = [
            await stack.enter_async_context(connect(house.addresses[n], who))
            for n, who in ((0, cast.alice), (1, other), (1, cast.bob))
        ]
        conv = await pest.open(cast.alice.username)
        assert (await pest.send(conv, "one"))["seq"] == 1
        for wire in (phone, tablet):
            await wire.entry(conv, 1)
            await wire.delivered(conv, 1)
        await pest.tick(conv, "DELIVERED", 1)
        assert (await alice.ask("PUT", f"/blocks/{cast.bob.user}")).status_code == 204
        # From the very next one on, whichever process has heard of it.
        for n in range(2, 12, 2):
            assert (await pest.send(conv, f"socket {n}"))["type"] == "ACCEPTED"
            answer = await bob.send(conv, f"rest_{n}", f"rest {n}")
            assert (answer.status_code, answer.json()["seq"]) == (201, n + 1)
        assert code_of(await alice.send(conv, "a1")) == (403, "USER_BLOCKED")
        for wire in (phone, tablet):
            # They are told that something is not for them, pass over it, and say so.
            await wire.hear("messages", lambda frame: frame["conv"] == conv and _passes(frame, 11))
            await _takes_all(wire, conv, 11)
            assert _entries(wire, conv) == []
        synced = await alice.told("POST", "/sync", {})
        assert [entry["seq"] for run in synced["messages"] for entry in run["entries"]] == [1]
        await pest.tick(conv, "SEEN", 1)
        shown = await _member(bob, conv, cast.alice.user)
        assert (shown["stays"], shown["delivered"], shown["seen"]) == ([[1, None]], 1, 1)
        assert not pest.of("members")
        # It is over: what was written meanwhile stays where it was, what comes now is delivered.
        assert (await alice.ask("DELETE", f"/blocks/{cast.bob.user}")).status_code == 204
        assert (await pest.send(conv, "peace"))["seq"] == 12
        for wire in (phone, tablet):
            await wire.entry(conv, 12)
            await _takes_all(wire, conv, 12)
            assert _entries(wire, conv) == []
        # Before anything that goes over them he is told which were not for her.
        first = await pest.hear_any(lambda frame: _says(frame, conv, above=1))
        assert first["t"] == "members" and _stays(first, cast.alice.user) == [[1, 1], [12, None]]
        await pest.tick(conv, "SEEN", 12) if not _has_seen(first, cast.alice.user, 12) else None
        assert (await _member(bob, conv, cast.alice.user))["stays"] == [[1, 1], [12, None]]
        for seq, people in ((6, []), (12, [cast.alice.user])):
            info = await bob.told("GET", f"/conversations/{conv}/messages/{seq}/info")
            assert [each["id"] for each in info["people"]] == people
        page = await alice.told("GET", f"/conversations/{conv}/messages")
        assert sorted(entry["seq"] for entry in page["entries"]) == [1, 12]
    with psycopg.connect(house.dsn) as connection:
        logged = connection.execute("SELECT seq FROM chat_message WHERE conversation_id = %s", [conv]).fetchall()
    assert sorted(logged) == [(seq,) for seq in range(1, 13)]


async def test_who_is_blocked_is_told_what_they_would_be_of_who_is_away(silent_house: House, silent_cast: Cast) -> None:
    """bob writes the same to alice, who blocks him, and to carol, who is gone: by every door the same is said of
    both."""
    house, cast = silent_house, silent_cast
    async with AsyncExitStack() as stack:
        alice, bob = [await stack.enter_async_context(app_of(house, who)) for who in (cast.alice, cast.bob)]
        pest = await stack.enter_async_context(connect(house.addresses[1], cast.bob))
        convs = [await pest.open(who.username) for who in (cast.alice, cast.carol)]
        for conv, who in zip(convs, (cast.alice, cast.carol), strict=True):
            await pest.send(conv, "one")
            async with connect(house.addresses[0], who) as phone:
                await phone.entry(conv, 1)
                await phone.delivered(conv, 1)
                await pest.tick(conv, "DELIVERED", 1)
        assert (await alice.ask("PUT", f"/blocks/{cast.bob.user}")).status_code == 204
        told = [[_plain(each) for each in await _what_is_told(pest, bob, conv)] for conv in convs]
        assert told[0] == told[1]
        # Nor was anything told that was not asked for; whatever a process does about a change it has done by now.
        async with connect(house.addresses[0], cast.alice) as phone:
            await phone.hear("messages", lambda frame: _passes(frame, 3))
            assert await phone.still_works()
        assert await pest.still_works()
        unasked = [frame for frame in pest.heard if frame.get("conv") == convs[0] and frame["t"] != "messages"]
        assert [frame for frame in unasked if frame["t"] not in ("changes", "presence")] == []
        again = await stack.enter_async_context(connect(house.addresses[0], cast.bob))
        assert _plain(again.conversations[convs[0]]) == _plain(again.conversations[convs[1]])


async def _what_is_told(pest: Wire, bob: App, conv: str) -> list[Any]:
    answers: list[Any] = [await pest.send(conv, "two")]
    answers.append((await bob.send(conv, f"three_{conv[-12:]}", reply_to=2)).json())
    answers.append(await pest.ask({"t": "edit", "conv": conv, "seq": 2, "body": "too"}, "done"))
    answers.append(await pest.ask({"t": "delete", "conv": conv, "seq": 3, "for": "all"}, "done"))
    for path in ("", "/members", "/messages", "/messages/1/info", "/messages/2/info"):
        answers.append(await bob.told("GET", f"/conversations/{conv}{path}"))
    return answers


async def _takes_all(wire: Wire, conv: str, seq: int) -> None:
    await wire.delivered(conv, seq)
    await wire.delivered(conv, seq, "SEEN")
    assert await wire.still_works()


async def _member(app: App, conv: str, user: str) -> Frame:
    told = await app.told("GET", f"/conversations/{conv}")
    return next(dict(each) for each in told["members"] if each["id"] == user)


def _entries(wire: Wire, conv: str) -> list[Frame]:
    return [entry for frame in wire.of("messages") if frame["conv"] == conv for entry in frame["entries"]]


def _passes(frame: Frame, seq: int) -> bool:
    return any(each["from"] <= seq <= each["to"] and each["why"] == "no_access" for each in frame.get("absent", ()))


def _stays(frame: Frame, user: str) -> list[list[int | None]]:
    return next(each["stays"] for each in frame["members"] if each["id"] == user)


def _has_seen(frame: Frame, user: str, seq: int) -> bool:
    return any(each["id"] == user and each["seen"] >= seq for each in frame["members"])


def _says(frame: Frame, conv: str, above: int) -> bool:
    """Something of how far somebody has got, or of who was there."""
    if frame["t"] == "ack":
        ticks = [ack for ack in frame["acks"] if ack["conv"] == conv and ack["type"] in ("DELIVERED", "SEEN")]
        return any(ack["seq"] > above and "message_id" in ack for ack in ticks)
    return bool(frame["t"] == "members" and frame["conv"] == conv)


def _plain(told: Any) -> Any:
    """Without who it is about, and when it was, but for whether it was."""
    if isinstance(told, list):
        return sorted((_plain(each) for each in told), key=repr)
    if not isinstance(told, dict):
        return told
    kept = {key: _plain(value) for key, value in told.items() if key not in NAMES}
    return {key: value is not None if key in TIMES else value for key, value in kept.items()}
