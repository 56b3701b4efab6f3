"""From the buffer into the ledger: claims are never lost, and a row at fault costs only itself."""

import threading
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from chat.log import devices
from chat.models import Conversation
from receipts.buffer import PENDING, SIGNAL, TIMES
from receipts.flush import ABANDONED_S, CLAIMS, QUARANTINE, Flusher
from receipts.ledger import Applied
from receipts.models import Receipt, Watermark
from receipts.watermarks import Claim, Kind, Mark, rises
from tests.cast import Cast, Person, make_direct
from tests.log import write

pytestmark = [pytest.mark.django_db]

NOON = 1_790_000_000_000


def buffered(redis: Redis, conv: str, device: str, kind: str, seq: int, at: int = NOON) -> None:
    """As a web process leaves it: in one step, or a claim between two of them leaves the times behind."""
    member = f"{conv}|{device}|{kind}"
    pipeline = redis.pipeline(transaction=True)
    pipeline.zadd(PENDING, {member: seq}, gt=True)
    pipeline.hset(TIMES, member, at)
    pipeline.rpush(SIGNAL, "1")
    pipeline.execute()


class Told(list[Applied]):
    def __call__(self, applied: Applied) -> None:
        self.append(applied)


def mark(conv: str, person: Person) -> tuple[int, int]:
    found = Watermark.objects.get(conversation=conv, user=person.user)
    return found.delivered_seq, found.seen_seq


def is_clean(redis: Redis) -> bool:
    return redis.keys("receipts:claim*") == [] and not redis.exists(PENDING, TIMES)


