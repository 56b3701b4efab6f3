"""What Celery's workers count, on its way to whoever asks a web process for /metrics.

Workers have no port to be asked at, so their counts go into one Redis hash: one pipeline when a task ends, whatever
it did. Redis and not the database: a row written every second would be for nothing but this, and losing the hash
harms nobody, since Prometheus takes a counter that falls for one that began anew.
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from chat.metrics.instruments import LATENCY_S, SIZES, Counter, Fields, Histogram, Instrument

logger = logging.getLogger(__name__)

KEY = "messenger:tally"
# In the hash: when acknowledgements were last flushed without an error, in seconds since 1970.
FLUSHED_AT = "flushed_at"

FLUSH_ROWS = Histogram("messenger_flush_rows", "Acknowledgements written by one flush that had any.", SIZES)
FLUSH_SECONDS = Histogram("messenger_flush_seconds", "How long such a flush took.", LATENCY_S)
NUDGES = Counter("messenger_nudges", "Devices told again what they have not acknowledged.")
TASK_RUNS = Counter("messenger_task_runs", "Celery tasks that ended, by name.", "task")
TASK_SECONDS = Counter("messenger_task_seconds", "Time spent in them.", "task")
TASK_FAILURES = Counter("messenger_task_failures", "Those that failed, or put off what they had to do.", "task")

INSTRUMENTS: tuple[Instrument, ...] = (FLUSH_ROWS, FLUSH_SECONDS, NUDGES, TASK_RUNS, TASK_SECONDS, TASK_FAILURES)


class Tally:
    """One worker's. `add_up` never raises: what Redis did not take is kept for the next time."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._waiting: Fields = {}

    def add_up(self) -> None:
        for instrument in INSTRUMENTS:
            for field, amount in instrument.drain().items():
                self._waiting[field] = self._waiting.get(field, 0) + amount
        pipeline = self._redis.pipeline(transaction=True)
        for field, amount in self._waiting.items():
            pipeline.hincrbyfloat(KEY, field, amount)
        try:
            pipeline.execute()
        except (RedisError, OSError) as error:
            logger.warning("figures kept back: %s", type(error).__name__)
        else:
            self._waiting = {}


def note_flushed(redis: Redis) -> None:
    """Just now, without an error. Raises RedisError."""
    redis.hset(KEY, FLUSHED_AT, str(time.time()))


def load(raw: Mapping[Any, Any]) -> tuple[list[Instrument], float | None]:
    """The instruments as all workers together left them in the hash (bytes or text), and when the last flush was."""
    fields = {_text(field): float(value) for field, value in raw.items()}
    return [instrument.load(fields) for instrument in INSTRUMENTS], fields.get(FLUSHED_AT)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
