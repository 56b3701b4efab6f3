"""Hello: each side says where it stands, and whichever is behind is put right."""

from typing import Any

import pytest
from redis import Redis

from chat.delivery.runtime import Runtime
from chat.log import devices
from chat.models import Conversation, Epoch, Inbox, Membership, Message
from chat.models.ids import new_id
from receipts import ledger
from receipts.buffer import PENDING
from receipts.ledger import Row
from receipts.models import Watermark
from tests.cast import Cast, Person, make_direct
from tests.chat.process import Client
from tests.log import write
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]


async def greeted(runtime: Runtime, person: Person, *positions: dict[str, Any], epoch: str | None = None) -> Client:
    client = Client(runtime, person)
    await client.hello(*positions, epoch=epoch)
    await client.told("conversations")
    return client


def items(client: Client) -> list[dict[str, Any]]:
    return [item for frame in client.of("conversations") for item in frame["items"]]


def noted(redis: Redis) -> dict[str, int]:
    return {member: int(score) for member, score in redis.zrange(PENDING, 0, -1, withscores=True)}


async def test_welcome_comes_first_and_says_everything(runtime: Runtime, people: Cast, conv: str) -> None:
    bob = await greeted(runtime, people.bob)
    welcome = bob.frames[0]
    assert (welcome["t"], welcome["version"], welcome["device"]) == ("welcome", 1, people.bob.device_id)
    assert welcome["user"] == {"id": people.bob.id, "username": "bob", "name": "bob"}
    assert welcome["epoch"] == str((await in_thread(Epoch.objects.get)).id)
    assert welcome["limits"]["acks"] == 100
    [item] = items(bob)
    assert (item["id"], item["kind"], item["head"], item["last"], item["unread"]) == (conv, "direct", 0, None, 0)
    assert [member["username"] for member in item["members"]] == ["alice", "bob"]


async def test_nothing_at_all_is_an_empty_page(runtime: Runtime, people: Cast) -> None:
    mallory = await greeted(runtime, people.mallory)
    assert mallory.of("conversations") == [{"t": "conversations", "items": [], "more": False}]


async def test_conversations_come_newest_first_in_pages(runtime: Runtime, people: Cast) -> None:
    convs = await in_thread(_many_groups, people.alice, 130)
    await in_thread(write, convs[3], people.alice)
    alice = await greeted(runtime, people.alice)
    pages = alice.of("conversations")
    assert [(len(page["items"]), page["more"]) for page in pages] == [(100, True), (30, False)]
    assert [item["id"] for item in items(alice)] == [convs[3], *(conv for conv in reversed(convs) if conv != convs[3])]


def _many_groups(person: Person, count: int) -> list[str]:
    groups = Conversation.objects.bulk_create(Conversation(kind="group", title=str(n)) for n in range(count))
    Membership.objects.bulk_create(Membership(conversation=each, user=person.user) for each in groups)
    Watermark.objects.bulk_create(Watermark(conversation=each, user=person.user) for each in groups)
    return [str(each.id) for each in groups]


async def test_unread_is_derived_from_others_entries_and_capped(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 5)
    await in_thread(write, conv, people.bob, 2)
    await in_thread(_stands, people.bob, conv, 3, 3)
    other = await in_thread(make_direct, people.carol, people.bob)
    await in_thread(write, other, people.carol, 1_200)
    bob = await greeted(runtime, people.bob)
    assert {item["id"]: item["unread"] for item in items(bob)} == {conv: 2, other: 1_000}


def _stands(person: Person, conv: str, received: int, seen: int) -> None:
    """What the server holds for a device and its person."""
    rows = [Row(conv, person.device_id, "delivered", received, 1), Row(conv, person.device_id, "seen", seen, 1)]
    ledger.apply(rows)


async def test_a_device_with_no_position_is_filled_from_the_servers(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_stands, people.bob, conv, 4, 0)
    bob = await greeted(runtime, people.bob)
    await until(lambda: bob.seqs(conv) == [5, 6, 7, 8, 9])


async def test_a_device_behind_the_server_is_pushed_it_all_again(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    """It lost its store. The server's cursor does not fall."""
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_stands, people.bob, conv, 7, 0)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 2})
    await until(lambda: bob.seqs(conv) == list(range(3, 10)))
    await in_thread(ledger.apply, [Row(conv, people.bob.device_id, "delivered", 2, 1)])
    assert (await in_thread(Inbox.objects.get, device=people.bob.device)).received_seq == 7


