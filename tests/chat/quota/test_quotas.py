"""Limits that all processes share, on a real Redis; and without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pytest_django import Settings
from redis.asyncio import Redis

from chat.policy.lease import CREDIT
from chat.policy.rate import Rate
from chat.quota import ask
from chat.quota.kinds import What
from chat.quota.quotas import Quotas
from tests.waiting import until

SLOW = Rate(20.0, 100_000.0)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def limits(settings: Settings, redis: Any) -> None:
    settings.LIMITS = settings.LIMITS | {
        "sends": (SLOW, Rate(30.0, 100_000.0)),
        "sign_ups": (None, Rate(3.0, 3_600.0)),
        "conversations": (None, None),
    }


@asynccontextmanager
async def process(url: str) -> AsyncIterator[Quotas]:
    async with Redis.from_url(url) as client:
        quotas = Quotas(client)
        task = asyncio.get_running_loop().create_task(quotas.run())
        yield quotas
        task.cancel()


async def drain(quotas: Quotas, user: str, address: str, tries: int = 60) -> int:
    """How many of these sends were granted, Redis being asked in between."""
    granted = 0
    for _ in range(tries):
        granted += not quotas.take(What.SENDS, user, address)
        await asyncio.sleep(0.005)
    return granted


async def test_two_processes_grant_no_more_than_one(settings: Settings) -> None:
    async with process(settings.REDIS_URL) as one, process(settings.REDIS_URL) as other:
        first = await drain(one, "alice", "")
        assert first == SLOW.most
        # All it knows of the bucket is that it may be full: on credit, until it hears otherwise, and never again.
        assert await drain(other, "alice", "") <= SLOW.most * CREDIT
        assert await drain(other, "alice", "") == 0
        assert await drain(other, "bob", "") == SLOW.most


async def test_an_address_is_limited_whoever_comes_from_it(settings: Settings) -> None:
    async with process(settings.REDIS_URL) as quotas:
        assert await drain(quotas, "alice", "192.0.2.1") == 20
        assert await drain(quotas, "bob", "192.0.2.1") == 10
        # What the address refused was not taken from the person.
        assert await drain(quotas, "bob", "192.0.2.2") == 10


async def test_a_refusal_tells_how_long(settings: Settings) -> None:
    async with process(settings.REDIS_URL) as quotas:
        await drain(quotas, "alice", "")
        assert quotas.take(What.SENDS, "alice", "") == 60.0


async def test_where_there_is_no_limit_nothing_is_counted(settings: Settings, redis: Any) -> None:
    async with process(settings.REDIS_URL) as quotas:
        assert all(not quotas.take(What.CONVERSATIONS, "alice", "192.0.2.1") for _ in range(1_000))
        await asyncio.sleep(0)
    assert redis.keys("quota:*") == []


async def test_a_full_bucket_is_forgotten(settings: Settings, redis: Any) -> None:
    settings.LIMITS = settings.LIMITS | {"sends": (Rate(100.0, 1.0), None)}
    async with process(settings.REDIS_URL) as quotas:
        assert not quotas.take(What.SENDS, "alice", "")
        await until(lambda: redis.keys("quota:*"))
        await until(lambda: not redis.keys("quota:*"))


async def test_without_redis_each_process_has_its_own(settings: Settings) -> None:
    async with process(NOWHERE) as one, process(NOWHERE) as other:
        for quotas in (one, other):
            assert 20 <= await drain(quotas, "alice", "") <= 20 * 1.5


async def test_the_hot_path_asks_redis_no_more_than_once_a_portion(settings: Settings) -> None:
    settings.LIMITS = settings.LIMITS | {"sends": (Rate(10_000.0, 60.0), None)}
    async with process(settings.REDIS_URL) as quotas:
        calls = 0
        original = quotas._redis.eval

        async def counted(*given: Any) -> Any:
            nonlocal calls
            calls += 1
            return await original(*given)

        quotas._redis.eval = counted  # type: ignore[method-assign]
        for n in range(5_000):
            assert not quotas.take(What.SENDS, "alice", "")
            if not n % 50:
                await asyncio.sleep(0.001)
        assert 0 < calls <= 25


def test_what_is_rare_is_asked_each_time_and_tells_how_long() -> None:
    assert [ask.wait_for(What.SIGN_UPS, address="192.0.2.1") for _ in range(3)] == [0, 0, 0]
    assert 1_190 < ask.wait_for(What.SIGN_UPS, address="192.0.2.1") <= 1_200
    assert ask.wait_for(What.SIGN_UPS, address="192.0.2.2") == 0
    assert ask.wait_for(What.CONVERSATIONS, "alice") == 0


def test_and_without_redis_counted_here(settings: Settings) -> None:
    settings.REDIS_URL = NOWHERE
    waits = [ask.wait_for(What.SIGN_UPS, address="192.0.2.9") for _ in range(4)]
    assert waits[:3] == [0, 0, 0] and 1_000 < waits[3] <= 1_200
