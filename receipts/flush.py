"""From the Redis buffer into the ledger, claim by claim.

A claim is the buffer renamed to a name of its own, so that two workers never hold the same rows and a worker that
dies leaves its claim behind to be flushed again (applying twice changes nothing). A row that the database cannot
take is found by halving and set aside; the rest of its claim goes through.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import DataError, IntegrityError, InterfaceError, OperationalError
from redis import Redis

from chat.metrics.tally import FLUSH_ROWS, FLUSH_SECONDS
from receipts import ledger
from receipts.buffer import CLAIMS, PENDING, SIGNAL, TIMES
from receipts.ledger import Applied, Row
from receipts.watermarks import Kind

logger = logging.getLogger(__name__)

QUARANTINE = "receipts:quarantine"
QUARANTINE_ROWS = 1_000
# A claim this old was left behind by a worker that died.
ABANDONED_S = 15
SETTLING_S = 0.02
KINDS = {"d": Kind.DELIVERED.value, "s": Kind.SEEN.value, "r": ledger.CHANGED}

CLAIM = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('RENAME', KEYS[2], ARGV[1] .. ':times') end
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return 1
"""

Publish = Callable[[Applied], None]


def connect() -> Redis:
    return Redis.from_url(settings.REDIS_URL, decode_responses=True, socket_timeout=5, socket_connect_timeout=2)


class Flusher:
    """`publish` is told what rose, after commit; a hint, so its failure is only logged."""

    def __init__(self, redis: Redis, publish: Publish) -> None:
        self._redis = redis
        self._publish = publish
        self._claim = redis.register_script(CLAIM)

    def wait(self, seconds: float) -> bool:
        """Until there is something to flush, at most `seconds`."""
        return self._redis.blpop([SIGNAL], timeout=max(0.05, seconds)) is not None

    def flush(self) -> int:
        """Flushes the buffer and any abandoned claims. Rows applied."""
        now = time.time()
        name = f"receipts:claim:{uuid4().hex}"
        began = time.monotonic()
        claimed = self._claim(keys=[PENDING, TIMES, CLAIMS], args=[name, now])
        left: Any = self._redis.zrangebyscore(CLAIMS, "-inf", now - ABANDONED_S)
        flushed = sum([self._flush_claim(each) for each in [*([name] if claimed else []), *left]])
        if flushed:
            FLUSH_ROWS.observe(flushed)
            FLUSH_SECONDS.observe(time.monotonic() - began)
        return flushed

    def settle(self, seconds: float) -> bool:
        """Flushes, and waits until what other workers were flushing at that moment is done too, at most `seconds`:
        everything in Redis when this was called is then in the database. False: it is not."""
        self.flush()
        end = time.monotonic() + seconds
        others: Any = self._redis.zrange(CLAIMS, 0, -1)
        while others:
            if time.monotonic() > end:
                return False
            time.sleep(SETTLING_S)
            scores: Any = self._redis.zmscore(CLAIMS, others)
            others = [name for name, score in zip(others, scores, strict=True) if score is not None]
        return True

    def _flush_claim(self, name: str) -> int:
        rows = self._rows(name)
        try:
            self._apply(rows)
        except (OperationalError, InterfaceError):
            # The database is away or busy: the next flush takes the claim up again, not only after ABANDONED_S.
            self._redis.zadd(CLAIMS, {name: 0}, xx=True)
            raise
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(name, f"{name}:times")
        pipeline.zrem(CLAIMS, name)
        pipeline.execute()
        return len(rows)

    def _rows(self, name: str) -> list[Row]:
        times: Any = self._redis.hgetall(f"{name}:times")
        members: Any = self._redis.zrange(name, 0, -1, withscores=True)
        now = int(time.time() * 1000)
        rows = []
        for member, score in members:
            match member.split("|"):
                case [conv, device, ("d" | "s" | "r") as kind]:
                    rows.append(Row(conv, device, KINDS[kind], int(score), int(times.get(member, now))))
                case _:
                    self._set_aside(member)
        return rows

    def _apply(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        try:
            applied = ledger.apply(rows)
        except (DataError, IntegrityError):
            self._halve(rows)
            return
        if applied.change is not None:
            self._tell(applied)

    def _halve(self, rows: Sequence[Row]) -> None:
        if len(rows) == 1:
            self._set_aside(repr(rows[0]))
            return
        half = len(rows) // 2
        self._apply(rows[:half])
        self._apply(rows[half:])

    def _set_aside(self, row: str) -> None:
        logger.error("receipt set aside: %.200s", row)
        self._redis.lpush(QUARANTINE, row)
        self._redis.ltrim(QUARANTINE, 0, QUARANTINE_ROWS - 1)

    def _tell(self, applied: Applied) -> None:
        try:
            self._publish(applied)
        except Exception as error:
            logger.warning("ticks not published: %s", type(error).__name__)
