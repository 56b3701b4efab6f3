"""Acknowledgements on their way to the database: a max in this process, then a max in Redis.

Redis holds one sorted set, member "conversation|device|kind", score the highest seq, and beside it a hash with the
server's time of that rise: a repeat changes neither, or what was received at noon would be told as received when it
was last restated. The first acknowledgement is written at once, those of the next 30 ms together.
Nothing is lost for good when Redis forgets it all: devices restate their positions, and the sweep nudges.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

logger = logging.getLogger(__name__)

PENDING = "receipts:pending"
TIMES = "receipts:times"
SIGNAL = "receipts:signal"
# What is being flushed: names of sorted sets like PENDING (flush.py).
CLAIMS = "receipts:claims"
INTERVAL_S = 0.03
RETRY_S = 0.5
# Distinct (conversation, device, kind) kept while Redis is away; beyond it the oldest are left to restating.
MAX_HELD = 100_000

# Members raised by one script: Redis does nothing else meanwhile.
CHUNK = 2_000

# ARGV: member, seq, milliseconds, and so on. ZADD GT alone cannot tell which of its members rose.
RAISE = """
for n = 1, #ARGV, 3 do
  local known = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if not known or tonumber(ARGV[n + 1]) > tonumber(known) then
    redis.call('ZADD', KEYS[1], ARGV[n + 1], ARGV[n])
    redis.call('HSET', KEYS[2], ARGV[n], ARGV[n + 2])
  end
end
"""

# ARGV: members. Of each the highest seq, in the buffer and in the claims that are being flushed.
LOOK = """
local names = redis.call('ZRANGE', KEYS[2], 0, -1)
names[#names + 1] = KEYS[1]
local found = {}
for n = 1, #ARGV do
  local most = 0
  for _, name in ipairs(names) do
    most = math.max(most, tonumber(redis.call('ZSCORE', name, ARGV[n]) or 0))
  end
  found[n] = string.format('%.0f', most)
end
return found
"""

DELIVERED = "d"
SEEN = "s"
CHANGED = "r"

Held = dict[str, tuple[int, int]]
"""Member -> (seq, when it was heard, in milliseconds since 1970)"""

Noted = tuple[str, str, str]
"""(conversation, device, kind)"""


class ReceiptBuffer:
    """`note` is called for every acknowledgement and only touches a dict."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._held: Held = {}
        # On its way to Redis.
        self._going: Held = {}
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()

    def note(self, conv: str, device: str, kind: str, seq: int) -> None:
        """Device stands at `seq` for `kind` (DELIVERED or SEEN; CHANGED: at revision `seq`)."""
        member = f"{conv}|{device}|{kind}"
        held = self._held.get(member)
        if held is None or seq > held[0]:
            self._held[member] = (seq, time.time_ns() // 1_000_000)
            self._wake.set()

    async def noted(self, wanted: Sequence[Noted]) -> dict[Noted, int]:
        """How far these were noted, here or by any other process, as far as it may not be in the database yet: what
        is read there afterwards is at least what this does not tell. Raises RedisError."""
        members = [f"{conv}|{device}|{kind}" for conv, device, kind in wanted]
        here = [max(held.get(member, (0, 0))[0] for held in (self._held, self._going)) for member in members]
        there: Any = await self._redis.eval(LOOK, 2, PENDING, CLAIMS, *members) if members else []  # type: ignore[misc]
        return {each: max(int(score), own) for each, score, own in zip(wanted, there, here, strict=True)}

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            ok = await self.flush()
            await asyncio.sleep(INTERVAL_S if ok else RETRY_S)

    async def flush(self) -> bool:
        """Writes what is held in one exchange: what was noted before is in Redis then, whoever has written it. False
        when Redis is away; it is then held on to."""
        async with self._turn:
            return await self._flush()

    async def _flush(self) -> bool:
        held, self._held = self._held, {}
        if not held:
            return True
        self._going = held
        pipeline = self._redis.pipeline(transaction=True)
        _raise(pipeline, held)
        pipeline.rpush(SIGNAL, "1")
        pipeline.ltrim(SIGNAL, -1, -1)
        try:
            await pipeline.execute()
        except Exception as error:
            # Whatever it was: the writer must go on, and what is held loses nothing by waiting.
            logger.warning("receipts held back: %s", type(error).__name__)
            self._hold_on_to(held)
            return False
        except asyncio.CancelledError:
            # Whoever asked is gone; what is held is of others, too.
            self._hold_on_to(held)
            raise
        finally:
            self._going = {}
        return True

    def _hold_on_to(self, held: Held) -> None:
        for member, (seq, at) in held.items():
            # Noted again meanwhile: the first time counts.
            if len(self._held) < MAX_HELD and self._held.get(member, (0, 0))[0] <= seq:
                self._held[member] = (seq, at)
        self._wake.set()


def _raise(pipeline: Pipeline, held: Held) -> None:
    rows = [(member, seq, at) for member, (seq, at) in held.items()]
    for start in range(0, len(rows), CHUNK):
        values = [str(value) for row in rows[start : start + CHUNK] for value in row]
        pipeline.eval(RAISE, 2, PENDING, TIMES, *values)
