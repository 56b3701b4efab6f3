"""GET /metrics: this process's own figures, and those of the database and of Celery as it reads them.

Behind a balancer nobody knows which process answers: scrape each web process at its own address. What stands in the
database or in Redis is the same wherever it is asked (docs/operations.md says which is which).
"""

import asyncio
import ipaddress
import time
from collections.abc import Iterator
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from psycopg_pool import PoolTimeout, TooManyRequests
from redis.exceptions import RedisError

from chat.delivery.runtime import Runtime, running
from chat.delivery.vitals import vitals
from chat.log.pool import bounded
from chat.metrics import tally, web
from chat.metrics.database import FIGURES

# Whoever asks again within this time gets what was read before; and longer than that nobody waits.
CACHED_S = 5.0
WAIT_S = 2.0
# A proxy on this machine comes from a loopback address as well, and says for whom.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED")


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    """404 for whoever may not see it."""
    if not _may_see(request):
        return HttpResponse(status=404)
    runtime = await running()
    found = [*(instrument.metric() for instrument in web.INSTRUMENTS), *vitals(runtime)]
    registry = CollectorRegistry()
    registry.register(_Given([*found, *await _shared.setdefault(runtime, _Shared()).read(runtime)]))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_see(request: HttpRequest) -> bool:
    """Whoever has the token; where none is set, programs on this machine."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}")
    try:
        is_local = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return is_local and not any(name in request.META for name in FORWARDED)


class _Given(Collector):
    """Metrics made beforehand."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        yield from self._metrics


class _Shared:
    """What does not belong to this process: read at most once in CACHED_S, however many ask."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._read_at: float | None = None
        self._found: list[Metric] = []

    async def read(self, runtime: Runtime) -> list[Metric]:
        clock = asyncio.get_running_loop().time
        async with self._lock:
            if self._read_at is None or clock() - self._read_at >= CACHED_S:
                self._found = [*await _database(runtime), *await _celery(runtime)]
                self._read_at = clock()
            return self._found


# One an event loop, like the runtime it belongs to.
_shared: WeakKeyDictionary[Runtime, _Shared] = WeakKeyDictionary()


async def _database(runtime: Runtime) -> list[Metric]:
    try:
        answers = await bounded(runtime.database.many([(figure.sql, ()) for figure in FIGURES]), WAIT_S)
    except (psycopg.Error, PoolTimeout, TooManyRequests, OSError):
        return [_is_read("database", False)]
    values = [(figure, rows[0][0]) for figure, rows in zip(FIGURES, answers, strict=True) if rows]
    gauges = [GaugeMetricFamily(figure.name, figure.help, value=value) for figure, value in values if value is not None]
    return [_is_read("database", True), *gauges]


async def _celery(runtime: Runtime) -> list[Metric]:
    try:
        raw = await bounded(_tally(runtime), WAIT_S)
    except (RedisError, psycopg.OperationalError, OSError):
        return [_is_read("celery", False)]
    instruments, flushed_at = tally.load(raw)
    found = [_is_read("celery", True), *(instrument.metric() for instrument in instruments)]
    if flushed_at is not None:
        age = max(0.0, time.time() - flushed_at)
        text = "Since acknowledgements were last flushed without an error. Absent before the first."
        found.append(GaugeMetricFamily("messenger_flush_age_seconds", text, value=age))
    return found


async def _tally(runtime: Runtime) -> dict[bytes, bytes]:
    answer: dict[bytes, bytes] = await runtime.redis.hgetall(tally.KEY)  # type: ignore[misc]
    return answer


def _is_read(source: str, ok: bool) -> Metric:
    """0: the figures of that source are missing from this page."""
    text = "Whether the figures kept in PostgreSQL could be read."
    if source == "celery":
        text = "Whether the figures of Celery, kept in Redis, could be read."
    return GaugeMetricFamily(f"messenger_{source}_figures_read", text, value=int(ok))
