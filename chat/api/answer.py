"""What a route answers, as it is written: compact JSON, made once. The models in told.py describe it."""

from typing import Any

from django.http import HttpResponse
from pydantic_core import to_json


def told(body: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(to_json(body), status=status, content_type="application/json")


def nothing() -> HttpResponse:
    """It is done, and there is nothing to say."""
    return HttpResponse(status=204)
