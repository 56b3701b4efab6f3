"""For what is rare and costs anyway (signing in and up, resets, exports): the shared bucket is asked each time, from
Django's synchronous side. While Redis is away each process has buckets of its own.
"""

import logging
import threading
import time
from collections import OrderedDict
from functools import cache

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from chat.policy.rate import Rate, TokenBucket
from chat.quota.bucket import SCRIPT, Claim, answers, arguments
from chat.quota.kinds import What, buckets

logger = logging.getLogger(__name__)

# Buckets kept while Redis is away.
MOST_BUCKETS = 10_000

_own: OrderedDict[str, TokenBucket] = OrderedDict()
_lock = threading.Lock()


def wait_for(what: What, user: str = "", address: str = "") -> float:
    """0 when granted, otherwise the seconds until it would be."""
    claims = [Claim(key, rate, want=1.0, least=1.0) for key, rate in buckets(what, user, address)]
    if not claims:
        return 0.0
    try:
        found = answers(_redis(settings.REDIS_URL).eval(SCRIPT, *arguments(claims)))
    except (RedisError, OSError) as error:
        logger.warning("limits are this process's own: %s", type(error).__name__)
        return max(_take_own(claim.key, claim.rate) for claim in claims)
    missing = [(claim, left) for claim, (granted, left) in zip(claims, found, strict=True) if not granted]
    return max(((1.0 - left) / claim.rate.per_s for claim, left in missing), default=0.0)


@cache
def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _take_own(key: str, rate: Rate) -> float:
    with _lock:
        now = time.monotonic()
        bucket = _own.pop(key, None) or TokenBucket(rate.per_s, rate.most, now)
        _own[key] = bucket
        if len(_own) > MOST_BUCKETS:
            _own.popitem(last=False)
        return bucket.take(now)
