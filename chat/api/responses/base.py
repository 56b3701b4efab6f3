"""What all answers have in common, and what went wrong."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Response(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Problem(Response):
    """Problem details (RFC 9457). `code` never changes its meaning; `detail` or `errors` say what was wrong with this
    request; `retry_after_ms`: in which time what may be repeated is worth repeating."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str = ""
    errors: dict[str, list[str]] = {}
    retry_after_ms: int = 0
