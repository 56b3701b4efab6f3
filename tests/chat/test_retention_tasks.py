"""What beat starts: acknowledgements first, then expiry; while Redis is away everything waits."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from redis import Redis

from chat import tasks
from chat.models import Conversation, Inbox, Progress
from receipts.flush import CLAIMS
from tests.cast import Cast
from tests.chat.inbox.aging import appended, lapses, mark, old
from tests.receipts.test_flush import buffered

pytestmark = [pytest.mark.django_db]

CLAIM = "receipts:claim:other"


def test_what_waits_in_redis_is_taken_and_does_not_lapse(redis: Redis, people: Cast, conv: str) -> None:
    old(conv, people.alice, 3)
    buffered(redis, conv, people.bob.device_id, "d", 2)
    tasks.expire()
    assert mark(conv, people.bob) == (2, 3)
    assert lapses(conv, people.bob) == [(3, 3)]


def test_while_redis_is_away_nothing_lapses(people: Cast, conv: str, settings: Any, caplog: Any) -> None:
    old(conv, people.alice, 3)
    address, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    tasks.expire()
    assert lapses(conv, people.bob) == [] and not Inbox.objects.exists()
    assert "expire put off: ConnectionError" in caplog.text
    settings.REDIS_URL = address
    tasks.expire()
    assert lapses(conv, people.bob) == [(1, 3)]


def test_what_another_worker_is_flushing_is_waited_for(
    redis: Redis, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    """It has claimed rows and not written them yet: nobody can know what they say."""
    old(conv, people.alice, 3)
    redis.zadd(CLAIM, {f"{conv}|{people.bob.device_id}|d": 3})
    redis.zadd(CLAIMS, {CLAIM: int(redis.time()[0]) + 60})
    monkeypatch.setattr(tasks, "SETTLE_S", 0.05)
    tasks.expire()
    assert lapses(conv, people.bob) == [] and "still being flushed" in caplog.text
    # That worker died; its claim is flushed by whoever comes next.
    redis.zadd(CLAIMS, {CLAIM: 0})
    tasks.expire()
    assert lapses(conv, people.bob) == [] and mark(conv, people.bob)[0] == 3


def test_each_run_tells_what_it_did_and_no_words(redis: Redis, people: Cast, conv: str, caplog: Any) -> None:
    old(conv, people.alice, 3)
    caplog.set_level(logging.INFO)
    tasks.expire()
    [record] = [record for record in caplog.records if record.message == "expire"]
    assert (record.aged, record.excess, record.media) == (1, 0, 0)
    assert record.ms >= 0


def test_time_may_be_given(redis: Redis, people: Cast, conv: str) -> None:
    appended(conv, people.alice, 2)
    tasks.expire(timezone.now() + timedelta(days=29))
    assert lapses(conv, people.bob) == []
    tasks.expire(timezone.now() + timedelta(days=31))
    assert lapses(conv, people.bob) == [(1, 2)]


def test_the_quota_is_the_setting(redis: Redis, people: Cast, conv: str, settings: Any) -> None:
    settings.INBOX_ENTRIES = 2
    appended(conv, people.alice, 5)
    tasks.expire(timezone.now())
    assert lapses(conv, people.bob) == [(1, 3)]


def test_history_goes_only_where_that_is_set(redis: Redis, people: Cast, conv: str, settings: Any) -> None:
    old(conv, people.alice, 2, days=100)
    tasks.expire()
    tasks.purge()
    assert Conversation.objects.get(id=conv).floor_seq == 0
    assert not Progress.objects.filter(work="history").exists()
    settings.HISTORY_DAYS = 90
    tasks.purge()
    assert Conversation.objects.get(id=conv).floor_seq == 2
