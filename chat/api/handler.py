"""The API's own way in: an ASGI application beside Django's.

Django's handler and its middleware hop through a thread several times a request, for sessions, messages and pages that
the API has nothing to do with. Here a request costs one coroutine: its route is looked up, its body read (as long as
it is short), an async view awaited. Django's request and response are what a view works with all the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.urls import Resolver404, get_resolver

from chat.api.problems import BadRequest, answer_to, refused
from chat.protocol.errors import ErrorCode
from chat.web.transports import paced_answer

logger = logging.getLogger(__name__)

URLS = "chat.api.urls"
MAX_BODY_BYTES = 65_536
# A body that does not come is not waited for.
BODY_S = 20.0

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
View = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Gone(Exception):
    """Whoever asked is not there any more."""


class Request(ASGIRequest):
    """Django's, with ASGI's `receive` for views that read their body by themselves (`streams_body`)."""

    def __init__(self, scope: dict[str, Any], receive: Receive) -> None:
        super().__init__(scope, BytesIO())
        self.receive = receive


class ApiHandler:
    """`around` is Django middleware, made around the answering of each request: the log of requests."""

    def __init__(self, around: Callable[[View], View]) -> None:
        self._answer = around(_answer)
        self._security = SecurityMiddleware(lambda request: HttpResponse())

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        try:
            request = Request(scope, receive)
        except UnicodeDecodeError:
            await _write(refused(ErrorCode.INVALID_REQUEST, 400), send)
            return
        try:
            response = await self._answer(request)
        except Gone:
            return
        self._security.process_response(request, response)  # type: ignore[arg-type]
        await _write(response, send)


async def _answer(request: HttpRequest) -> HttpResponseBase:
    try:
        # Raises for a host that is not ours.
        request.get_host()
        response = await _ask_view(request)
    except Gone:
        raise
    except Exception as error:
        return answer_to(error)
    if response.status_code == 405:
        told = refused(ErrorCode.INVALID_REQUEST, 405)
        told["Allow"] = response.headers["Allow"]
        return told
    return response


async def _ask_view(request: HttpRequest) -> HttpResponseBase:
    assert isinstance(request, Request)
    try:
        match = get_resolver(URLS).resolve(request.path_info)
    except Resolver404:
        return refused(ErrorCode.NOT_FOUND)
    request.resolver_match = match
    if not getattr(match.func, "streams_body", False):
        request._body = await _body(request)
    answer: HttpResponseBase = await match.func(request, *match.args, **match.kwargs)
    return answer


async def _body(request: Request) -> bytes:
    """All of it. Raises BadRequest, Gone."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal():
        raise BadRequest(400, "The length is no number.")
    if int(length[:20]) > MAX_BODY_BYTES:
        raise BadRequest(413, "The body is too long.")
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                event = await request.receive()
                if event["type"] == "http.disconnect":
                    raise Gone
                parts += event.get("body", b"")
                if len(parts) > MAX_BODY_BYTES:
                    raise BadRequest(413, "The body is too long.")
                if not event.get("more_body", False):
                    return bytes(parts)
    except TimeoutError:
        raise BadRequest(408, "The body did not come.") from None


async def _write(response: HttpResponseBase, send: Send) -> None:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.headers.items()]
    headers += [
        (b"Set-Cookie", cookie.output(header="").strip().encode("ascii")) for cookie in response.cookies.values()
    ]
    if not response.streaming:
        assert isinstance(response, HttpResponse)
        headers.append((b"Content-Length", str(len(response.content)).encode()))
    start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
    if isinstance(response, HttpResponse):
        await send(start)
        await send({"type": "http.response.body", "body": response.content})
        return
    try:
        with paced_answer(send) as send_part:
            await send_part(start)
            async for part in response:  # type: ignore[attr-defined]
                await send_part({"type": "http.response.body", "body": part, "more_body": True})
            await send_part({"type": "http.response.body", "more_body": False})
    finally:
        response.close()
