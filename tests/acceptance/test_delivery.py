"""A message's life between two people on two web processes: accepted, pushed, delivered, seen; and every refusal."""

import pytest

from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.wire import connect

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

CLIENT_IDS = {
    "composite": "0198c0ffee01_17_1790000000000",
    "ulid": "01J8XK3Z5V9M7Q2W4R6T8Y0ABC",
    "uuid4": "9b2f6f0e-3f1c-4d0e-8a55-6d2a5f0c9e11",
    "uuid7": "01998c3e-7b1a-7cc2-9d3e-1f2a3b4c5d6e",
    "snowflake": "1541815603606036480",
    "opaque": "Any:thing.that-fits_in." + "x" * 41,
}


async def test_a_message_is_accepted_pushed_delivered_and_seen(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        accepted = await alice.send(conv, "hello", "first")
        assert accepted | {"message_id": "", "timestamp": 0} == {
            "type": "ACCEPTED",
            "conv": conv,
            "client_id": "first",
            "message_id": "",
            "seq": 1,
            "timestamp": 0,
            "sender_id": cast.alice.user,
            "durability": "local",
        }
        entry = await bob.entry(conv, 1)
        assert entry == {
            "seq": 1,
            "id": accepted["message_id"],
            "sender": cast.alice.user,
            "client_id": "first",
            "body": "hello",
            "at": accepted["timestamp"],
        }
        await bob.delivered(conv, 1)
        delivered = await alice.tick(conv, "DELIVERED", 1)
        assert (delivered["message_id"], delivered["sender_id"]) == (accepted["message_id"], cast.bob.user)
        await bob.delivered(conv, 1, "SEEN")
        seen = await alice.tick(conv, "SEEN", 1)
        assert (seen["message_id"], seen["sender_id"]) == (accepted["message_id"], cast.bob.user)
        assert accepted["timestamp"] <= delivered["timestamp"] <= seen["timestamp"]


async def test_no_tick_before_the_device_says_so(house: House, cast: Cast) -> None:
    """Pushed is not delivered: only an acknowledgement moves a tick (here the later one overtakes)."""
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for body in ("one", "two"):
            await alice.send(conv, body)
        await bob.entry(conv, 2)
        await bob.say({"t": "ack", "acks": [{"type": "DELIVERED", "conv": conv, "seq": 2}]})
        info = await alice.ask({"t": "info", "conv": conv, "seq": 2}, "info")
        assert [person["delivered_at"] for person in info["people"]] == [None]
        # The hole is closed: now both are told, in one rise.
        await bob.say({"t": "ack", "acks": [{"type": "DELIVERED", "conv": conv, "seq": 1}]})
        await alice.tick(conv, "DELIVERED", 2)
        assert not any(ack["type"] == "DELIVERED" for frame in alice.of("ack") for ack in frame["acks"])


async def test_info_says_who_and_when(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        accepted = await alice.send(conv, "when?")
        nobody = await alice.ask({"t": "info", "conv": conv, "seq": 1}, "info")
        assert [(p["id"], p["delivered_at"], p["seen_at"]) for p in nobody["people"]] == [(cast.bob.user, None, None)]
        await bob.entry(conv, 1)
        await bob.delivered(conv, 1)
        delivered = await alice.tick(conv, "DELIVERED", 1)
        await bob.delivered(conv, 1, "SEEN")
        seen = await alice.tick(conv, "SEEN", 1)
        info = await alice.ask({"t": "info", "conv": conv, "seq": 1}, "info")
        (person,) = info["people"]
        assert person["username"] == cast.bob.username
        assert (person["delivered_at"], person["seen_at"]) == (delivered["timestamp"], seen["timestamp"])
        assert accepted["timestamp"] <= person["delivered_at"] <= person["seen_at"]
        # What is not there is not to be had, by one's own or another's conversation alike.
        error = await alice.ask({"t": "info", "conv": conv, "seq": 2}, "error")
        assert error["code"] == "NOT_FOUND"


async def test_two_devices_of_one_person(house: House, cast: Cast) -> None:
    """Both get everything, their own person's messages too; the person is as far as the further device."""
    tablet = house.sign_in(cast.bob.username)
    async with (
        Phone(house.addresses[0], cast.alice) as alice,
        Phone(house.addresses[0], cast.bob) as bob,
        connect(house.addresses[1], tablet) as second,
    ):
        conv = await alice.open(cast.bob.username)
        alice.send(conv, "to both")
        await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "DELIVERED")) == 1)
        # The tablet has acknowledged nothing and is still owed it.
        assert (await second.entry(conv, 1))["body"] == "to both"
        bob.send(conv, "from the phone")
        await alice.until(lambda: alice.store.received(conv) == 2)
        entry = await second.entry(conv, 2)
        assert (entry["body"], entry["sender"]) == ("from the phone", cast.bob.user)
        # A tick for what one device sent reaches the other.
        assert (await second.tick(conv, "DELIVERED", 2))["sender_id"] == cast.alice.user


