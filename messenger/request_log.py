"""A request has an id, its log lines carry it, and one line tells how it ended.

A proxy's X-Request-ID is kept when it is a plain word, else one is made; the answer names it either way, so that what
a person reports leads to the log. Neither the query nor a header or a body is ever logged.
"""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,64}")

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@async_only_middleware
def request_log(get_response: Next) -> Next:
    """The outermost middleware."""

    async def answer(request: HttpRequest) -> HttpResponseBase:
        began, status = time.monotonic(), None
        request_id = _id(request)
        # Not taken back: each request is a task with a context of its own, and Django has more to log about it.
        structlog.contextvars.bind_contextvars(request=request_id)
        try:
            response = await get_response(request)
            response[HEADER] = request_id
            status = response.status_code
        finally:
            _log(request, status, began)
        return response

    return answer


def _id(request: HttpRequest) -> str:
    given = request.headers.get(HEADER, "")
    return given if WELL_FORMED.fullmatch(given) else uuid4().hex


def _log(request: HttpRequest, status: int | None, began: float) -> None:
    """`status` is None when the client did not wait for the answer."""
    # The user only if something asked for it: looking would cost a read of the session for every picture.
    user = getattr(request, "_cached_user", None) or getattr(request, "_acached_user", None)
    identity = getattr(request, "identity", None)
    figures = {
        "method": request.method,
        "path": request.path,
        "status": status,
        "ms": round((time.monotonic() - began) * 1000, 1),
        "user": identity.user if identity else str(user.pk) if user is not None and user.pk else None,
    }
    logger.info("answered", extra=figures)
