"""What the doors for the page's own scripts have in common: who asks, and what they may bring.

Session, device cookie and CSRF token, as for everything that acts for a device. Errors are problem details (RFC 9457)
with a stable code.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.generic import View

from chat.models import Device
from chat.protocol.errors import ErrorCode
from chat.web.device_cookie import current_device
from chat.web.identity import DEVICE_KEY
from chat.web.problems import problem

MAX_BYTES = 8_192

Answer = Callable[..., HttpResponseBase]


class BadBody(Exception):
    """It cannot be read: `status` and the text say why, and repeat nothing of it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def own_device(request: HttpRequest) -> Device | None:
    """The device that asks: both cookies, belonging together, of someone active; as for sockets."""
    if not request.user.is_authenticated:
        return None
    device = current_device(request, request.user)
    return device if device is not None and request.session.get(DEVICE_KEY) == str(device.id) else None


def for_devices(answer: Answer) -> Answer:
    """The method is called with the asking device; nobody else gets in."""

    @wraps(answer)
    def guarded(view: View, request: HttpRequest, **rest: Any) -> HttpResponseBase:
        device = own_device(request)
        if device is None:
            return problem(ErrorCode.AUTHENTICATION_FAILED, 401)
        return answer(view, request, device, **rest)

    return guarded


def json_body(request: HttpRequest) -> bytes:
    """Raises BadBody."""
    if request.content_type != "application/json":
        raise BadBody(415, "the body must be application/json")
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise BadBody(413, "it is too long")
    return body
