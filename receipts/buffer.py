"""Acknowledgements on their way to the database: a max in this process, then a max in Redis.

Redis holds one sorted set, member "conversation|device|kind", score the highest seq (ZADD GT), and beside it a hash
with the server's time of that rise. The first acknowledgement is written at once, those of the next 30 ms together.
Nothing is lost for good when Redis forgets it all: devices restate their positions, and the sweep nudges.
"""

import asyncio
import logging
import time

from redis.asyncio import Redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

PENDING = "receipts:pending"
TIMES = "receipts:times"
SIGNAL = "receipts:signal"
INTERVAL_S = 0.03
RETRY_S = 0.5
# Distinct (conversation, device, kind) kept while Redis is away; beyond it the oldest are left to restating.
MAX_HELD = 100_000

DELIVERED = "d"
SEEN = "s"


class ReceiptBuffer:
    """`note` is called for every acknowledgement and only touches a dict."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._held: dict[str, tuple[int, int]] = {}
        self._wake = asyncio.Event()
        self.noted = 0

    def note(self, conv: str, device: str, kind: str, seq: int) -> None:
        """Device stands at `seq` for `kind` (DELIVERED or SEEN)."""
        member = f"{conv}|{device}|{kind}"
        held = self._held.get(member)
        if held is None or seq > held[0]:
            self._held[member] = (seq, time.time_ns() // 1_000_000)
            self._wake.set()
        self.noted += 1

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            ok = await self.flush()
            await asyncio.sleep(INTERVAL_S if ok else RETRY_S)

    async def flush(self) -> bool:
        """Writes what is held in one exchange. False when Redis is away; it is then held on to."""
        held, self._held = self._held, {}
        if not held:
            return True
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.zadd(PENDING, {member: seq for member, (seq, _) in held.items()}, gt=True)
        pipeline.hset(TIMES, mapping={member: at for member, (_, at) in held.items()})
        pipeline.rpush(SIGNAL, "1")
        pipeline.ltrim(SIGNAL, -1, -1)
        try:
            await pipeline.execute()
        except (RedisError, OSError, TimeoutError) as error:
            logger.warning("receipts held back: %s", type(error).__name__)
            self._hold_on_to(held)
            return False
        return True

    def _hold_on_to(self, held: dict[str, tuple[int, int]]) -> None:
        for member, (seq, at) in held.items():
            if len(self._held) < MAX_HELD and self._held.get(member, (0, 0))[0] < seq:
                self._held[member] = (seq, at)
        self._wake.set()
