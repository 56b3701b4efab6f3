"""How much people may do, without a round trip for each: this process's leases on the shared buckets
(chat/policy/lease.py), and the one task that renews them.

Whatever is wished for while an exchange is under way goes with the next: at most one exchange with Redis at a time,
however many people do however much.
"""

import asyncio
import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat.policy.lease import Lease
from chat.quota.bucket import SCRIPT, Claim, answers, arguments
from chat.quota.kinds import What, buckets

logger = logging.getLogger(__name__)

# Leases kept. When there are more all are forgotten: what was lent is lost to their people, and fills up again.
MOST_LEASES = 100_000
# In one script: Redis does nothing else meanwhile.
CHUNK = 500
# While Redis is away it is asked this often.
RETRY_S = 1.0


class Quotas:
    """`take`, `spend` and `give_back` touch nothing but this process's memory. `user` and `address` are empty where
    nobody, or nowhere, is known."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._leases: dict[str, Lease] = {}
        # The same by who does what, and from where: it is looked up for every message.
        self._known: dict[tuple[What, str, str], tuple[tuple[str, Lease], ...]] = {}
        self._wanting: dict[str, Lease] = {}
        self._wake = asyncio.Event()

    def take(self, what: What, user: str, address: str, tokens: float = 1.0) -> float:
        """0 when granted, otherwise the seconds until it would be; then nothing is taken."""
        now = _now()
        counted = self._counted(what, user, address, now)
        for n, (key, lease) in enumerate(counted):
            wait = lease.take(now, tokens)
            if lease.needs_more(now):
                self._renew(key, lease)
            if wait:
                for _, before in counted[:n]:
                    before.spend(now, -tokens)
                return wait
        return 0.0

    def spend(self, what: What, user: str, address: str, tokens: float) -> None:
        """After the fact, where it is known only then how much it was; what is missing has to fill up again."""
        now = _now()
        for key, lease in self._counted(what, user, address, now):
            lease.spend(now, tokens)
            if lease.needs_more(now):
                self._renew(key, lease)

    def give_back(self, what: What, user: str, address: str, tokens: float = 1.0) -> None:
        """Of what was taken: it came to nothing."""
        self.spend(what, user, address, -tokens)

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self._settle():
                await asyncio.sleep(RETRY_S)

    def _counted(self, what: What, user: str, address: str, now: float) -> tuple[tuple[str, Lease], ...]:
        known = self._known.get((what, user, address))
        if known is not None:
            return known
        if len(self._leases) >= MOST_LEASES or len(self._known) >= MOST_LEASES:
            self._leases, self._known = {}, {}
        counted = tuple(
            (key, self._leases.setdefault(key, Lease(rate, now))) for key, rate in buckets(what, user, address)
        )
        self._known[what, user, address] = counted
        return counted

    def _renew(self, key: str, lease: Lease) -> None:
        self._wanting[key] = lease
        self._wake.set()

    async def _settle(self) -> bool:
        """False: Redis is away, and all who wished have buckets of this process's own."""
        wanting, self._wanting = list(self._wanting.items()), {}
        ok = True
        for start in range(0, len(wanting), CHUNK):
            ok = await self._settle_some(wanting[start : start + CHUNK]) and ok
        return ok

    async def _settle_some(self, wanting: list[tuple[str, Lease]]) -> bool:
        wishes = [(key, lease, lease.wish(_now())) for key, lease in wanting]
        claims = [Claim(key, lease.rate, wish.owed, wish.want) for key, lease, wish in wishes]
        try:
            found = await self._redis.eval(SCRIPT, *arguments(claims))  # type: ignore[misc]
        except (RedisError, OSError) as error:
            logger.warning("limits are this process's own: %s", type(error).__name__)
            for _, lease, _ in wishes:
                lease.unanswered(_now())
            return False
        for (_, lease, _), (granted, left) in zip(wishes, answers(found), strict=True):
            lease.lent(_now(), granted, left)
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
