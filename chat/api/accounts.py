"""Accounts and devices: signing up, signing in, tokens, and signing out. Passwords are tried in threads (threads.py).

Threats met here: who guesses passwords, or wants to know which usernames exist (chat/web/signing_in.py; signing up has
to tell), who makes accounts by the hundred, who signs a device of somebody else in (NOT_FOUND, and only after the
password was right).
"""

from typing import Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router

from chat.api.answer import nothing, told
from chat.api.identity import asked_by
from chat.api.problems import Invalid
from chat.api.requests import NewAccount, SignIn
from chat.api.responses import Devices, SignedIn, Token
from chat.api.threads import in_thread
from chat.delivery.runtime import running
from chat.log import devices
from chat.log.refusal import Refusal, unless
from chat.models import Device, User
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Id
from chat.quota.ask import wait_for
from chat.quota.kinds import What
from chat.web.account import find_device, told_devices
from chat.web.addresses import of_request
from chat.web.forms import TAKEN, SignUpForm
from chat.web.signing_in import try_password

router = Router(tags=["Accounts and devices"])


@router.post("/accounts", auth=None, response={201: SignedIn}, operation_id="signUp")
async def sign_up(request: HttpRequest, account: NewAccount) -> HttpResponse:
    """A new person, signed in on their first device."""
    return told(await in_thread(_sign_up, account, of_request(request)), 201)


@router.post("/devices", auth=None, response={201: SignedIn}, operation_id="signIn")
async def sign_in(request: HttpRequest, given: SignIn) -> HttpResponse:
    """A new device of a person who is there, or one of theirs again under a new token; then its old token has ended.
    After 10 wrong passwords for a username from one address there are 5 minutes to wait, here and on the pages."""
    signed_in = await in_thread(_sign_in, request, given)
    if given.device_id is not None:
        (await running()).postman.revoked_hint(signed_in["user"]["id"])
    return told(signed_in, 201)


@router.get("/devices", response=Devices, operation_id="listDevices")
async def list_devices(request: HttpRequest) -> HttpResponse:
    """Those that can act, this one first, then those used last."""
    asking = asked_by(request)
    return told({"devices": await in_thread(told_devices, UUID(asking.user), UUID(asking.device))})


@router.post("/devices/self/token", response={201: Token}, operation_id="rotateToken")
async def rotate_token(request: HttpRequest) -> HttpResponse:
    """A new token. The old one ends when the new one is first used, so an answer that is lost locks nobody out."""
    token = await in_thread(devices.rotate, UUID(asked_by(request).device))
    if token is None:
        # A browser has no token: its cookie stays.
        raise Refusal(ErrorCode.NOT_FOUND)
    return told({"token": token}, 201)


@router.delete("/devices/self", response={204: None}, operation_id="signOut")
async def sign_out(request: HttpRequest) -> HttpResponse:
    """This device is none any more: its token and its sockets end, and what waits for it does not wait any longer."""
    return await _revoke(request, asked_by(request).device)


@router.delete("/devices/{device_id}", response={204: None}, operation_id="revokeDevice")
async def revoke_device(request: HttpRequest, device_id: Id) -> HttpResponse:
    """One of one's own. Signed out already: it is, afterwards."""
    return await _revoke(request, device_id)


@router.delete("/devices", response={204: None}, operation_id="revokeOtherDevices")
async def revoke_others(request: HttpRequest) -> HttpResponse:
    """All but this one."""
    asking = asked_by(request)
    await in_thread(_revoke_others, asking.device)
    (await running()).postman.revoked_hint(asking.user)
    return nothing()


async def _revoke(request: HttpRequest, device: str) -> HttpResponse:
    asking = asked_by(request)
    await in_thread(_revoke_own, asking.user, device)
    (await running()).postman.revoked_hint(asking.user)
    return nothing()


# In threads


def _sign_up(account: NewAccount, address: str) -> dict[str, Any]:
    given = {"username": account.username, "name": account.name}
    form = SignUpForm(given | {"password1": account.password, "password2": account.password})
    if form.has_error("username", TAKEN):
        raise Refusal(ErrorCode.USERNAME_TAKEN)
    if not form.is_valid():
        raise Invalid(ErrorCode.INVALID_ACCOUNT, _errors(form))
    unless(wait_for(What.SIGN_UPS, address=address))
    try:
        with transaction.atomic():
            user = form.save()
            device, token = devices.register(user, account.device, Device.Kind.APP)
    except IntegrityError:
        # Someone else took it between the check and now.
        raise Refusal(ErrorCode.USERNAME_TAKEN) from None
    return _signed_in(user, device, token)


def _errors(form: SignUpForm) -> dict[str, list[str]]:
    """By the names of the body's fields."""
    errors: dict[str, list[str]] = {}
    for field, texts in form.errors.items():
        errors.setdefault(field.rstrip("12"), []).extend(str(text) for text in texts)
    return errors


def _sign_in(request: HttpRequest, given: SignIn) -> dict[str, Any]:
    user = try_password(request, given.username, given.password)
    if user is None:
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
    # Whoever counts wrong ones begins anew.
    user_logged_in.send(sender=User, request=request, user=user)
    if given.device_id is None:
        return _signed_in(user, *devices.register(user, given.name, Device.Kind.APP))
    again = devices.sign_in_again(user, UUID(given.device_id))
    if again is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    return _signed_in(user, *again)


def _signed_in(user: User, device: Device, token: str) -> dict[str, Any]:
    who = {"id": str(user.id), "username": user.username, "name": user.display_name}
    return {"device_id": str(device.id), "token": token, "user": who}


def _revoke_own(user: str, device: str) -> None:
    found = find_device(UUID(user), device)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    devices.revoke(found)


def _revoke_others(device: str) -> None:
    devices.revoke_others(Device.objects.get(id=device))