async def test_a_device_ahead_of_the_server_is_believed(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    """Its acknowledgements were lost on the way, or Redis forgot them."""
    await in_thread(write, conv, people.alice, 9)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 8, "seen": 5})
    await until(lambda: bob.seqs(conv) == [9])
    device = people.bob.device_id
    await until(lambda: noted(redis) == {f"{conv}|{device}|d": 8, f"{conv}|{device}|s": 5})


async def test_positions_beyond_the_head_count_as_the_head(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    await in_thread(write, conv, people.alice, 3)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 2**62, "seen": 2**62})
    device = people.bob.device_id
    await until(lambda: noted(redis) == {f"{conv}|{device}|d": 3, f"{conv}|{device}|s": 3})
    await in_thread(write, conv, people.alice)
    runtime.hub.raise_head(conv, 4)
    await until(lambda: bob.seqs(conv) == [4])


async def test_positions_of_another_epoch_are_not_believed(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    """The log may have lost its tail: the device revalidates from what the server holds."""
    await in_thread(write, conv, people.alice, 3)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 3}, epoch=str(new_id()))
    await until(lambda: bob.seqs(conv) == [1, 2, 3])
    assert noted(redis) == {}


async def test_positions_of_another_device_are_not_believed(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    """A page that was kept while somebody else signed in on its browser: its cookies are theirs already."""
    await in_thread(write, conv, people.alice, 3)
    stated = {"conv": conv, "received": 3, "seen": 3}
    bob = Client(runtime, people.bob)
    await bob.hello(stated, device=people.alice.device_id)
    await until(lambda: bob.seqs(conv) == [1, 2, 3])
    assert noted(redis) == {}
    own = Client(runtime, people.bob)
    await own.hello(stated, device=people.bob.device_id)
    await until(lambda: noted(redis) != {})


async def test_positions_in_foreign_conversations_are_ignored(
    runtime: Runtime, people: Cast, conv: str, redis: Redis
) -> None:
    await in_thread(write, conv, people.alice, 3)
    bob = await greeted(runtime, people.bob)
    mallory = await greeted(
        runtime, people.mallory, {"conv": conv, "received": 3}, {"conv": str(new_id()), "received": 1}
    )
    await mallory.say({"t": "ping", "positions": [{"conv": conv, "received": 2}]})
    assert (await mallory.told("pong"))["positions"] == []
    await until(lambda: bob.seqs(conv) == [1, 2, 3])
    assert mallory.seqs(conv) == [] and noted(redis) == {}


async def test_a_heartbeat_echoes_what_is_stored(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 9)
    bob = await greeted(runtime, people.bob)
    await in_thread(_stands, people.bob, conv, 6, 2)
    await bob.say({"t": "ping", "positions": [{"conv": conv, "received": 7, "seen": 3}]})
    assert (await bob.told("pong"))["positions"] == [{"conv": conv, "received": 6, "rev": 0, "seen": 2}]


async def test_a_new_device_starts_where_its_person_is(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_stands, people.bob, conv, 6, 0)
    laptop = Person(people.bob.user, *await in_thread(devices.register, people.bob.user, "laptop"))
    bob = await greeted(runtime, laptop)
    await until(lambda: bob.seqs(conv) == [7, 8, 9])


async def test_who_joined_late_is_told_nothing_from_before(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 3)
    await in_thread(_joins, people.carol, conv, 4)
    carol = await greeted(runtime, people.carol)
    [item] = items(carol)
    assert (item["start"], item["received"], item["unread"], item["last"]) == (4, 3, 0, None)
    await in_thread(write, conv, people.alice)
    runtime.hub.raise_head(conv, 4)
    await until(lambda: carol.seqs(conv) == [4])


def _joins(person: Person, conv: str, first: int) -> None:
    Membership.objects.create(conversation_id=conv, user=person.user, visible_from_seq=first)
    Watermark.objects.create(conversation_id=conv, user=person.user, delivered_seq=first - 1, seen_seq=first - 1)


async def test_frames_before_hello_and_a_second_hello_are_refused(runtime: Runtime, people: Cast, conv: str) -> None:
    bob = Client(runtime, people.bob)
    await bob.send(conv, "b1")
    assert (await bob.told("error"))["code"] == "HELLO_EXPECTED"
    await bob.hello()
    await bob.told("welcome")
    await bob.hello()
    await until(lambda: len(bob.of("error")) == 2)
    assert len(bob.of("welcome")) == 1
    assert not await in_thread(Message.objects.exists)
