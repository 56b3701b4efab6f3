"""What the documents say in sentences, held against a real server: one test a claim, in the order of docs/protocol.md.

On uvicorn; the examples are held against daphne.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import MAX_FRAME_BYTES
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.docs.examples import BLOCK, DOCS
from tests.docs.talk import Frame, Talker
from tests.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("house-uvicorn")]


@pytest.fixture(scope="module")
def house(houses: Callable[..., House]) -> House:
    return houses("uvicorn")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people who have a conversation and have said hello; `conv` is empty."""

    house: House
    people: list[SignedIn]
    alice: Talker
    bob: Talker
    conv: str

    async def send(self, *bodies: str) -> None:
        """From alice, waiting for each ACCEPTED."""
        for body in bodies:
            await self.alice.say("send", client_id=secrets.token_hex(8), conv=self.conv, body=body)
            await self.alice.ack("ACCEPTED")

    async def bob_acks(self, kind: str, seq: int, **more: Any) -> None:
        await self.bob.say("ack", acks=[{"type": kind, "conv": self.conv, "seq": seq} | more])

    async def again(self, **hello: Any) -> Talker:
        """One more socket of bob's device."""
        talker = await Talker.connect(self.house.addresses[0], self.people[1].cookie_header)
        await talker.hello(**hello)
        return talker

    async def entries(self, talker: Talker, upto: int) -> list[int]:
        """The seqs pushed to a socket until one is met."""
        seqs: list[int] = []
        while upto not in seqs:
            seqs += [entry["seq"] for entry in (await talker.frame("messages"))["entries"]]
        return seqs

    async def refused(self, t: str, **fields: Any) -> Frame:
        """The error that a frame of alice's gets."""
        await self.alice.say(t, **fields)
        return await self.alice.frame("error")


@pytest_asyncio.fixture
async def pair(house: House) -> AsyncIterator[Pair]:
    tail = secrets.token_hex(4)
    people = await asyncio.to_thread(house.enrol, f"alice{tail}", f"bob{tail}")
    alice, bob = [await Talker.connect(house.addresses[0], person.cookie_header) for person in people]
    await alice.hello()
    await bob.hello()
    await alice.say("open", username=people[1].username)
    opened = await alice.until(lambda frame: "opened" in frame)
    await bob.frame("conversations")
    yield Pair(house, people, alice, bob, opened["items"][0]["id"])
    await alice.socket.close()
    await bob.socket.close()


# Connecting and the first frames


async def test_unknown_fields_are_ignored(pair: Pair) -> None:
    await pair.alice.say("ping", shiny=True)
    assert (await pair.alice.frame("pong"))["positions"] == []


async def test_hello_comes_once(pair: Pair) -> None:
    assert (await pair.refused("hello"))["code"] == ErrorCode.HELLO_EXPECTED


async def test_pushing_begins_after_the_stated_position(pair: Pair) -> None:
    await pair.send("one", "two", "three")
    ahead = await pair.again(positions=[{"conv": pair.conv, "received": 2}])
    assert await pair.entries(ahead, 3) == [3]
    await ahead.say("ack", acks=[{"type": "DELIVERED", "conv": pair.conv, "seq": 3, "cumulative": True}])
    assert (await pair.alice.until(lambda frame: _ticks(frame) == [3]))["acks"][0]["type"] == "DELIVERED"
    behind = await pair.again(positions=[{"conv": pair.conv, "received": 1}])
    assert await pair.entries(behind, 3) == [2, 3]


async def test_positions_of_another_epoch_are_ignored(pair: Pair) -> None:
    await pair.send("one", "two")
    talker = await pair.again(epoch="another", positions=[{"conv": pair.conv, "received": 2}])
    assert await pair.entries(talker, 2) == [1, 2]


# Sending


async def test_the_same_key_with_another_text_is_a_conflict(pair: Pair) -> None:
    for body, kind in (("one", "ACCEPTED"), ("other", "REJECTED")):
        await pair.alice.say("send", client_id="same", conv=pair.conv, body=body)
        answer = await pair.alice.ack(kind)
    assert answer["error_code"] == ErrorCode.IDEMPOTENCY_CONFLICT


async def test_an_own_message_is_answered_by_its_client_id(pair: Pair) -> None:
    await pair.alice.say("send", client_id="first", conv=pair.conv, body="one")
    second = {"client_id": "second", "conv": pair.conv, "body": "two", "after": "first", "reply_to_id": "first"}
    await pair.alice.say("send", **second)
    pushed = await pair.bob.until(lambda frame: _seqs(frame)[-1:] == [2])
    assert pushed["entries"][-1]["reply_to"] == 1


# Changing


