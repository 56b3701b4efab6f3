"""The broker: how its address is spelt, and how soon everyone is back after it was away."""

import time
from collections.abc import Callable

import pytest
from redis import Redis

from messenger.celery import app, broker_url
from tests.acceptance.servers import House


@pytest.mark.parametrize(
    ("ours", "kombus"),
    [
        ("redis://somewhere:6379/3", "redis://somewhere:6379/3"),
        ("unix:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("unix:///run/redis.sock?db=3", "redis+socket:///run/redis.sock?virtual_host=3"),
    ],
)
def test_kombu_spells_sockets_its_own_way(ours: str, kombus: str) -> None:
    assert broker_url(ours) == kombus


QUEUES = {
    "receipts.tasks.flush": "receipts",
    "chat.tasks.wake": "wakeups",
    "chat.tasks.draw": "media",
    "chat.tasks.tidy": "media",
}


def test_receipts_and_wakeups_have_queues_of_their_own_and_nothing_piles_up() -> None:
    app.loader.import_default_modules()
    for entry in app.conf.beat_schedule.values():
        route = app.amqp.router.route({}, entry["task"])
        assert route["queue"].name == QUEUES.get(entry["task"], "default")
        assert entry["options"]["expires"] <= entry["schedule"]
        assert entry["task"] in app.tasks


def eventually_both_workers(redis: "Redis[bytes]", within: float) -> None:
    """Each makes its queue known when it has connected."""
    end = time.monotonic() + within
    while redis.exists("_kombu.binding.receipts", "_kombu.binding.default") < 2:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.acceptance
@pytest.mark.xdist_group("house-daphne")
def test_workers_are_back_within_seconds_of_a_long_outage(houses: Callable[..., House]) -> None:
    house = houses("daphne")
    with Redis.from_url(house.redis.url) as redis:
        eventually_both_workers(redis, 20)
        house.kill("redis")
        # Long enough for a growing wait to have grown.
        time.sleep(13)
        house.restart("redis")
        eventually_both_workers(redis, 3)
        assert all(house.is_running(name) for name in house.parts)
