"""JSON as the protocol reads it everywhere: UTF-8, no lone halves of characters, no endless nesting."""

from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser
from pydantic_core import from_json

from chat.api.problems import BadRequest


class JsonParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        """Raises ValueError, of which django-ninja makes an HttpError."""
        if request.content_type != "application/json":
            raise BadRequest(415, "The body must be application/json.")
        return from_json(request.body, allow_inf_nan=False)
