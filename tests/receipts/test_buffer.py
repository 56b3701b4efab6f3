"""Acknowledgements on their way through Redis: the highest wins, with the time it was first heard."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import time_machine
from django.conf import settings
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from messenger.embedded import Redis as RedisServer
from receipts import buffer as module
from receipts.buffer import DELIVERED, PENDING, SEEN, SIGNAL, TIMES, ReceiptBuffer
from tests.servers import new_folder
from tests.waiting import until

NOON = 1_790_000_000


@pytest_asyncio.fixture
async def buffer(redis: Redis) -> AsyncIterator[ReceiptBuffer]:
    async with AsyncRedis.from_url(settings.REDIS_URL) as client:
        yield ReceiptBuffer(client)


def state(redis: Redis) -> dict[str, tuple[int, int]]:
    """Member -> (seq, milliseconds) as another process would claim them."""
    times = redis.hgetall(TIMES)
    return {member: (int(score), int(times[member])) for member, score in redis.zrange(PENDING, 0, -1, withscores=True)}


async def test_the_highest_of_a_process_is_written(buffer: ReceiptBuffer, redis: Redis) -> None:
    with time_machine.travel(NOON, tick=False):
        for seq in (3, 7, 5):
            buffer.note("c", "d", DELIVERED, seq)
        buffer.note("c", "d", SEEN, 2)
        assert await buffer.flush()
    assert state(redis) == {"c|d|d": (7, NOON * 1000), "c|d|s": (2, NOON * 1000)}
    assert redis.llen(SIGNAL) == 1


async def test_a_repeat_does_not_make_it_later(buffer: ReceiptBuffer, redis: Redis) -> None:
    """A device restates its position in every heartbeat; the entry was received when it was first heard of."""
    for moment, seq in ((NOON, 7), (NOON + 60, 7), (NOON + 90, 4)):
        with time_machine.travel(moment, tick=False):
            buffer.note("c", "d", DELIVERED, seq)
            await buffer.flush()
    assert state(redis) == {"c|d|d": (7, NOON * 1000)}


async def test_a_rise_takes_its_own_time(buffer: ReceiptBuffer, redis: Redis) -> None:
    for moment, seq in ((NOON, 7), (NOON + 60, 8)):
        with time_machine.travel(moment, tick=False):
            buffer.note("c", "d", DELIVERED, seq)
            await buffer.flush()
    assert state(redis) == {"c|d|d": (8, (NOON + 60) * 1000)}


async def test_nothing_noted_writes_nothing(buffer: ReceiptBuffer, redis: Redis) -> None:
    assert await buffer.flush()
    assert redis.keys() == []


async def test_whoever_asks_for_a_write_waits_for_one_that_is_on_its_way(buffer: ReceiptBuffer, redis: Redis) -> None:
    buffer.note("c", "d", DELIVERED, 7)
    other = asyncio.create_task(buffer.flush())
    await asyncio.sleep(0)
    assert await buffer.flush()
    assert redis.zscore(PENDING, "c|d|d") == 7
    assert await other


async def test_who_is_gone_takes_nothing_along(buffer: ReceiptBuffer, redis: Redis) -> None:
    """A request that waited too long: what it was writing was of others, too."""
    buffer.note("c", "d", DELIVERED, 7)
    gone = asyncio.create_task(buffer.flush())
    await asyncio.sleep(0)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await buffer.flush()
    assert redis.zscore(PENDING, "c|d|d") == 7


async def test_more_than_one_exchange_holds(buffer: ReceiptBuffer, redis: Redis) -> None:
    for n in range(12_000):
        buffer.note(f"c{n}", "d", DELIVERED, n + 1)
    assert await buffer.flush()
    assert redis.zcard(PENDING) == redis.hlen(TIMES) == 12_000
    assert redis.zscore(PENDING, "c11999|d|d") == 12_000


async def test_held_while_redis_is_away_and_written_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_S", 0.05)
    server = RedisServer(new_folder("redis-") / "redis")
    async with AsyncRedis.from_url(server.url) as client:
        buffer = ReceiptBuffer(client)
        with time_machine.travel(NOON, tick=False):
            buffer.note("c", "d", DELIVERED, 7)
            assert not await buffer.flush()
        buffer.note("c", "d", DELIVERED, 5)
        running = asyncio.create_task(buffer.run())
        # The kernel ends the server with the thread that made it: that must not be one of a pool.
        server.start()
        try:
            with Redis.from_url(server.url, decode_responses=True) as direct:
                await until(lambda: direct.zscore(PENDING, "c|d|d") == 7)
                assert state(direct) == {"c|d|d": (7, NOON * 1000)}
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            server.stop()


async def test_what_is_held_is_bounded(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_HELD", 3)
    async with AsyncRedis.from_url("unix:///nowhere/redis.sock") as client:
        buffer = ReceiptBuffer(client)
        for n in range(10):
            buffer.note(f"c{n}", "d", DELIVERED, 1)
        assert not await buffer.flush()
        for n in range(10):
            buffer.note("c0", "d", DELIVERED, n)
        assert not await buffer.flush()
        assert len(buffer._held) == 3