async def test_a_repeat_of_what_was_edited_is_its_duplicate_and_of_its_new_text_a_conflict(pair: Pair) -> None:
    message = {"client_id": "first", "conv": pair.conv}
    await pair.alice.say("send", **message, body="one")
    accepted = await pair.alice.ack("ACCEPTED")
    await pair.alice.say("edit", conv=pair.conv, seq=1, body="two")
    await pair.alice.frame("done")
    await pair.alice.say("send", **message, body="one")
    assert await pair.alice.ack("ACCEPTED") == accepted
    await pair.alice.say("send", **message, body="two")
    assert (await pair.alice.ack("REJECTED"))["error_code"] == ErrorCode.IDEMPOTENCY_CONFLICT


async def test_what_is_so_already_gets_the_same_revision(pair: Pair) -> None:
    await pair.send("one")
    asked = [
        ("edit", {"body": "two"}),
        ("edit", {"body": "two"}),
        ("delete", {"for": "all"}),
        ("delete", {"for": "all"}),
    ]
    revs = []
    for t, more in asked:
        await pair.alice.say(t, conv=pair.conv, seq=1, **more)
        revs.append((await pair.alice.frame("done"))["rev"])
    assert revs == [1, 1, 2, 2]
    assert (await pair.refused("edit", conv=pair.conv, seq=1, body="three"))["code"] == ErrorCode.NOT_FOUND


async def test_changes_begin_after_the_stated_revision(pair: Pair) -> None:
    await pair.send("one", "two")
    for seq in (1, 2):
        await pair.alice.say("edit", conv=pair.conv, seq=seq, body="better")
        await pair.alice.frame("done")
    place = {"conv": pair.conv, "received": 2}
    for rev, seqs in ((0, [1, 2]), (1, [2])):
        told = await (await pair.again(positions=[place | {"rev": rev}])).frame("changes")
        assert ([change["seq"] for change in told["changes"]], told["upto"]) == (seqs, 2)


async def test_someone_elses_is_hidden_for_oneself_and_nothing_more(pair: Pair) -> None:
    await pair.send("one")
    await pair.bob.frame("messages")
    for t, more in (("edit", {"body": "mine"}), ("delete", {"for": "all"})):
        await pair.bob.say(t, conv=pair.conv, seq=1, **more)
        assert (await pair.bob.frame("error"))["code"] == ErrorCode.NOT_FOUND
    await pair.bob.say("delete", conv=pair.conv, seq=1, **{"for": "me"})
    await pair.bob.frame("done")
    await pair.alice.say("fetch", conv=pair.conv, **{"from": 1, "to": 1})
    assert (await pair.alice.frame("page"))["entries"][0]["body"] == "one"


# Acknowledging


async def test_changes_that_were_acknowledged_are_stored(pair: Pair) -> None:
    await pair.send("one")
    await pair.alice.say("edit", conv=pair.conv, seq=1, body="two")
    await pair.bob.frame("changes")
    await pair.bob_acks("CHANGED", 9)
    assert (await pair.bob.frame("error"))["code"] == ErrorCode.INVALID_ACK
    await pair.bob_acks("CHANGED", 1)
    async with asyncio.timeout(30):
        stored = 0
        while stored < 1:
            await pair.bob.say("ping", positions=[{"conv": pair.conv, "received": 0}])
            stored = (await _echo(pair.bob, pair.conv))["rev"]


async def test_sync_is_done_when_all_that_was_there_is_acknowledged(pair: Pair) -> None:
    await pair.send("one", "two")
    late = await pair.again(positions=[{"conv": pair.conv, "received": 0}])
    assert await pair.entries(late, 2) == [1, 2]
    assert not [frame for frame in late.heard if frame["t"] == "sync_done"]
    await late.say("ack", acks=[{"type": "DELIVERED", "conv": pair.conv, "seq": 2, "cumulative": True}])
    await late.frame("sync_done")
    await (await pair.again(positions=[{"conv": pair.conv, "received": 2}])).frame("sync_done")


async def test_seen_counts_as_far_as_is_stored_and_the_rest_by_itself(pair: Pair) -> None:
    await pair.send("one", "two", "three")
    await pair.bob_acks("SEEN", 3)
    await pair.bob_acks("DELIVERED", 2, cumulative=True)
    assert (await pair.alice.ack("SEEN"))["seq"] == 2
    await pair.bob_acks("DELIVERED", 3)
    assert (await pair.alice.ack("SEEN"))["seq"] == 3


async def test_a_single_one_above_a_hole_waits_for_the_hole(pair: Pair) -> None:
    await pair.send("one", "two", "three")
    for seq in (3, 1):
        await pair.bob_acks("DELIVERED", seq)
    assert (await pair.alice.ack("DELIVERED"))["seq"] == 1
    await pair.bob_acks("DELIVERED", 2)
    assert (await pair.alice.ack("DELIVERED"))["seq"] == 3


