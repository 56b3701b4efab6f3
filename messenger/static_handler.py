"""Static files' own way out: an ASGI application before Django's.

A visit asks for seventy files. Through Django each would pass all middleware and be opened, read and closed in threads
of its own, which costs several times what the file itself does. Here it is looked up in a table made at the start and
read at once: the files are small, and in the system's cache.
"""

from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from servestatic.middleware import ServeStaticMiddleware

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
View = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class StaticHandler:
    """What is no static file goes on to `others`. `around` is Django middleware, made around the answering of each
    request: the log of requests."""

    def __init__(self, others: Application, around: Callable[[View], View]) -> None:
        self._others = others
        self._answer = around(self._file)
        self._security = SecurityMiddleware(lambda request: HttpResponse())
        # Only for its table, by path: each file with its headers and its compressed variants.
        self._files = ServeStaticMiddleware(self._file).files

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] not in self._files:
            await self._others(scope, receive, send)
            return
        try:
            request = ASGIRequest(scope, BytesIO())
        except UnicodeDecodeError:
            # A query that is no text: Django knows what to say.
            await self._others(scope, receive, send)
            return
        response = await self._answer(request)
        assert isinstance(response, HttpResponse)
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    async def _file(self, request: HttpRequest) -> HttpResponseBase:
        """All of it, the asked part, or that nothing has changed."""
        found = self._files[request.scope["path"]].get_response(request.method, request.META)  # type: ignore[attr-defined]
        with found.file or BytesIO() as file:
            response = HttpResponse(file.read(), status=int(found.status))
        del response.headers["Content-Type"]
        for name, value in found.headers:
            response.headers[name] = value
        return self._security.process_response(request, response)
