"""How much people may do, without a round trip for each: this process's leases on the shared buckets
(chat/policy/lease.py), and the one task that renews them.

Whatever is wished for while an exchange is under way goes with the next: at most one exchange with Redis at a time,
however many people do however much.
"""

import asyncio
import logging
from collections import OrderedDict

from redis.asyncio import Redis
from redis.exceptions import RedisError

from chat.policy.lease import Lease
from chat.policy.rate import Rate
from chat.quota.bucket import SCRIPT, Claim, answers, arguments
from chat.quota.kinds import What, buckets

logger = logging.getLogger(__name__)

# Leases kept; who was not heard of longest is forgotten, and what was lent is lost to them.
MOST_LEASES = 50_000
# In one script: Redis does nothing else meanwhile.
CHUNK = 500
# While Redis is away it is asked this often.
RETRY_S = 1.0


class Quotas:
    """`take`, `spend` and `give_back` touch nothing but this process's memory. `user` and `address` are empty where
    nobody, or nowhere, is known."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._leases: OrderedDict[str, Lease] = OrderedDict()
        self._wanting: dict[str, Lease] = {}
        self._wake = asyncio.Event()

    def take(self, what: What, user: str, address: str, tokens: float = 1.0) -> float:
        """0 when granted, otherwise the seconds until it would be; then nothing is taken."""
        now = _now()
        taken: list[Lease] = []
        for key, rate in buckets(what, user, address):
            lease = self._lease(key, rate, now)
            wait = lease.take(now, tokens)
            self._renew(key, lease, now)
            if wait:
                for each in taken:
                    each.spend(-tokens)
                return wait
            taken.append(lease)
        return 0.0

    def spend(self, what: What, user: str, address: str, tokens: float) -> None:
        """After the fact, where it is known only then how much it was; what is missing has to fill up again."""
        now = _now()
        for key, rate in buckets(what, user, address):
            lease = self._lease(key, rate, now)
            lease.spend(tokens)
            self._renew(key, lease, now)

    def give_back(self, what: What, user: str, address: str, tokens: float = 1.0) -> None:
        """Of what was taken: it came to nothing."""
        self.spend(what, user, address, -tokens)

    async def run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self._settle():
                await asyncio.sleep(RETRY_S)

    def _lease(self, key: str, rate: Rate, now: float) -> Lease:
        lease = self._leases.get(key)
        if lease is None or lease.rate != rate:
            lease = self._leases[key] = Lease(rate, now)
            if len(self._leases) > MOST_LEASES:
                self._leases.popitem(last=False)
        else:
            self._leases.move_to_end(key)
        return lease

    def _renew(self, key: str, lease: Lease, now: float) -> None:
        if lease.needs_more(now):
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
