"""Bad input at the socket's door: each its stable code on its own connection, which is kept where that is safe;
everyone else is undisturbed, and nothing of it stands in the logs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import websockets

from chat.protocol.frames import MAX_POSITIONS
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.wire import Frame, Wire, connect

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

WRITERS = ("web-1", "web-2", "celery")
CANARY = "canary-in-a-body"
ABSENT = "01a20d51-c834-714c-b108-1217ce6921fc"
FRAME_BYTES = 65_536
BAD_FRAMES = 100
# More than the burst, what is let through a second, and what is borne beyond it.
FLOOD = 20_000

NESTED = '{"t":"ping","positions":%s%s}' % ("[" * 20_000, "]" * 20_000)
BAD_FRAME: dict[str, Any] = {
    "not JSON": CANARY,
    "nothing": "",
    "half": '{"t":"ping"',
    "an array": "[]",
    "a number": "5",
    "a text": f'"{CANARY}"',
    "null": "null",
    "nested": NESTED,
    "nested unknown field": '{"t":"ping","x":%s%s}' % ("[" * 20_000, "]" * 20_000),
    "binary": b"\xff\xfe\x00" + CANARY.encode(),
    "send of nothing": {"t": "send"},
    "send without id": {"t": "send", "conv": ABSENT, "body": CANARY},
    "send to a number": {"t": "send", "client_id": "a", "conv": 5, "body": CANARY},
    "upper-case id": {"t": "send", "client_id": "a", "conv": ABSENT.upper(), "body": CANARY},
    "client_id of 65": {"t": "send", "client_id": "x" * 65, "conv": ABSENT, "body": CANARY},
    "client_id with a space": {"t": "send", "client_id": "a b", "conv": ABSENT, "body": CANARY},
    "client_id with a letter of elsewhere": {"t": "send", "client_id": "é", "conv": ABSENT, "body": CANARY},
    "client_id of a dash": {"t": "send", "client_id": "-a", "conv": ABSENT, "body": CANARY},
    "client_id with a line break": {"t": "send", "client_id": "a\n", "conv": ABSENT, "body": CANARY},
    "lone surrogate": '{"t":"send","client_id":"a","conv":"%s","body":"%s\\ud800"}' % (ABSENT, CANARY),
    "reply_to beyond bigint": {"t": "send", "client_id": "a", "conv": ABSENT, "body": CANARY, "reply_to": 2**63},
    "reply_to of a half": {"t": "send", "client_id": "a", "conv": ABSENT, "body": CANARY, "reply_to": 1.5},
    "seq of many digits": '{"t":"info","conv":"%s","seq":%s}' % (ABSENT, "9" * 5_000),
    "seq NaN": '{"t":"info","conv":"%s","seq":NaN}' % ABSENT,
    "seq infinite": '{"t":"info","conv":"%s","seq":1e999}' % ABSENT,
    "seq as text": {"t": "info", "conv": ABSENT, "seq": "1"},
    "seq true": {"t": "info", "conv": ABSENT, "seq": True},
    "seq 0": {"t": "info", "conv": ABSENT, "seq": 0},
    "fetch from below": {"t": "fetch", "conv": ABSENT, "from": -1, "to": 5},
    "fetch beyond bigint": {"t": "fetch", "conv": ABSENT, "from": 1, "to": 2**64},
    "no acks": {"t": "ack", "acks": []},
    "101 acks": {"t": "ack", "acks": [{"type": "DELIVERED", "conv": ABSENT, "seq": 1}] * 101},
    "ack of a strange type": {"t": "ack", "acks": [{"type": "ACCEPTED", "conv": ABSENT, "seq": 1}]},
    "acks in an object": {"t": "ack", "acks": {"type": "DELIVERED", "conv": ABSENT, "seq": 1}},
    "position beyond bigint": {"t": "ping", "positions": [{"conv": ABSENT, "received": 2**63}]},
    "501 positions": {"t": "ping", "positions": [{"conv": ABSENT, "received": 1}] * (MAX_POSITIONS + 1)},
    "open nobody": {"t": "open", "username": ""},
    "open with NUL": {"t": "open", "username": "bob\x00"},
}
UNKNOWN_FRAME: dict[str, Any] = {
    "no kind": {},
    "unknown kind": {"t": "shutdown", "body": CANARY},
    "kind of a number": {"t": 5},
    "kind null": {"t": None},
    "a frame of the server": {"t": "welcome"},
}
INVALID_BODY = {
    "too long": "x" * 4_097,
    "empty": "",
    "white": " \t\n",
    "NUL": f"{CANARY}\x00",
}


@pytest.fixture(scope="module", autouse=True)
def logged(house: House) -> dict[str, int]:
    """How much had been written before the first of these tests."""
    return {name: house.log_size(name) for name in WRITERS}


@asynccontextmanager
async def others_undisturbed(house: House, cast: Cast) -> AsyncIterator[str]:
    """alice and bob in the same process, their conversation, and proof afterwards that it goes on as before."""
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[0], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        seq = (await alice.send(conv, "before"))["seq"]
        await bob.entry(conv, seq)
        yield conv
        seq = (await alice.send(conv, "after"))["seq"]
        assert (await bob.entry(conv, seq))["body"] == "after"
        await bob.delivered(conv, seq)
        await alice.tick(conv, "DELIVERED", seq)


def compact(frame: Frame | str | bytes) -> str | bytes:
    """As a browser writes it: a thousand positions must be wrong for their number, not for their size."""
    return json.dumps(frame, separators=(",", ":")) if isinstance(frame, dict) else frame


async def test_bad_frames_are_named_and_the_connection_is_kept(house: House, cast: Cast) -> None:
    cases = [("BAD_FRAME", BAD_FRAME), ("UNKNOWN_FRAME", UNKNOWN_FRAME)]
    async with others_undisturbed(house, cast), connect(house.addresses[0], cast.carol) as carol:
        for code, frames in cases:
            for name, frame in frames.items():
                await carol.say(compact(frame))
                error = await carol.hear("error")
                assert (error["code"], error["retryable"]) == (code, False), name
                assert error["text"] and CANARY not in json.dumps(error), name
                assert await carol.still_works(), name


async def test_bodies_that_cannot_be_stored_are_refused_as_sends(house: House, cast: Cast) -> None:
    async with others_undisturbed(house, cast) as conv, connect(house.addresses[0], cast.alice) as alice:
        for name, body in INVALID_BODY.items():
            refused = await alice.send(conv, body)
            assert (refused["type"], refused["error_code"]) == ("REJECTED", "INVALID_MESSAGE"), name
            assert refused["error_text"] and CANARY not in json.dumps(refused), name
        longest = await alice.send(conv, "\N{FIRE}" * 4_096)
        assert longest["type"] == "ACCEPTED"
        await alice.send(conv, " kept as it is \u2028\u202e\x01 ", "odd")
        page = await alice.ask({"t": "fetch", "conv": conv, "from": longest["seq"] + 1, "to": 9}, "page")
        assert page["entries"][0]["body"] == " kept as it is \u2028\u202e\x01 "


async def test_hello_comes_first_and_once(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.carol, hello=False) as carol:
        early: list[Frame] = [
            {"t": "ping"},
            {"t": "open", "username": cast.bob.username},
            {"t": "send", "conv": ABSENT, "client_id": "a", "body": CANARY},
            {"t": "ack", "acks": [{"type": "SEEN", "conv": ABSENT, "seq": 1}]},
            {"t": "fetch", "conv": ABSENT, "from": 1, "to": 2},
            {"t": "info", "conv": ABSENT, "seq": 1},
        ]
        for frame in early:
            assert (await carol.ask(frame, "error"))["code"] == "HELLO_EXPECTED", frame
        crowded = {"t": "hello", "epoch": None, "positions": [{"conv": ABSENT, "received": 1}] * (MAX_POSITIONS + 1)}
        await carol.say(compact(crowded))
        assert (await carol.hear("error"))["code"] == "BAD_FRAME"
        await carol.greet(positions=[{"conv": ABSENT, "received": 5, "seen": 5}] * MAX_POSITIONS)
        assert (await carol.ask({"t": "hello"}, "error"))["code"] == "HELLO_EXPECTED"
        assert await carol.still_works()


async def test_acknowledgements_of_what_is_not_there(house: House, cast: Cast) -> None:
    async with others_undisturbed(house, cast) as conv, connect(house.addresses[0], cast.bob) as bob:
        for kind in ("DELIVERED", "SEEN"):
            for cumulative in (True, False):
                ack = {"type": kind, "conv": conv, "seq": 99, "cumulative": cumulative}
                error = await bob.ask({"t": "ack", "acks": [ack]}, "error")
                assert (error["code"], error["ref"]) == ("INVALID_ACK", {"t": "ack", "conv": conv})
        # One bad one does not spoil its frame.
        good = {"type": "DELIVERED", "conv": conv, "seq": 1, "cumulative": True}
        bad = {"type": "DELIVERED", "conv": ABSENT, "seq": 1}
        assert (await bob.ask({"t": "ack", "acks": [bad, good]}, "error"))["code"] == "NOT_FOUND"
        await stored(bob, conv, 1)


async def stored(wire: Wire, conv: str, received: int) -> None:
    """Until the server holds that for this device."""
    ping = {"t": "ping", "positions": [{"conv": conv, "received": 0}]}
    async with asyncio.timeout(15):
        while True:
            pong = await wire.ask(ping, "pong")
            if pong["positions"][0]["received"] == received:
                return
            await asyncio.sleep(0.05)


async def test_acknowledgements_never_go_backwards(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for n in range(5):
            await alice.send(conv, f"{n}")
        await bob.entry(conv, 5)
        await bob.delivered(conv, 5)
        await bob.delivered(conv, 4, "SEEN")
        await alice.tick(conv, "SEEN", 4)
        alice.heard.clear()
        for seq in (3, 1):
            await bob.delivered(conv, seq)
            await bob.delivered(conv, seq, "SEEN")
        # What comes after them has been flushed with them or after them.
        await bob.delivered(conv, 5, "SEEN")
        await alice.tick(conv, "SEEN", 5)
        assert all(ack["seq"] == 5 for frame in alice.of("ack") for ack in frame["acks"])
        assert not bob.of("error")
        await stored(bob, conv, 5)


async def test_absent_and_foreign_look_the_same(house: House, cast: Cast) -> None:
    """One answer for both, byte for byte but for the id: nobody can probe for conversations, by any frame."""
    async with others_undisturbed(house, cast) as conv, connect(house.addresses[0], cast.mallory) as mallory:
        frames: list[Frame] = [
            {"t": "send", "client_id": "m", "body": CANARY},
            {"t": "send", "client_id": "m", "body": CANARY, "after": "0"},
            {"t": "send", "client_id": "m", "body": CANARY, "reply_to": 1},
            {"t": "send", "client_id": "m", "body": CANARY, "reply_to_id": "0"},
            {"t": "ack", "acks": [{"type": "DELIVERED", "seq": 1}]},
            {"t": "ack", "acks": [{"type": "SEEN", "seq": 99, "cumulative": True}]},
            {"t": "ack", "acks": [{"type": "CHANGED", "seq": 1}]},
            {"t": "fetch", "from": 1, "to": 50},
            {"t": "info", "seq": 1},
            {"t": "info", "seq": 99},
            {"t": "edit", "seq": 1, "body": CANARY},
            {"t": "delete", "seq": 1, "for": "me"},
            {"t": "delete", "seq": 1, "for": "all"},
            {"t": "resend", "seq": 1, "client_id": "m"},
            {"t": "ping", "positions": [{"received": 1, "seen": 1}]},
        ]
        await mallory.hear("sync_done")
        for frame in frames:
            theirs, nowhere = [await answer_about(mallory, frame, each) for each in (conv, ABSENT)]
            assert theirs == nowhere, frame
            assert "NOT_FOUND" in theirs or frame["t"] == "ping"
    async with connect(house.addresses[0], cast.mallory, hello=False) as mallory:
        await mallory.greet(positions=[{"conv": conv, "received": 1, "seen": 1}])
        assert mallory.conversations == {}
        assert await mallory.still_works()
        assert [frame["t"] for frame in mallory.heard] == ["sync_done"]


async def answer_about(wire: Wire, frame: Frame, conv: str) -> str:
    """The text of the answer, without the id and the time."""
    text = json.dumps(frame | {"conv": conv})
    for inside in ("acks", "positions"):
        if inside in frame:
            text = json.dumps(frame | {inside: [item | {"conv": conv} for item in frame[inside]]})
    await wire.say(text)
    answer = str(await asyncio.wait_for(wire.socket.recv(), 15))
    return re.sub(r'"(timestamp|time)":\d+', "", answer).replace(conv, "")


async def test_frames_too_large(house: House, cast: Cast) -> None:
    """As one frame, in more bytes than characters, and in pieces; the largest that is allowed gets through."""
    async with others_undisturbed(house, cast) as conv:
        wide = "\N{FIRE}" * (FRAME_BYTES // 4)
        pieces = ["x" * 1_000] * 70
        for large in ("x" * (FRAME_BYTES + 1), json.dumps({"t": "ping", "x": wide}, ensure_ascii=False), pieces):
            async with connect(house.addresses[0], cast.carol) as carol:
                codes = [1009, 4413]
                try:
                    await carol.socket.send(large)
                except websockets.ConnectionClosed:
                    # Cut off in the middle of the pieces, the code may be lost with what was still under way.
                    codes.append(1006)
                assert await carol.closed() in codes
        async with connect(house.addresses[0], cast.alice) as alice:
            frame = {"t": "send", "conv": conv, "client_id": "large", "body": "fits", "x": ""}
            frame["x"] = "y" * (FRAME_BYTES - len(json.dumps(frame)))
            await alice.say(frame)
            assert (await alice.answer("large"))["type"] == "ACCEPTED"


async def test_a_hundred_bad_frames_are_enough(house: House, cast: Cast) -> None:
    async with others_undisturbed(house, cast), connect(house.addresses[0], cast.carol) as carol:
        for _ in range(BAD_FRAMES):
            await carol.say(CANARY)
        assert await carol.closed() == 4400
        # Closing forgets what was not written yet: a client that floods learns the code, perhaps not each error.
        assert {error["code"] for error in carol.of("error")} <= {"BAD_FRAME"}


async def test_a_person_may_mistype_as_often_as_they_like(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.carol) as carol:
        for n in range(2 * BAD_FRAMES):
            answer = await carol.ask({"t": "open", "username": f"nobody{n}"}, "error")
            assert answer["code"] == "NOT_FOUND"
        assert await carol.still_works()


async def test_a_flood_is_slowed_and_then_cut_off(house: House, cast: Cast) -> None:
    async with others_undisturbed(house, cast) as conv, connect(house.addresses[0], cast.bob) as bob:
        ack = json.dumps({"t": "ack", "acks": [{"type": "DELIVERED", "conv": conv, "seq": 1}]})
        try:
            for _ in range(FLOOD):
                await bob.socket.send(ack)
        except OSError:
            pass
        except Exception as closed:
            assert "4529" in str(closed) or "no close frame" in str(closed)
        assert await bob.closed(30) in (4529, 1006)
        # As above: on a busy machine none of them gets out before the end.
        errors = bob.of("error")
        assert {error["code"] for error in errors} <= {"RATE_LIMITED"}
        assert all(error["retryable"] and error["retry_after_ms"] > 0 for error in errors)


async def test_no_body_and_no_trace_in_the_logs(house: House, cast: Cast, logged: dict[str, int]) -> None:
    """After all of the above. Cookies and tokens neither."""
    secrets = [value for who in (cast.alice, cast.mallory) for value in who.cookies.values()]
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, CANARY)
    for name in WRITERS:
        log = house.log(name, logged[name])
        assert "Traceback" not in log, log[-4_000:]
        assert not [secret for secret in [CANARY, *secrets] if secret in log]
