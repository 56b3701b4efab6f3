"""Files themselves, at the addresses that GET /api/v1/attachments/{id} gives out.

Whatever a file is, a browser must do nothing with it but show or store it: its type is the server's word and not to be
guessed at, it is told to be saved, and, were it opened all the same, it would stand in a sandbox without script.
"""

import re
from collections.abc import AsyncIterator
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.http.response import HttpResponseBase

from chat.api.identity import ANSWER_S
from chat.api.limits import Limits
from chat.api.problems import refused
from chat.delivery.runtime import running
from chat.log.pool import bounded
from chat.log.refusal import Later, Refusal
from chat.media import places, showing
from chat.media.threads import in_thread
from chat.protocol.errors import ErrorCode

SAFE = ("GET", "HEAD")
BLOCK_BYTES = 1 << 18
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": f"private, max-age={showing.GOOD_S}",
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


async def original(request: HttpRequest, attachment: str) -> HttpResponseBase:
    return await _answer(request, attachment, places.ORIGINAL)


async def thumbnail(request: HttpRequest, attachment: str) -> HttpResponseBase:
    return await _answer(request, attachment, places.THUMBNAIL)


async def _answer(request: HttpRequest, attachment: str, variant: str) -> HttpResponseBase:
    """Raises Refusal, psycopg.Error, OSError."""
    if request.method not in SAFE:
        return HttpResponseNotAllowed(SAFE)
    runtime = await running()
    actor = showing.whose(attachment, variant, request.GET.get("key", ""))
    Limits.of(runtime).take(actor.device)
    shown = await bounded(showing.look(runtime.database, actor, attachment), ANSWER_S)
    name, kind, size = shown.file["name"], shown.file["type"], shown.file["size"]
    if variant == places.THUMBNAIL:
        if shown.thumbnail == "wanted":
            raise Later(ErrorCode.NOT_READY, 1_000)
        if shown.thumbnail != "made":
            raise Refusal(ErrorCode.NOT_FOUND)
        name, kind, size = "thumbnail.webp", "image/webp", await in_thread(places.size, attachment, variant)
    response = await _content(request, attachment, variant, size)
    if response.status_code in (200, 206):
        response["Content-Type"] = kind
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return response


async def _content(request: HttpRequest, attachment: str, variant: str, size: int) -> HttpResponseBase:
    tag = f'"{attachment}-{variant}"'
    if request.headers.get("If-None-Match") == tag:
        return _with_headers(HttpResponse(status=304), tag)
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    whole = request.headers.get("If-Range", tag) != tag or wanted is None or _is_none(*wanted.groups())
    first, last = (0, size - 1) if whole or wanted is None else _span(wanted[1], wanted[2], size)
    if first > last:
        told = refused(ErrorCode.INVALID_REQUEST, 416)
        told["Content-Range"] = f"bytes */{size}"
        return told
    parts = _nothing() if request.method == "HEAD" else _parts(attachment, variant, first, last)
    response = StreamingHttpResponse(parts, status=200 if whole else 206)
    response["Content-Length"] = str(last - first + 1)
    if not whole:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return _with_headers(response, tag)


def _with_headers(response: HttpResponseBase, tag: str) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response[name] = value
    response["ETag"] = tag
    return response


def _is_none(first: str, last: str) -> bool:
    """What is no range is passed over (RFC 9110, 14.1.1)."""
    return not (first or last) or (bool(first and last) and int(first) > int(last))


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    """Of a file of `size` bytes. Without a beginning: so many at the end."""
    if not first:
        return (max(0, size - int(last)), size - 1) if int(last) else (size, size - 1)
    return int(first), min(int(last) if last else size - 1, size - 1)


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield


async def _parts(attachment: str, variant: str, first: int, last: int) -> AsyncIterator[bytes]:
    """One block is read while the one before it is being sent."""
    file = await in_thread(places.opened, attachment, variant, first, last)
    left = last - first + 1
    reading = in_thread(file.read, min(BLOCK_BYTES, left))
    try:
        while left > 0:
            piece = await reading
            if not piece:
                return
            left -= len(piece)
            if left > 0:
                reading = in_thread(file.read, min(BLOCK_BYTES, left))
            yield piece
    finally:
        if not reading.done():
            await reading
        file.close()
