"""A person's own: what they are called and let others know, their password, and how this device is woken up."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from chat.api.answer import nothing, told
from chat.api.identity import asked_by
from chat.api.problems import Explained, Invalid
from chat.api.responses import Profile, PushKey
from chat.api.threads import in_thread
from chat.delivery.runtime import running
from chat.log.refusal import Refusal
from chat.models import Device, User
from chat.policy import endpoints
from chat.policy.endpoints import BadEndpoint
from chat.protocol.errors import ErrorCode
from chat.wakeup import registry, resolving, subscriptions, vapid
from chat.wakeup.subscriptions import BadSubscription, WebPushSubscription
from chat.web.account import Passwords, Wish, change_password, grant, told_profile
from chat.web.signing_in import may_try_own

router = Router(tags=["Profile and settings"])


@router.get("/me", response=Profile, operation_id="getProfile")
async def get_profile(request: HttpRequest) -> HttpResponse:
    return told(await in_thread(_profile, asked_by(request).user))


@router.patch("/me", response=Profile, operation_id="changeProfile")
async def change_profile(request: HttpRequest, wish: Wish) -> HttpResponse:
    """What is left out stays as it is."""
    user = asked_by(request).user
    await in_thread(grant, UUID(user), wish)
    return told(await in_thread(_profile, user))


@router.post("/me/password", response={204: None}, operation_id="changePassword")
async def change_own_password(request: HttpRequest, passwords: Passwords) -> HttpResponse:
    """This device goes on; all others are signed out."""
    runtime, asking = await running(), asked_by(request)
    errors = await in_thread(_change_password, asking.device, passwords)
    if errors:
        raise Invalid(ErrorCode.INVALID_PASSWORD, errors)
    runtime.postman.revoked_hint(asking.user)
    return nothing()


@router.get("/push/key", response=PushKey, operation_id="getPushKey")
async def get_push_key(request: HttpRequest) -> HttpResponse:
    """What a Web Push subscription is made with."""
    _must_be_on()
    return told({"key": vapid.public_key(settings.VAPID_PRIVATE_KEY)})


@router.put("/devices/self/push", response={204: None}, operation_id="subscribe")
async def subscribe(request: HttpRequest, subscription: WebPushSubscription) -> HttpResponse:
    """Wake this device up by Web Push when it is not connected and something waits. Again with the same changes
    nothing."""
    _must_be_on()
    hosts = tuple(settings.PUSH_HOSTS)
    try:
        subscriptions.examine(subscription, hosts, settings.PUSH_LOOPBACK)
        endpoint = endpoints.check(subscription.endpoint, hosts, settings.PUSH_LOOPBACK)
        await resolving.reject_private(endpoint, settings.PUSH_LOOPBACK)
    except (BadSubscription, BadEndpoint) as why:
        raise Explained(ErrorCode.INVALID_SUBSCRIPTION, str(why)) from None
    except resolving.NotPublic:
        raise Explained(ErrorCode.INVALID_SUBSCRIPTION, "the endpoint's host is not public") from None
    if not await in_thread(_subscribe, asked_by(request).device, subscription):
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
    return nothing()


@router.delete("/devices/self/push", response={204: None}, operation_id="unsubscribe")
async def unsubscribe(request: HttpRequest) -> HttpResponse:
    """Whether there was a subscription or not, there is none afterwards."""
    _must_be_on()
    await in_thread(_unsubscribe, asked_by(request).device)
    return nothing()


def _must_be_on() -> None:
    if not registry.is_on():
        raise Refusal(ErrorCode.PUSH_OFF)


# In threads


def _profile(user: str) -> dict[str, Any]:
    return {"id": user} | told_profile(User.objects.get(id=user))


def _change_password(device: str, passwords: Passwords) -> dict[str, list[str]]:
    asking = Device.objects.select_related("user").get(id=device)
    may_try_own(asking.user)
    return change_password(asking, passwords)


def _subscribe(device: str, subscription: WebPushSubscription) -> bool:
    return subscriptions.keep(Device.objects.get(id=device), subscription)


def _unsubscribe(device: str) -> None:
    subscriptions.remove(Device.objects.get(id=device))
