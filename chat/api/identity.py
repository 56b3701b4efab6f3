"""Who asks the API: an app by its bearer token, a browser by its cookies (chat/web/identity.py says who that is).

Cookies are sent along by a browser whoever made it ask, so what changes something must bring the CSRF token as well.
"""

import asyncio
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from chat.api.limits import Limits
from chat.delivery.runtime import running
from chat.log.access import Actor
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode
from chat.web.addresses import of_request
from chat.web.identity import Identity, bearer, identify

ANSWER_S = 1.5

_csrf = CsrfViewMiddleware(lambda request: HttpResponse())


async def asking(request: HttpRequest, recent: bool) -> Identity | None:
    """None: nobody we know. `recent`: see Bearers.find. Raises Refusal (CSRF_FAILED, RATE_LIMITED), psycopg.Error,
    TimeoutError."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return None
    runtime = await running()
    async with asyncio.timeout(ANSWER_S):
        identity = await identify(runtime.database, scope, runtime.bearers, recent)
    if identity is not None:
        request.identity = identity  # type: ignore[attr-defined]
        if bearer(scope) is None:
            _check_csrf(request)
        limits = Limits.of(runtime)
        limits.take(identity.device)
        if limits.is_visit(identity.device):
            runtime.presence.visited(identity.device)
    return identity


def _check_csrf(request: HttpRequest) -> None:
    _csrf.process_request(request)
    if _csrf.process_view(request, _nothing, (), {}) is not None:
        raise Refusal(ErrorCode.CSRF_FAILED)


def _nothing() -> HttpResponse:
    """The view as CSRF protection sees it: it is exempt of nothing."""
    return HttpResponse()


class Asking:
    """What a route of the API asks before all else; its `request.auth` is the Identity. `recent`: for a route whose
    work is decided again from what the database says then."""

    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __init__(self, recent: bool = False) -> None:
        self._recent = recent

    async def __call__(self, request: HttpRequest) -> Any:
        return await asking(request, self._recent)


def actor_of(request: HttpRequest) -> Actor:
    """The same, as the use cases of the log know it."""
    asking = asked_by(request)
    return Actor(asking.user, asking.device, asking.access_rev, of_request(request))


def asked_by(request: HttpRequest) -> Identity:
    """In a route, which nobody unknown gets into."""
    identity: Identity = request.auth  # type: ignore[attr-defined]
    return identity
