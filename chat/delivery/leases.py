"""Who is connected, for all web processes: in Redis, each process holds a set of its people that expires by itself.

Nobody has to say goodbye: of a process that was killed nothing is left when its lease ends. Everything is told by
Redis's own clock. When Redis has forgotten everything, it is not known for half a lease who is not connected: until
then all who live have restated theirs, which they do every third of it.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from redis.asyncio import Redis

from chat.policy.presence import Held

# A process not heard of for this long is not asked about any more.
FORGET_S = 3_600
# Members in one command.
CHUNK = 2_000

PROCESSES = "presence:processes"
# Absent: Redis has forgotten.
KNOWN = "presence:known"
SETTLING = "presence:settling"


class Leases:
    """`lease_s`: whole seconds. Every call raises redis.RedisError and OSError when Redis is away."""

    def __init__(self, redis: Redis, process: str, lease_s: int) -> None:
        self._redis = redis
        self._process = process
        self._lease_s = lease_s
        self._settle_s = lease_s // 2
        self.renew_s = lease_s / 3

    async def renew(self, people: Collection[str]) -> None:
        """These and nobody else, for another lease, in one exchange."""
        settled = await self._redis.exists(KNOWN)
        async with self._redis.pipeline(transaction=True) as pipeline:
            if not settled:
                pipeline.set(SETTLING, 1, ex=self._settle_s)
                pipeline.set(KNOWN, 1)
            now = time.time()
            pipeline.zadd(PROCESSES, {self._process: now})
            pipeline.zremrangebyscore(PROCESSES, "-inf", now - FORGET_S)
            pipeline.delete(_of(self._process))
            for some in _chunks(people):
                pipeline.sadd(_of(self._process), *some)
            pipeline.expire(_of(self._process), self._lease_s)
            await pipeline.execute()

    async def change(self, come: Collection[str], gone: Collection[str]) -> None:
        """Until the next renewal."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            for some in _chunks(come):
                pipeline.sadd(_of(self._process), *some)
            for some in _chunks(gone):
                pipeline.srem(_of(self._process), *some)
            # A set that was empty has no expiry.
            pipeline.expire(_of(self._process), self._lease_s)
            await pipeline.execute()

    async def among(self, people: Collection[str]) -> Held:
        """Which of these are connected to any process."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.exists(KNOWN)
            pipeline.exists(SETTLING)
            pipeline.zrange(PROCESSES, 0, -1)
            known, settling, processes = await pipeline.execute()
        asked = list(people)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for process in processes if asked else ():
                pipeline.smismember(_of(process.decode()), asked)
            answers = await pipeline.execute()
        held = {person for answer in answers for person, is_held in zip(asked, answer, strict=True) if is_held}
        return Held(frozenset(held), is_whole=bool(known and not settling))


def _of(process: str) -> str:
    return f"presence:of:{process}"


def _chunks(people: Iterable[str]) -> Iterable[Sequence[str]]:
    rest = iter(people)
    while some := list(islice(rest, CHUNK)):
        yield some
