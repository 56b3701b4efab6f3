"""messenger.v1.json and messenger.v1.proto side by side: negotiated, mixed in one conversation, the same rules."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
import websockets

from chat.protocol import wire
from chat.protocol.frames import MAX_FRAME_BYTES, PROTO_SUBPROTOCOL, SUBPROTOCOL
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.acceptance.wire import connect
from tests.faults.history import History

pytestmark = pytest.mark.acceptance


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([SUBPROTOCOL], SUBPROTOCOL),
        ([PROTO_SUBPROTOCOL], PROTO_SUBPROTOCOL),
        ([PROTO_SUBPROTOCOL, SUBPROTOCOL], PROTO_SUBPROTOCOL),
        ([SUBPROTOCOL, PROTO_SUBPROTOCOL], SUBPROTOCOL),
        (["messenger.v2.proto", PROTO_SUBPROTOCOL], PROTO_SUBPROTOCOL),
        (["messenger.v2.proto"], None),
        (None, None),
    ],
)
async def test_the_first_one_offered_that_the_server_knows_is_spoken(
    house: House, cast: Cast, offered: list[Any] | None, chosen: str | None
) -> None:
    address = house.addresses[0]
    url = address.replace("http", "ws", 1) + "/ws/v1"
    for cookies in (cast.alice.cookie_header, ""):
        headers = {"Cookie": cookies}
        async with websockets.connect(
            url, subprotocols=offered, additional_headers=headers, compression=None
        ) as socket:
            assert socket.subprotocol == chosen
            if cookies:
                is_binary = chosen == PROTO_SUBPROTOCOL
                await socket.send(wire.write(pb.ClientFrame, {"t": "hello"}) if is_binary else '{"t":"hello"}')
                answer = await asyncio.wait_for(socket.recv(), 15)
                assert isinstance(answer, bytes) == is_binary
                welcome = wire.read(pb.ServerFrame, answer) if isinstance(answer, bytes) else json.loads(answer)
                assert (welcome["t"], welcome["device"]) == ("welcome", cast.alice.device)
            else:
                with pytest.raises(websockets.ConnectionClosed):
                    await asyncio.wait_for(socket.recv(), 15)
                assert socket.close_code == 4401


async def test_people_who_speak_different_encodings_miss_nothing(house: House, cast: Cast) -> None:
    """On two processes: what one hints at to the other reaches sockets of either kind. bob has one of each."""
    history, tablet = History(), house.sign_in(cast.bob.username)
    async with (
        Phone(house.addresses[0], cast.alice, history, sees=True, subprotocol=PROTO_SUBPROTOCOL) as alice,
        Phone(house.addresses[1], cast.bob, history, sees=True) as bob,
        Phone(house.addresses[1], tablet, history, sees=True, subprotocol=PROTO_SUBPROTOCOL) as second,
    ):
        conv = await alice.open(cast.bob.username)
        await bob.until(lambda: conv in bob.conversations)
        await second.until(lambda: conv in second.conversations)
        for n in range(20):
            alice.send(conv, f"from alice {n} \N{FIRE}")
            bob.send(conv, f"from bob {n}")
            second.send(conv, f"from bob's tablet {n}")
        for phone, peer in ((alice, cast.bob), (bob, cast.alice), (second, cast.alice)):
            own = await _newest_own(phone, conv)
            for kind in ("DELIVERED", "SEEN"):
                await phone.until(
                    lambda phone=phone, key=(conv, peer.user, kind), own=own: phone.ticks.get(key, 0) >= own
                )
        entries = alice.store.entries[conv]
        mine = next(seq for seq, entry in entries.items() if entry["sender"] == cast.alice.user)
        assert (await alice.revise({"t": "edit", "conv": conv, "seq": mine, "body": "another text"}))["t"] == "done"
        theirs = next(seq for seq, entry in entries.items() if entry["sender"] == cast.bob.user)
        assert (await bob.revise({"t": "delete", "conv": conv, "seq": theirs, "for": "all"}))["t"] == "done"
        assert await verdict(house, [alice, bob, second], conv, 60) == []


async def _newest_own(phone: Phone, conv: str) -> int:
    await phone.until(lambda: not phone.store.outbox and phone.store.received(conv) >= 60)
    return max(seq for seq, entry in phone.store.entries[conv].items() if entry["sender"] == phone.who.user)


async def test_what_is_sent_again_in_the_other_encoding_is_the_same_message(house: House, cast: Cast) -> None:
    first, second = house.addresses
    async with (
        connect(first, cast.alice) as text,
        connect(second, cast.alice, subprotocol=PROTO_SUBPROTOCOL) as binary,
    ):
        conv = await text.open(cast.bob.username)
        assert (await binary.send(conv, "one", "one"))["seq"] == 1
        message = {"t": "send", "conv": conv, "client_id": "both", "body": "zwei \N{FIRE}", "reply_to": 1}
        first_answer = await text.ask(message, "ack", _is_about("both"))
        assert first_answer["acks"][0]["type"] == "ACCEPTED"
        for again in (binary, text, binary):
            assert await again.ask(message, "ack", _is_about("both")) == first_answer
        conflict = await binary.ask(message | {"body": "drei"}, "ack", _is_about("both"))
        assert conflict["acks"][0]["error_code"] == "IDEMPOTENCY_CONFLICT"


def _is_about(client_id: str) -> Callable[[dict[str, Any]], bool]:
    return lambda frame: frame["acks"][0].get("client_id") == client_id


async def test_bad_frames_get_the_same_codes_and_cost_only_their_sender(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice, subprotocol=PROTO_SUBPROTOCOL) as alice:
        conv = await alice.open(cast.bob.username)
        rejected = await alice.send(conv, "   ", "blank")
        assert (rejected["type"], rejected["error_code"]) == ("REJECTED", "INVALID_MESSAGE")
        for data, code in (
            (b"\xff\xff", "BAD_FRAME"),
            (b"", "UNKNOWN_FRAME"),
            ('{"t":"ping"}', "BAD_FRAME"),
            (b"\x1a\x04\x0a\x02\xff\xfe", "BAD_FRAME"),
            (wire.write(pb.ClientFrame, {"t": "ack", "acks": []}), "BAD_FRAME"),
        ):
            assert (await alice.ask(data, "error"))["code"] == code
        error = await alice.ask({"t": "fetch", "conv": cast.bob.device, "from": 1, "to": 2}, "error")
        assert (error["code"], error["ref"]) == ("NOT_FOUND", {"t": "fetch", "conv": cast.bob.device})
        assert await alice.still_works()
        for _ in range(100):
            await alice.say(b"\xff")
        assert await alice.closed() == 4400


async def test_a_frame_too_large_closes_the_socket(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice, subprotocol=PROTO_SUBPROTOCOL) as alice:
        await alice.say(bytes(MAX_FRAME_BYTES + 1))
        assert await alice.closed() in (4413, 1009)


async def test_an_absence_is_made_up_for(house: House, cast: Cast) -> None:
    """Pages from the database, in frames that fit, and asked for by sync."""
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        bodies = [f"{n} " + "\N{FIRE}" * 3000 for n in range(30)]
        for body in bodies:
            assert (await alice.send(conv, body))["type"] == "ACCEPTED"
    async with connect(house.addresses[1], cast.bob, subprotocol=PROTO_SUBPROTOCOL) as bob:
        heard: dict[int, str] = {}
        while len(heard) < len(bodies):
            frame = await bob.hear("messages")
            heard |= {entry["seq"]: entry["body"] for entry in frame["entries"]}
        assert [heard[seq] for seq in sorted(heard)] == bodies
        page = await bob.ask({"t": "fetch", "conv": conv, "from": 29, "to": 30}, "page")
        assert [entry["body"] for entry in page["entries"]] == bodies[28:]
        answer = await bob.ask({"t": "sync", "limit": 5}, "sync")
        assert (answer["messages"][0]["conv"], answer["has_more"]) == (conv, True)
        again = await bob.ask({"t": "sync", "limit": 5, "point": answer["point"]}, "sync")
        assert again["messages"][0]["entries"][0]["seq"] == answer["messages"][0]["entries"][-1]["seq"] + 1
