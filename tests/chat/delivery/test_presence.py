"""Whether somebody is online: said by leases, to who may know it, and nothing rather than something wrong."""

import time
from typing import Any

import pytest
from pytest_django import Settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from chat.delivery import leases, presence
from chat.delivery.leases import KNOWN, PROCESSES, SETTLING, Leases
from chat.delivery.runtime import Runtime
from chat.log import profile
from chat.models import Conversation, Device, Membership, User
from chat.policy.presence import Held
from receipts.models import Watermark
from tests.cast import Cast
from tests.chat.delivery.test_typing import greeted, settled
from tests.chat.process import Client, process
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _known_for_long(redis: Redis) -> None:
    """Redis has not forgotten anything lately."""
    redis.set(KNOWN, 1)


def asks(conv: str) -> dict[str, str]:
    return {"t": "presence", "conv": conv}


def told(client: Client) -> list[list[dict[str, Any]]]:
    return [frame["people"] for frame in client.of("presence")]


async def test_online_and_then_last_seen(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say(asks(conv))
    await until(lambda: told(alice) == [[{"id": people.bob.id, "online": True}]])
    before = round(time.time() * 1000)
    await bob.leave()
    await until(lambda: len(told(alice)) == 2)
    [was] = told(alice)[-1]
    assert (was["id"], was["online"]) == (people.bob.id, False)
    assert before - 1 <= was["last_seen_at"] <= before + 5_000
    await greeted(runtime, people.bob)
    await until(lambda: told(alice)[2:] == [[{"id": people.bob.id, "online": True}]])
    assert {frame["conv"] for frame in alice.of("presence")} == {conv}


async def test_another_process_is_online_too(runtime: Runtime, people: Cast, conv: str) -> None:
    alice = await greeted(runtime, people.alice)
    async with process() as elsewhere:
        bob = await greeted(elsewhere, people.bob)
        await until(lambda: people.bob.id in elsewhere.presence._held)
        await alice.say(asks(conv))
        await until(lambda: told(alice) == [[{"id": people.bob.id, "online": True}]])
        await bob.leave()
        await until(lambda: len(told(alice)) == 2 and not told(alice)[-1][0]["online"])


async def test_who_loads_the_page_anew_never_went(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say(asks(conv))
    await until(lambda: told(alice))
    await bob.leave()
    await runtime.presence.turn()
    await greeted(runtime, people.bob)
    await runtime.presence.turn()
    assert told(alice) == [[{"id": people.bob.id, "online": True}]]


async def test_every_asking_is_answered_and_the_same_is_not_told_twice(
    runtime: Runtime, people: Cast, conv: str
) -> None:
    alice, _ = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    for number in (1, 2):
        await alice.say(asks(conv))
        await until(lambda number=number: len(told(alice)) == number)
    for _ in range(3):
        await runtime.presence.turn()
    await settled(alice)
    assert len(told(alice)) == 2


async def test_who_is_not_in_it_learns_nothing(runtime: Runtime, people: Cast, conv: str) -> None:
    mallory = await greeted(runtime, people.mallory)
    for each in (conv, "0199c1f0-0000-7000-8000-00000000dead"):
        await mallory.say(asks(each))
    await until(lambda: len(mallory.of("error")) == 2)
    assert [error["code"] for error in mallory.of("error")] == ["NOT_FOUND"] * 2
    await runtime.presence.turn()
    assert told(mallory) == []


async def test_who_hides_is_not_known_of_and_knows_nothing(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    for each in (alice, bob):
        await each.say(asks(conv))
        await until(lambda each=each: told(each) and told(each)[-1])
    await in_thread(profile.set_shows_presence, people.bob.user.id, False)
    await until(lambda: told(alice)[-1] == [] and told(bob)[-1] == [])
    await bob.leave()
    await runtime.presence.turn()
    await in_thread(profile.set_shows_presence, people.bob.user.id, True)
    await until(lambda: told(alice)[-1] and not told(alice)[-1][0]["online"])


async def test_nor_who_is_suspended(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(User.objects.filter(id=people.bob.user.id).update, is_active=False)
    alice = await greeted(runtime, people.alice)
    await alice.say(asks(conv))
    await until(lambda: told(alice) == [[]])


async def test_of_a_group_nothing_is_told(runtime: Runtime, people: Cast) -> None:
    def make() -> str:
        conversation = Conversation.objects.create(kind="group", title="club")
        for person in (people.alice, people.bob):
            Membership.objects.create(conversation=conversation, user=person.user)
            Watermark.objects.create(conversation=conversation, user=person.user)
        return str(conversation.id)

    club = await in_thread(make)
    alice, _ = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say(asks(club))
    await until(lambda: told(alice) == [[]])


async def test_who_leaves_the_conversation_is_told_nothing_more(runtime: Runtime, people: Cast, conv: str) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say(asks(conv))
    await until(lambda: told(alice))
    runtime.hub.expel(alice.session, conv)
    await bob.leave()
    await runtime.presence.turn()
    await settled(alice)
    assert len(told(alice)) == 1 and runtime.presence._watches == {}


async def test_a_watch_ends_by_itself(
    runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = await greeted(runtime, people.alice)
    await alice.say(asks(conv))
    await until(lambda: told(alice))
    monkeypatch.setattr(presence, "WATCH_S", 0.0)
    await until(lambda: runtime.presence._watches == {})


async def test_nor_does_a_socket_that_is_gone_leave_one(runtime: Runtime, people: Cast, conv: str) -> None:
    alice = await greeted(runtime, people.alice)
    await alice.say(asks(conv))
    await alice.leave()
    assert runtime.presence._watches == {}


async def test_without_redis_nothing_is_said_of_who_is_not_here(runtime: Runtime, people: Cast, conv: str) -> None:
    """Of who is connected to this process it is known."""
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    runtime.presence._leases = Leases(AsyncRedis(port=1), "here", 30)
    await alice.say(asks(conv))
    await until(lambda: told(alice) == [[{"id": people.bob.id, "online": True}]])
    await bob.leave()
    await until(lambda: told(alice)[1:] == [[]])


async def test_nor_while_redis_has_forgotten(
    runtime: Runtime, people: Cast, conv: str, redis: Redis, settings: Settings
) -> None:
    """Until all who live have had the time to restate what they hold."""
    alice, _ = await greeted(runtime, people.alice), await greeted(runtime, people.carol)
    redis.flushdb()
    await alice.say(asks(conv))
    await until(lambda: told(alice) == [[]])
    runtime.presence._renew_at = 0.0
    await until(lambda: redis.exists(SETTLING))
    assert 0 < redis.ttl(SETTLING) <= settings.PRESENCE_LEASE_S / 2
    redis.delete(SETTLING)
    await until(lambda: told(alice)[-1] and not told(alice)[-1][0]["online"])


async def test_a_lease_ends_without_a_word(redis: Redis, settings: Settings) -> None:
    both = AsyncRedis.from_url(settings.REDIS_URL)
    mine, theirs = (Leases(both, name, settings.PRESENCE_LEASE_S) for name in ("mine", "theirs"))
    await theirs.renew({"alice", "bob"})
    await theirs.change({"carol"}, {"bob"})
    assert await mine.among(["alice", "bob", "carol"]) == Held(frozenset({"alice", "carol"}), is_whole=True)
    assert await mine.among([]) == Held(is_whole=True)
    assert 0 < redis.ttl("presence:of:theirs") <= settings.PRESENCE_LEASE_S
    # As time does.
    redis.delete("presence:of:theirs")
    assert await mine.among(["alice"]) == Held(is_whole=True)
    redis.zadd(PROCESSES, {"theirs": time.time() - leases.FORGET_S - 1})
    await mine.renew(())
    assert redis.zscore(PROCESSES, "theirs") is None
    await mine.change({"dave"}, ())
    assert 0 < redis.ttl("presence:of:mine") <= settings.PRESENCE_LEASE_S
    await both.aclose()


async def test_that_a_device_was_here_is_noted_when_it_goes(runtime: Runtime, people: Cast, conv: str) -> None:
    def last_seen() -> float:
        at = Device.objects.get(id=people.bob.device_id).last_seen_at
        return at.timestamp() if at else 0.0

    bob = await greeted(runtime, people.bob)
    entered = await in_thread(last_seen)
    await bob.leave()
    await runtime.presence.turn()
    assert await in_thread(last_seen) > entered
    # And while it stays, now and then.
    await greeted(runtime, people.bob)
    left = await in_thread(last_seen)
    runtime.presence._stamp_at = 0.0
    await runtime.presence.turn()
    assert await in_thread(last_seen) > left
