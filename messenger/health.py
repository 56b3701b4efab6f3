"""Is the process alive, and can it do its work? For load balancers and for people."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis import Redis
from redis.exceptions import RedisError

from chat.log import durability


def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when PostgreSQL is reachable and durable and Redis answers; else 503 naming what is not."""
    checks = {"database": _checked(_database), "redis": _checked(_redis)}
    ready = all(not answer.startswith("not ") for answer in checks.values())
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
    with Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as redis:
        redis.ping()
    return "ok"
