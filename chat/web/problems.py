"""Errors of HTTP endpoints as problem details (RFC 9457), with the codes of chat/protocol/errors.py."""

from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.csrf import csrf_failure as csrf_page

from chat.log.refusal import Later
from chat.protocol.errors import ErrorCode

JSON_PATHS = ("/push/", "/account", "/language")


def problem(code: ErrorCode, status: int, detail: str = "", **more: Any) -> HttpResponse:
    """`detail` says what was wrong with this request, and repeats nothing of it; `more` are members of its own."""
    told = {"type": "about:blank", "title": code.text, "status": status, "code": code.value}
    said = {"detail": detail} if detail else {}
    return JsonResponse(told | said | more, status=status, content_type="application/problem+json")


def too_early(later: Later) -> HttpResponse:
    response = problem(later.code, 429, retry_after_ms=later.after_ms)
    response["Retry-After"] = str(ceil(later.after_ms / 1000))
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Where a program asks, it gets an answer for programs."""
    if request.path.startswith(JSON_PATHS) or not request.accepts("text/html"):
        return problem(ErrorCode.CSRF_FAILED, 403)
    return csrf_page(request, reason)
