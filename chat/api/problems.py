"""What went wrong, as problem details (RFC 9457): the one place where the API turns an exception into an answer."""

import logging
from math import ceil
from typing import Any

import ninja.errors
import psycopg
from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from psycopg_pool import PoolTimeout, TooManyRequests
from redis.exceptions import RedisError

from chat.api.statuses import status_of
from chat.delivery.answers import RETRY_AFTER_MS
from chat.log.durability import DurabilityOff
from chat.log.refusal import Later, Refusal
from chat.protocol.codec_json import FrameError
from chat.protocol.errors import ErrorCode, Retry
from chat.web.problems import problem

logger = logging.getLogger(__name__)

RETRY_MS = 500
AWAY = (psycopg.Error, DatabaseError, PoolTimeout, TooManyRequests, DurabilityOff, RedisError, OSError)


class BadRequest(Exception):
    """It cannot be read: `status` and the text say why, and repeat nothing of it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Invalid(Refusal):
    """`errors`: texts by the names of the fields at fault."""

    def __init__(self, code: ErrorCode, errors: dict[str, list[str]]) -> None:
        super().__init__(code)
        self.errors = errors


class Explained(Refusal):
    """`text` says what is wrong, and repeats nothing of it."""

    def __init__(self, code: ErrorCode, text: str) -> None:
        super().__init__(code)
        self.text = text


def refused(code: ErrorCode, status: int | None = None, after_ms: int | None = None, **more: Any) -> HttpResponse:
    """`after_ms`: before what is retryable is worth repeating. Told to the millisecond in the body, and as Retry-After
    in whole seconds, rounded up."""
    if code.retry is Retry.LATER:
        more["retry_after_ms"] = RETRY_AFTER_MS.get(code, RETRY_MS) if after_ms is None else after_ms
    response = problem(code, status or status_of(code), **more)
    if code.retry is Retry.LATER:
        response["Retry-After"] = str(ceil(more["retry_after_ms"] / 1000))
    elif code.retry is Retry.SIGN_IN:
        response["WWW-Authenticate"] = "Bearer"
    return response


def answer_to(error: Exception) -> HttpResponse:
    """Of whatever a route raised. What nobody foresaw is logged, and not shown."""
    match error:
        case Later():
            return refused(error.code, after_ms=error.after_ms)
        case Explained():
            return refused(error.code, detail=error.text)
        case Invalid():
            return refused(error.code, errors=error.errors)
        case Refusal():
            return refused(error.code)
        case FrameError():
            return refused(error.code, detail=error.text)
        case BadRequest():
            return refused(ErrorCode.INVALID_REQUEST, error.status, detail=str(error))
        case ninja.errors.ValidationError():
            return _invalid(error)
        case ninja.errors.AuthenticationError():
            return refused(ErrorCode.AUTHENTICATION_FAILED)
        case ninja.errors.HttpError(__cause__=BadRequest() as cause):
            return answer_to(cause)
        case ninja.errors.HttpError():
            return refused(ErrorCode.INVALID_REQUEST, error.status_code, detail="The body is not JSON.")
        case Http404():
            return refused(ErrorCode.NOT_FOUND)
        case SuspiciousOperation():
            return refused(ErrorCode.INVALID_REQUEST, 400)
    if isinstance(error, AWAY):
        logger.warning("request failed: %s", type(error).__name__)
        return refused(ErrorCode.UNAVAILABLE, after_ms=1_000)
    logger.error("request failed", exc_info=error)
    return refused(ErrorCode.INTERNAL)


def _invalid(error: ninja.errors.ValidationError) -> HttpResponse:
    """Names the fields at fault, never their values. An id in the path that is no id names nothing that exists."""
    errors: dict[str, list[str]] = {}
    for each in error.errors:
        errors.setdefault(".".join(str(part) for part in _place(each["loc"])), []).append(each["msg"])
    if all(each["loc"][0] == "path" for each in error.errors):
        return refused(ErrorCode.NOT_FOUND)
    if all(_place(each["loc"]) == ("body", "body") for each in error.errors):
        return refused(ErrorCode.INVALID_MESSAGE, errors=errors)
    return refused(ErrorCode.INVALID_REQUEST, errors=errors)


def _place(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without the name that the body has in the code of its route."""
    return ("body", *loc[2:]) if loc[0] == "body" else loc
