"""How fast the API may be asked: a device, in this process; what it reads, by the limits all processes share."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from weakref import WeakKeyDictionary

from django.http import HttpRequest, HttpResponse

from chat.delivery.presence import STAMP_S
from chat.delivery.runtime import Runtime, running
from chat.log.refusal import unless
from chat.policy.rate import TokenBucket
from chat.quota.kinds import What
from chat.web.addresses import of_request

P = ParamSpec("P")
Route = Callable[Concatenate[HttpRequest, P], Awaitable[HttpResponse]]

# Requests of one device: far above any person, far below what would hurt the others.
REQUESTS_PER_S, REQUEST_BURST = 200.0, 400.0
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

    def take(self, key: str, now: float) -> float:
        """0 when granted, otherwise the seconds until it would be."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = TokenBucket(self._rate, self._burst, now)
            if len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return bucket.take(now)


class Limits:
    """Of this process alone."""

    def __init__(self) -> None:
        self._requests = _Buckets(REQUESTS_PER_S, REQUEST_BURST)
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
        """A request of a device. Raises Later (RATE_LIMITED)."""
        unless(self._requests.take(device, _now()))

    @contextmanager
    def uploading(self, user: str) -> Iterator[None]:
        """While a body is being taken: only so many at once, of a person and in all. Raises Later."""
        if self._writers[user] >= MOST_WRITERS_EACH or self._writers.total() >= MOST_WRITERS:
            unless(1.0)
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


def read_within(route: Route[P]) -> Route[P]:
    """A route whose answers may be long: their bytes are counted. Raises Later (RATE_LIMITED)."""

    @wraps(route)
    async def limited(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        quotas, user, address = (await running()).quotas, _user(request), of_request(request)
        unless(quotas.take(What.SYNC, user, address))
        response = await route(request, *args, **kwargs)
        quotas.spend(What.SYNC, user, address, len(response.content))
        return response

    return limited


def may_upload(runtime: Runtime, request: HttpRequest, size: int) -> None:
    """Before `size` bytes of an upload are taken in. Raises Later (RATE_LIMITED)."""
    unless(runtime.quotas.take(What.UPLOADS, _user(request), of_request(request), size))


def _user(request: Any) -> str:
    return str(request.auth.user)


def _now() -> float:
    return asyncio.get_running_loop().time()


_limits: WeakKeyDictionary[Runtime, Limits] = WeakKeyDictionary()
