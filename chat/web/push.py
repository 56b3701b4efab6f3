"""The door where a browser registers its push subscription, and takes it back.

Session, device cookie and CSRF token, as for everything that acts for a device: a subscription is always the asking
device's own, so nobody can read, replace or remove another's. Answers are JSON; errors are problem details (RFC 9457)
with a stable code. Nothing of a subscription is shown again or logged: its endpoint is a secret.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from chat.models import Device
from chat.policy import endpoints
from chat.protocol.errors import ErrorCode
from chat.wakeup import registry, resolving, subscriptions, vapid
from chat.wakeup.subscriptions import BadSubscription
from chat.web.device_cookie import current_device
from chat.web.identity import DEVICE_KEY
from chat.web.problems import problem

MAX_BYTES = 8_192


def own_device(request: HttpRequest) -> Device | None:
    """The device that asks: both cookies, belonging together, of someone active; as for sockets."""
    if not request.user.is_authenticated:
        return None
    device = current_device(request, request.user)
    return device if device is not None and request.session.get(DEVICE_KEY) == str(device.id) else None


def for_devices(answer: Callable[[Any, HttpRequest, Device], HttpResponse]) -> Callable[..., HttpResponse]:
    """The method is called with the asking device; nobody else gets in."""

    @wraps(answer)
    def guarded(view: View, request: HttpRequest) -> HttpResponse:
        device = own_device(request)
        if device is None:
            return problem(ErrorCode.AUTHENTICATION_FAILED, 401)
        if not registry.is_on():
            return problem(ErrorCode.PUSH_OFF, 404)
        return answer(view, request, device)

    return guarded


@method_decorator(never_cache, "dispatch")
class Key(View):
    """What a browser subscribes with."""

    http_method_names = ["get"]

    @for_devices
    def get(self, request: HttpRequest, device: Device) -> HttpResponse:
        return JsonResponse({"key": vapid.public_key(settings.VAPID_PRIVATE_KEY)})


@method_decorator(never_cache, "dispatch")
class Subscription(View):
    """The asking device's own."""

    http_method_names = ["post", "delete"]

    @for_devices
    def post(self, request: HttpRequest, device: Device) -> HttpResponse:
        """Takes what `PushSubscription.toJSON()` gives. Again with the same changes nothing."""
        if request.content_type != "application/json":
            return problem(ErrorCode.INVALID_SUBSCRIPTION, 415, "the body must be application/json")
        body = request.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            return problem(ErrorCode.INVALID_SUBSCRIPTION, 413, "it is too long")
        hosts = tuple(settings.PUSH_HOSTS)
        try:
            wanted = subscriptions.parse(body, hosts, settings.PUSH_LOOPBACK)
            endpoint = endpoints.check(wanted.endpoint, hosts, settings.PUSH_LOOPBACK)
            async_to_sync(resolving.reject_private)(endpoint, settings.PUSH_LOOPBACK)
        except BadSubscription as why:
            return problem(ErrorCode.INVALID_SUBSCRIPTION, 422, str(why))
        except resolving.NotPublic:
            return problem(ErrorCode.INVALID_SUBSCRIPTION, 422, "the endpoint's host has an address that is not public")
        except OSError:
            # TimeoutError is one: the name does not resolve just now.
            return problem(ErrorCode.UNAVAILABLE, 503)
        if not subscriptions.keep(device, wanted):
            return problem(ErrorCode.AUTHENTICATION_FAILED, 401)
        return HttpResponse(status=204)

    @for_devices
    def delete(self, request: HttpRequest, device: Device) -> HttpResponse:
        """Whether there was one or not, there is none afterwards."""
        subscriptions.remove(device)
        return HttpResponse(status=204)
