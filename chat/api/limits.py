"""How fast the API may be asked, in this process: a device, and whoever tries passwords."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from chat.api.problems import Later
from chat.delivery.presence import STAMP_S
from chat.delivery.runtime import Runtime
from chat.policy.rate import TokenBucket
from chat.protocol.errors import ErrorCode

# Requests of one device: far above any person, far below what would hurt the others.
REQUESTS_PER_S, REQUEST_BURST = 200.0, 400.0
# Wrong passwords for one name from one address.
GUESSES_PER_S, GUESS_BURST = 1 / 30, 10.0
# Where a client says that it types every three seconds.
TYPING_PER_S, TYPING_BURST = 0.5, 5.0
# Uploads that are written to at once: each holds up to three megabytes.
MOST_WRITERS_EACH, MOST_WRITERS = 6, 48
# Buckets kept; who was not heard of longest is forgotten, with a full one.
MOST_BUCKETS = 10_000


class _Buckets:
    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, key: str, now: float, tokens: float = 1.0) -> float:
        """0 when granted, otherwise the seconds until it would be."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now, tokens)


class Limits:
    """`take` and `may_guess` raise Later (RATE_LIMITED)."""

    def __init__(self) -> None:
        self._requests = _Buckets(REQUESTS_PER_S, REQUEST_BURST)
        self._guesses = _Buckets(GUESSES_PER_S, GUESS_BURST)
        self._typing = _Buckets(TYPING_PER_S, TYPING_BURST)
        self._visits = _Buckets(1 / STAMP_S, 1.0)
        self._writers: Counter[str] = Counter()

    @staticmethod
    def of(runtime: Runtime) -> "Limits":
        """One a process: they live as long as its runtime."""
        if runtime not in _limits:
            _limits[runtime] = Limits()
        return _limits[runtime]

    def take(self, device: str) -> None:
        """A request of a device."""
        _unless(self._requests.take(device, _now()))

    @contextmanager
    def uploading(self, user: str) -> Iterator[None]:
        """While a body is being taken: only so many at once, of a person and in all."""
        if self._writers[user] >= MOST_WRITERS_EACH or self._writers.total() >= MOST_WRITERS:
            raise Later(ErrorCode.RATE_LIMITED, 1_000)
        self._writers[user] += 1
        try:
            yield
        finally:
            self._writers[user] -= 1
            if not self._writers[user]:
                del self._writers[user]

    def may_type(self, device: str) -> bool:
        """Whether others are told: what is too much is dropped unsaid."""
        return not self._typing.take(device, _now())

    def is_visit(self, device: str) -> bool:
        """Whether that it was here is worth noting again."""
        return not self._visits.take(device, _now())

    def may_guess(self, username: str, address: str) -> None:
        """Before a password is tried: there must be room for a wrong one."""
        _unless(self._guesses.take(_guesser(username, address), _now()))

    def guessed_right(self, username: str, address: str) -> None:
        """It was none: what it took is given back."""
        self._guesses.take(_guesser(username, address), _now(), tokens=-1.0)


def _guesser(username: str, address: str) -> str:
    return f"{username.lower()}|{address}"


def _unless(wait: float) -> None:
    if wait:
        raise Later(ErrorCode.RATE_LIMITED, round(wait * 1000) + 100)


def _now() -> float:
    return asyncio.get_running_loop().time()


_limits: WeakKeyDictionary[Runtime, Limits] = WeakKeyDictionary()
