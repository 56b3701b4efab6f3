"""What every answer of a page tells the browser beside Django's own headers and the content policy."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

Next = Callable[[HttpRequest], Awaitable[HttpResponseBase]]

# What a page of ours never asks for, no script in one can ask for.
UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid"),
    *("magnetometer", "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    # Nothing of ours is shown or loaded by pages of others.
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED),
}
# Django's admin writes HTML by script (jQuery, its related-object pop-ups), which Trusted Types forbid. It loads no
# script or style but files of this server, as all pages.
LOOSER = {"require-trusted-types-for": None, "trusted-types": None}


@async_only_middleware
def hard_headers(get_response: Next) -> Next:
    async def answer(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return answer


@async_only_middleware
def admin_policy(get_response: Next) -> Next:
    """Within django-csp's middleware, which reads it."""

    async def answer(request: HttpRequest) -> HttpResponseBase:
        response = await get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_replace = LOOSER  # type: ignore[attr-defined]
        return response

    return answer
