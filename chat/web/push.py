"""The door where a browser registers its push subscription, and takes it back (doors.py).

A subscription is always the asking device's own, so nobody can read, replace or remove another's. Nothing of it is
shown again or logged: its endpoint is a secret.
"""

from functools import wraps

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View

from chat.models import Device
from chat.policy import endpoints
from chat.protocol.errors import ErrorCode
from chat.wakeup import registry, resolving, subscriptions, vapid
from chat.wakeup.subscriptions import BadSubscription
from chat.web.doors import Answer, BadBody, for_devices, json_body
from chat.web.problems import problem


def with_push(answer: Answer) -> Answer:
    """Where this server can wake devices up; elsewhere it says that it cannot."""

    @wraps(answer)
    def guarded(view: View, request: HttpRequest, device: Device) -> HttpResponseBase:
        return answer(view, request, device) if registry.is_on() else problem(ErrorCode.PUSH_OFF, 404)

    return guarded


@method_decorator(never_cache, "dispatch")
class Key(View):
    """What a browser subscribes with."""

    http_method_names = ["get"]

    @for_devices
    @with_push
    def get(self, request: HttpRequest, device: Device) -> HttpResponse:
        return JsonResponse({"key": vapid.public_key(settings.VAPID_PRIVATE_KEY)})


@method_decorator(never_cache, "dispatch")
class Subscription(View):
    """The asking device's own."""

    http_method_names = ["post", "delete"]

    @for_devices
    @with_push
    def post(self, request: HttpRequest, device: Device) -> HttpResponse:
        """Takes what `PushSubscription.toJSON()` gives. Again with the same changes nothing."""
        hosts = tuple(settings.PUSH_HOSTS)
        try:
            wanted = subscriptions.parse(json_body(request), hosts, settings.PUSH_LOOPBACK)
            endpoint = endpoints.check(wanted.endpoint, hosts, settings.PUSH_LOOPBACK)
            async_to_sync(resolving.reject_private)(endpoint, settings.PUSH_LOOPBACK)
        except BadBody as why:
            return problem(ErrorCode.INVALID_SUBSCRIPTION, why.status, str(why))
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
    @with_push
    def delete(self, request: HttpRequest, device: Device) -> HttpResponse:
        """Whether there was one or not, there is none afterwards."""
        subscriptions.remove(device)
        return HttpResponse(status=204)
