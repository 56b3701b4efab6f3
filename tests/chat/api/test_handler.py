"""The API's way in, by itself: bodies as they come, views that read their own, whoever hangs up."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from pytest_django import Settings

from chat.api import handler
from chat.api.handler import ApiHandler, Gone

Event = dict[str, Any]
END: Event = {"type": "http.disconnect"}


async def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, headers={"X-Length": str(len(request.body))})


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Reads its body by itself, and answers piece by piece."""

    async def parts() -> AsyncIterator[bytes]:
        more = True
        while more:
            event = await request.receive()  # type: ignore[attr-defined]
            more = event.get("more_body", False)
            yield event["body"].upper()

    return StreamingHttpResponse(parts())


stream.streams_body = True  # type: ignore[attr-defined]


async def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret")


async def hung_up(request: HttpRequest) -> HttpResponse:
    raise Gone


urlpatterns = [
    path("api/echo", echo),
    path("api/stream", stream),
    path("api/broken", broken),
    path("api/gone", hung_up),
]


@pytest.fixture(autouse=True)
def urls(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(handler, "URLS", __name__)
    settings.ALLOWED_HOSTS = ["ours.example"]


def body(*parts: bytes) -> list[Event]:
    return [{"type": "http.request", "body": part, "more_body": n < len(parts) - 1} for n, part in enumerate(parts)]


async def ask(where: str, events: Sequence[Event], **more: Any) -> list[Event]:
    """What was written."""
    waiting = list(events)
    written: list[Event] = []

    async def receive() -> Event:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def send(event: Event) -> None:
        written.append(event)

    headers = [(b"host", more.pop("host", b"ours.example")), *more.pop("headers", [])]
    scope = {"type": "http", "method": "POST", "path": where, "headers": headers, "query_string": b""} | more
    await ApiHandler(around=lambda answer: answer)(scope, receive, send)
    return written


def told(written: list[Event]) -> tuple[int, dict[str, str], bytes]:
    start, *rest = written
    headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, b"".join(part.get("body", b"") for part in rest)


def refused(written: list[Event]) -> tuple[int, str]:
    status, headers, content = told(written)
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    return status, json.loads(content)["code"]


async def test_a_body_in_pieces_is_one() -> None:
    status, headers, content = told(await ask("/api/echo", body(b"one ", b"", b"two")))
    assert (status, content, headers["content-length"], headers["x-length"]) == (200, b"one two", "7", "7")
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("length", [handler.MAX_BODY_BYTES, handler.MAX_BODY_BYTES + 1])
async def test_a_body_may_be_so_long_and_not_longer(length: int) -> None:
    half = b"x" * (length // 2)
    written = await ask("/api/echo", body(half, b"x" * (length - len(half))))
    if length > handler.MAX_BODY_BYTES:
        assert refused(written) == (413, "INVALID_REQUEST")
    else:
        assert told(written)[1]["x-length"] == str(length)


async def test_what_is_announced_as_too_long_is_not_read() -> None:
    headers = [(b"content-length", str(handler.MAX_BODY_BYTES + 1).encode())]
    assert refused(await ask("/api/echo", [], headers=headers)) == (413, "INVALID_REQUEST")
    assert refused(await ask("/api/echo", [], headers=[(b"content-length", b"many")])) == (400, "INVALID_REQUEST")


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "BODY_S", 0.01)
    more = [{"type": "http.request", "body": b"x", "more_body": True}]
    assert refused(await ask("/api/echo", more)) == (408, "INVALID_REQUEST")


async def test_who_hangs_up_is_answered_nothing() -> None:
    assert await ask("/api/echo", [{"type": "http.request", "body": b"x", "more_body": True}, END]) == []
    assert await ask("/api/gone", body(b"")) == []


async def test_a_view_may_read_its_body_by_itself_however_long() -> None:
    headers = [(b"content-length", b"10000000")]
    status, headers_told, content = told(await ask("/api/stream", body(b"one", b" two"), headers=headers))
    assert (status, content, "content-length" in headers_told) == (200, b"ONE TWO", False)


async def test_what_nobody_foresaw_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    written = await ask("/api/broken", body(b""))
    assert refused(written) == (500, "INTERNAL")
    assert b"secret" not in told(written)[2] and "ZeroDivisionError" in caplog.text


async def test_a_host_that_is_not_ours_and_an_address_that_is_not_there() -> None:
    assert refused(await ask("/api/echo", body(b""), host=b"evil.example")) == (400, "INVALID_REQUEST")
    assert refused(await ask("/api/nothing", body(b""))) == (404, "NOT_FOUND")
    assert refused(await ask("/api/echo", body(b""), query_string=b"\xff")) == (400, "INVALID_REQUEST")