async def test_a_reply_names_an_entry_or_an_own_client_id(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "question", "q")
        await bob.entry(conv, 1)
        assert (await bob.send(conv, "answer", reply_to=1))["seq"] == 2
        assert (await alice.entry(conv, 2))["reply_to"] == 1
        # Both at once: the answered one is perhaps not even accepted when the reply goes out.
        await alice.say({"t": "send", "conv": conv, "client_id": "a", "body": "first"})
        await alice.say({"t": "send", "conv": conv, "client_id": "b", "body": "second", "reply_to_id": "a"})
        assert (await alice.answer("b"))["seq"] == 4
        assert (await bob.entry(conv, 4))["reply_to"] == 3
        for wrong in ({"reply_to": 99}, {"reply_to_id": "never-sent"}):
            refused = await alice.send(conv, "to nothing", **wrong)
            assert (refused["type"], refused["error_code"]) == ("REJECTED", "INVALID_REPLY")


async def test_every_kind_of_client_id_is_an_opaque_key(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for seq, (kind, client_id) in enumerate(CLIENT_IDS.items(), 1):
            accepted = await alice.send(conv, kind, client_id)
            assert (accepted["type"], accepted["seq"]) == ("ACCEPTED", seq), kind
            assert (await bob.entry(conv, seq))["client_id"] == client_id
        # The key is (sender, client_id): the same id from someone else is another message.
        theirs = await bob.send(conv, "mine", CLIENT_IDS["ulid"])
        assert (theirs["type"], theirs["seq"]) == ("ACCEPTED", len(CLIENT_IDS) + 1)


async def test_a_repeat_gets_the_identical_answer_from_any_process(house: House, cast: Cast) -> None:
    tablet = house.sign_in(cast.alice.username)
    async with (
        connect(house.addresses[0], cast.alice) as here,
        connect(house.addresses[1], tablet) as there,
        connect(house.addresses[1], cast.bob) as bob,
    ):
        conv = await here.open(cast.bob.username)
        first = await here.send(conv, "once", "key")
        here.heard.clear()
        assert await here.send(conv, "once", "key") == first
        assert await there.send(conv, "once", "key") == first
        here.heard.clear()
        # The digest covers the content, not the chain the first sending was part of.
        assert await here.send(conv, "once", "key", after="key-of-nobody") == first
        assert (await here.send(conv, "next"))["seq"] == 2
        await bob.entry(conv, 2)
        pushed = [entry["seq"] for frame in bob.of("messages") for entry in frame["entries"]]
        assert pushed.count(1) <= 1


@pytest.mark.parametrize("process", [0, 1], ids=["same process", "other process"])
async def test_a_key_stands_for_one_content(house: House, cast: Cast, process: int) -> None:
    tablet = house.sign_in(cast.alice.username)
    async with (
        connect(house.addresses[0], cast.alice) as first,
        connect(house.addresses[process], tablet) as second,
    ):
        conv = await first.open(cast.bob.username)
        elsewhere = await first.open(cast.carol.username)
        await first.send(conv, "content", "key")
        await first.send(conv, "more", "more")
        for where, other in (
            (conv, {"body": "another content"}),
            (conv, {"body": "content", "reply_to": 1}),
            (elsewhere, {"body": "content"}),
        ):
            second.heard.clear()
            refused = await second.send(where, client_id="key", **other)
            assert (refused["type"], refused["error_code"]) == ("REJECTED", "IDEMPOTENCY_CONFLICT")
            assert refused["error_text"]
        second.heard.clear()
        assert (await second.send(conv, "content", "key"))["seq"] == 1


async def test_after_keeps_a_device_in_order(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        early = await alice.send(conv, "second", "2", after="1")
        assert early | {"error_text": ""} == {
            "t": "retry",
            "client_id": "2",
            "conv": conv,
            "error_code": "PREDECESSOR_MISSING",
            "error_text": "",
            "retry_after_ms": 0,
        }
        alice.heard.clear()
        await alice.say({"t": "send", "conv": conv, "client_id": "1", "body": "first"})
        await alice.say({"t": "send", "conv": conv, "client_id": "2", "body": "second", "after": "1"})
        await alice.say({"t": "send", "conv": conv, "client_id": "3", "body": "third", "after": "2"})
        assert [(await alice.answer(key))["seq"] for key in ("1", "2", "3")] == [1, 2, 3]
        # A predecessor in another conversation is none in this one.
        elsewhere = await alice.open(cast.carol.username)
        stray = await alice.send(elsewhere, "stray", "4", after="3")
        assert stray["error_code"] == "PREDECESSOR_MISSING"


async def test_missing_predecessors_hold_nothing_up(house: House, cast: Cast) -> None:
    """A chain with a hole is answered at once, all of it, and others' sends beside it are accepted."""
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[0], cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for n in range(2, 52):
            await alice.say({"t": "send", "conv": conv, "client_id": f"c{n}", "body": "x", "after": f"c{n - 1}"})
        assert (await bob.send(conv, "beside"))["type"] == "ACCEPTED"
        answers = [await alice.answer(f"c{n}") for n in range(2, 52)]
        assert {answer["error_code"] for answer in answers} == {"PREDECESSOR_MISSING"}