async def test_bad_ones_in_a_frame_do_not_spoil_the_good_one(pair: Pair) -> None:
    await pair.send("one")
    await pair.bob.frame("messages")
    foreign = "0199c1f0-6b00-7c0e-8f00-00000000dead"
    places = [(pair.conv, 99), (foreign, 1), (pair.conv, 1)]
    await pair.bob.say("ack", acks=[{"type": "DELIVERED", "conv": conv, "seq": seq} for conv, seq in places])
    codes = [(await pair.bob.frame("error"))["code"] for _ in range(2)]
    assert codes == [ErrorCode.INVALID_ACK, ErrorCode.NOT_FOUND]
    assert (await pair.alice.ack("DELIVERED"))["seq"] == 1


async def test_one_that_goes_back_changes_nothing(pair: Pair) -> None:
    await pair.send("one", "two")
    await pair.bob_acks("DELIVERED", 2, cumulative=True)
    assert (await pair.alice.ack("DELIVERED"))["seq"] == 2
    await pair.bob_acks("DELIVERED", 1, cumulative=True)
    await pair.bob_acks("SEEN", 2)
    assert (await pair.alice.ack("SEEN"))["seq"] == 2
    await pair.bob.say("ping", positions=[{"conv": pair.conv, "received": 1}])
    stored = await _echo(pair.bob, pair.conv)
    assert (stored["received"], stored["seen"]) == (2, 2)


# Asking, and when something is wrong


async def test_what_is_not_there_is_missing_from_a_page(pair: Pair) -> None:
    await pair.send("one")
    await pair.alice.say("fetch", conv=pair.conv, **{"from": 5, "to": 9})
    assert (await pair.alice.frame("page"))["entries"] == []


async def test_there_is_no_info_on_what_is_not_there(pair: Pair) -> None:
    error = await pair.refused("info", conv=pair.conv, seq=7)
    assert (error["code"], error["ref"]) == (ErrorCode.NOT_FOUND, {"t": "info", "conv": pair.conv, "seq": 7})


async def test_a_malformed_send_is_an_error_that_names_it(pair: Pair) -> None:
    error = await pair.refused("send", client_id="good", conv=pair.conv, body="x", reply_to="1")
    assert (error["code"], error["ref"]) == (
        ErrorCode.BAD_FRAME,
        {"t": "send", "conv": pair.conv, "client_id": "good"},
    )
    assert "reply_to" in error["text"]


async def test_an_unknown_frame_is_refused_and_the_connection_stays(pair: Pair) -> None:
    assert (await pair.refused("dance"))["code"] == ErrorCode.UNKNOWN_FRAME
    await pair.send("still here")


async def test_too_many_bad_frames_end_the_connection(pair: Pair) -> None:
    for _ in range(100):
        await pair.alice.say("dance")
    assert await pair.alice.close_code() == CloseCode.BAD_FRAME


async def test_a_frame_above_the_limit_ends_the_connection(pair: Pair) -> None:
    await pair.alice.say("ping", padding="x" * MAX_FRAME_BYTES)
    assert await pair.alice.close_code() in (1009, CloseCode.FRAME_TOO_LARGE)


async def test_asking_page_by_page_ends_with_everything(pair: Pair) -> None:
    await pair.send("one", "two", "three")
    point, seqs, more = None, [], True
    while more:
        await pair.bob.say("sync", point=point, limit=2)
        answer = await pair.bob.frame("sync")
        seqs += [entry["seq"] for told in answer["messages"] for entry in told["entries"]]
        point, more = answer["point"], answer["has_more"]
    assert seqs == [1, 2, 3]


# docs/operations.md


async def test_a_process_that_is_ready_says_what_operators_are_shown(house: House) -> None:
    document = (DOCS / "operations.md").read_text()
    shown = [json.loads(block["text"]) for block in BLOCK.finditer(document) if block["info"] == "json"]
    # Celery's first sweep and flush come a few seconds after its start.
    await until(lambda: shown == [httpx.get(f"{house.addresses[0]}/readyz").json()], 60)


def _ticks(frame: Frame) -> list[int]:
    return [ack["seq"] for ack in frame.get("acks", []) if ack["type"] in ("DELIVERED", "SEEN")]


def _seqs(frame: Frame) -> list[int]:
    return [entry["seq"] for entry in frame["entries"]] if frame["t"] == "messages" else []


async def _echo(talker: Talker, conv: str) -> Frame:
    """What the database holds, for the last ping."""
    positions: list[Frame] = (await talker.frame("pong"))["positions"]
    return next(position for position in positions if position["conv"] == conv)
