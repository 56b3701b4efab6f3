"""A process ends although a library loses a cancellation."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from channels_redis.pubsub import RedisSingleShardConnection
from redis import Redis

from chat.delivery.ending import close_layer, end_all


async def deaf_once(*_: object) -> None:
    """Goes on after its first cancellation, as redis-py's does when an answer comes in the same moment."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)


async def test_a_task_that_did_not_hear_is_told_again() -> None:
    tasks = [asyncio.create_task(deaf_once()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    await end_all(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_so_is_the_reader_of_the_channel_layer(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RedisSingleShardConnection, "_do_receiving", deaf_once)
    layer = get_channel_layer()
    await layer.new_channel()
    [shard] = layer._shards
    reader = shard._receive_task
    await asyncio.sleep(0)
    await close_layer()
    assert reader.cancelled() and shard._receive_task is None and shard._redis is None
