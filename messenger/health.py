"""Is the process alive, and can it do its work? For load balancers and for people."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis
from redis.exceptions import RedisError

from chat.log import durability
from chat.metrics import tally
from chat.models import Progress

# Far above their rhythm (5 s, 1 s and 5 s) and what a busy minute adds.
SWEEP_LATE_S = 60.0
FLUSH_LATE_S = 30.0
MEDIA_LATE_S = 60.0


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when PostgreSQL is reachable and durable and Redis answers; else 503 naming what is not. That Celery is
    late does not make a web process unready: it accepts and delivers without; ticks wait."""
    checks = {
        "database": _checked(_database),
        "redis": _checked(_redis),
        "sweep": _checked(_sweep),
        "flush": _checked(_flush),
        "media": _checked(_media),
    }
    ready = not any(checks[name].startswith("not ") for name in ("database", "redis"))
    return JsonResponse({"ready": ready} | checks, status=200 if ready else 503)


def _checked(check: Callable[[], str]) -> str:
    try:
        return check()
    except durability.DurabilityOff:
        return "not durable"
    except (DatabaseError, RedisError, OSError):
        return "not reachable"


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(durability.QUERY, [list(durability.SETTINGS)])
        return durability.judge(dict(cursor.fetchall()))


def _redis() -> str:
    with _connect() as redis:
        redis.ping()
    return "ok"


def _connect() -> Redis:
    return Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)


def _sweep() -> str:
    return _judge(_upto(Progress.Work.REDELIVERY), SWEEP_LATE_S)


def _media() -> str:
    return _judge(_upto(Progress.Work.THUMBNAILS), MEDIA_LATE_S)


def _upto(work: Progress.Work) -> float | None:
    known = Progress.objects.filter(work=work).first()
    return known.upto.timestamp() if known else None


def _flush() -> str:
    with _connect() as redis:
        flushed = redis.hget(tally.KEY, tally.FLUSHED_AT)
    return _judge(float(flushed) if isinstance(flushed, bytes) else None, FLUSH_LATE_S)


def _judge(at: float | None, late_s: float) -> str:
    if at is None:
        return "never"
    return "late" if time.time() - at > late_s else "ok"
