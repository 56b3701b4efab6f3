"""The cookie that makes a browser profile a device: an opaque secret, of which only the hash is stored."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from chat.log import devices
from chat.models import Device, User
from chat.web.identity import DEVICE_COOKIE

TEN_YEARS_S = 10 * 365 * 24 * 3600
BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")


def current_device(request: HttpRequest, user: User) -> Device | None:
    """The unrevoked device of this person whose secret the browser holds."""
    token = request.COOKIES.get(DEVICE_COOKIE)
    if not token:
        return None
    browsers = Device.objects.filter(kind=Device.Kind.BROWSER, user=user, revoked_at=None)
    return browsers.filter(token_hash=devices.token_hash(token[:256])).first()


def register_device(request: HttpRequest, user: User) -> tuple[Device, str]:
    """A new device named after the browser, and its secret."""
    return devices.register(user, _describe(request.headers.get("User-Agent", "")))


def remember(response: HttpResponse, token: str) -> None:
    """Kept beyond the session: signing in again on this browser is the same device, with the same cursor."""
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        max_age=TEN_YEARS_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponse) -> HttpResponse:
    """The browser is no device any more."""
    response.delete_cookie(DEVICE_COOKIE, samesite="Lax")
    return response


def _describe(agent: str) -> str:
    """ "Firefox on Android"; only for its person to recognise it by."""
    browser = next((name for name in BROWSERS if name in agent), "Browser")
    system = next((name for name in SYSTEMS if name in agent), "")
    return f"{browser} on {system}" if system else browser