def test_what_is_buffered_is_flushed_told_and_gone(redis: Redis, people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    buffered(redis, conv, people.bob.device_id, "s", 2, NOON + 7)
    told = Told()
    flusher = Flusher(redis, told)
    assert flusher.wait(5)
    assert flusher.flush() == 2
    assert mark(conv, people.bob) == (3, 2)
    assert [ack["timestamp"] for person, ack in told[0].acks if person == people.alice.id] == [NOON, NOON + 7]
    assert is_clean(redis)
    assert flusher.flush() == 0 and len(told) == 1


def test_nothing_to_flush_is_waited_for_but_not_long(redis: Redis) -> None:
    assert not Flusher(redis, Told()).wait(0.05)


def test_a_claim_left_behind_is_flushed_again(redis: Redis, people: Cast, conv: str) -> None:
    """A worker died with it; whether it got as far as the database or not, the result is the same."""
    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    redis.rename(PENDING, "receipts:claim:left")
    redis.rename(TIMES, "receipts:claim:left:times")
    seconds = int(redis.time()[0])
    redis.zadd(CLAIMS, {"receipts:claim:left": seconds})
    assert Flusher(redis, Told()).flush() == 0
    redis.zadd(CLAIMS, {"receipts:claim:left": seconds - ABANDONED_S - 1})
    assert Flusher(redis, Told()).flush() == 1
    assert mark(conv, people.bob) == (3, 0)
    assert Receipt.objects.get().at.timestamp() == NOON / 1000
    assert is_clean(redis)


@pytest.mark.django_db(transaction=True)
def test_a_busy_database_keeps_the_claim_and_it_is_next(redis: Redis, dsn: str, people: Cast, conv: str) -> None:
    """Not after the time a dead worker is given: its ticks would be that late."""
    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    flusher = Flusher(redis, Told())
    with psycopg.connect(dsn) as holder, connection.cursor() as cursor:
        holder.execute("SELECT 1 FROM receipts_watermark FOR UPDATE")
        cursor.execute("SET lock_timeout = '50ms'")
        with pytest.raises(OperationalError):
            flusher.flush()
        cursor.execute("RESET lock_timeout")
    assert mark(conv, people.bob) == (0, 0)
    assert flusher.flush() == 1
    assert mark(conv, people.bob) == (3, 0) and is_clean(redis)


def test_a_row_at_fault_is_set_aside_alone(redis: Redis, people: Cast, conv: str, caplog: Any) -> None:
    write(conv, people.alice, 3)
    buffered(redis, "not-a-uuid", people.bob.device_id, "d", 3)
    buffered(redis, conv, people.alice.device_id, "d", 2)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    buffered(redis, conv, people.bob.device_id, "s", 2**63)
    Flusher(redis, Told()).flush()
    assert mark(conv, people.bob) == (3, 0) and mark(conv, people.alice) == (2, 0)
    assert redis.llen(QUARANTINE) == 2
    assert is_clean(redis)
    assert "not-a-uuid" in caplog.text


def test_a_member_of_another_shape_is_set_aside_alone(redis: Redis, people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    for member in ("garbage", f"{conv}|{people.bob.device_id}|x", "a|b|c|d"):
        redis.zadd(PENDING, {member: 1})
    buffered(redis, conv, people.bob.device_id, "d", 3)
    Flusher(redis, Told()).flush()
    assert mark(conv, people.bob) == (3, 0)
    assert redis.llen(QUARANTINE) == 3 and is_clean(redis)


def test_a_time_that_was_lost_is_now(redis: Redis, people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    redis.delete(TIMES)
    Flusher(redis, Told()).flush()
    assert abs(Receipt.objects.get().at.timestamp() - int(redis.time()[0])) < 60


def test_redis_emptied_loses_only_what_can_be_restated(redis: Redis, people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 2)
    redis.flushdb()
    flusher = Flusher(redis, Told())
    assert flusher.flush() == 0
    buffered(redis, conv, people.bob.device_id, "d", 3)
    assert flusher.flush() == 1 and mark(conv, people.bob) == (3, 0)


def test_a_claim_that_redis_forgot_is_forgotten(redis: Redis) -> None:
    redis.zadd(CLAIMS, {"receipts:claim:gone": 1})
    assert Flusher(redis, Told()).flush() == 0
    assert is_clean(redis)


def test_ticks_that_cannot_be_published_are_only_a_lost_hint(redis: Redis, people: Cast, conv: str) -> None:
    def broken(applied: Applied) -> None:
        raise ConnectionError

    write(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 3)
    assert Flusher(redis, broken).flush() == 1
    assert mark(conv, people.bob) == (3, 0) and is_clean(redis)


@pytest.mark.django_db(transaction=True)
def test_two_flushers_at_once_share_and_never_deadlock(redis: Redis, people: Cast) -> None:
    pairs = [(people.alice, people.bob), (people.alice, people.carol), (people.bob, people.carol)]
    convs = [make_direct(first, second) for first, second in pairs]
    for each, (first, _) in zip(convs, pairs, strict=True):
        write(each, first, 60)
    told, failed = Told(), []

    def work() -> None:
        flusher = Flusher(redis, told)
        try:
            for seq in range(1, 61):
                for each, members in zip(convs, pairs, strict=True):
                    for person in members:
                        buffered(redis, each, person.device_id, "d", seq)
                        buffered(redis, each, person.device_id, "s", seq)
                flusher.flush()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    Flusher(redis, told).flush()
    for each, members in zip(convs, pairs, strict=True):
        assert [mark(each, person) for person in members] == [(60, 60)] * 2
    uptos = Receipt.objects.values_list("conversation_id", "user_id", "kind", "upto_seq")
    assert len(set(uptos)) == len(uptos)
    assert is_clean(redis)


HEAD = 12
claims = st.lists(
    st.tuples(st.sampled_from(["d", "s"]), st.integers(0, 1), st.integers(1, HEAD + 3), st.booleans()), max_size=14
)


@given(claims)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_watermark_is_what_the_rule_says(
    redis: Redis, people: Cast, given_claims: list[tuple[str, int, int, bool]]
) -> None:
    """V8: any claims of two devices, in any order and any batches, against the pure rule."""
    redis.flushdb()
    Conversation.objects.all().delete()
    conv = make_direct(people.alice, people.bob)
    write(conv, people.alice, HEAD)
    phones = [people.bob.device_id, _second(people.bob)]
    flusher, expected = Flusher(redis, Told()), Mark()
    batch: list[Claim] = []
    for kind, device, seq, flush_now in [*given_claims, ("d", 0, 1, True)]:
        buffered(redis, conv, phones[device], kind, seq)
        batch.append(Claim(Kind.DELIVERED if kind == "d" else Kind.SEEN, seq, NOON))
        if flush_now:
            flusher.flush()
            expected, _ = rises(expected, HEAD, batch)
            batch = []
            assert mark(conv, people.bob) == (expected.delivered, expected.seen)


def _second(person: Person) -> str:
    """The person's other device, the same in each example."""
    other = person.user.devices.exclude(id=person.device.id).first()
    return str((other or devices.register(person.user, "laptop")[0]).id)
