"""The doors of the settings: what a person is called and lets others know, their devices, their password (doors.py).
The API has the same under other addresses.

Everything is the asking person's own: another's device is answered as one that is not there.
"""

import unicodedata
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.generic import View
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from chat.log import devices, profile
from chat.log.refusal import Later
from chat.models import Block, Device, User
from chat.policy.reach import Writers
from chat.protocol.errors import ErrorCode
from chat.web.doors import BadBody, for_devices, json_body
from chat.web.problems import problem, too_early
from chat.web.signing_in import may_try_own

# As long as what Django's password fields take.
PASSWORD_CHARS = 4096
# Controls, halves of characters, ends of lines and paragraphs.
UNFIT = {"Cc", "Cs", "Zl", "Zp"}


def _one_line(name: str) -> str:
    if any(unicodedata.category(character) in UNFIT for character in name):
        raise ValueError("it cannot be stored, or not in one line")
    return name.strip()


NAME_CHARS = 100
ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
Name = Annotated[
    str,
    Field(max_length=NAME_CHARS),
    AfterValidator(_one_line),
    # In documents for programs; the rule is the validator.
    WithJsonSchema({"type": "string", "maxLength": NAME_CHARS, "pattern": ONE_LINE}),
]


class Wish(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    name: Name | None = None
    read_receipts: bool | None = None
    shows_presence: bool | None = None
    writers: Writers | None = None


class Passwords(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    old: str = Field(max_length=PASSWORD_CHARS)
    new: str = Field(max_length=PASSWORD_CHARS)


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1000)


def _told(device: Device, asking: UUID) -> dict[str, Any]:
    """Times are milliseconds since 1970; `last_seen_at` is when it was last connected, null: never. It is noted
    when its socket ends, and every few minutes until then."""
    return {
        "id": str(device.id),
        "name": device.name,
        "created_at": _milliseconds(device.created_at),
        "last_seen_at": _milliseconds(device.last_seen_at),
        "is_this": device.id == asking,
    }


def told_devices(user: UUID, asking: UUID) -> list[dict[str, Any]]:
    """Those that can act, those used last first; the asking one before them."""
    working = Device.objects.filter(user=user, revoked_at=None).order_by("-last_seen_at", "-id")
    return sorted((_told(each, asking) for each in working), key=lambda each: not each["is_this"])


def told_profile(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.display_name,
        "email": user.email,
        "read_receipts": user.read_receipts,
        "shows_presence": user.shows_presence,
        "writers": user.writers,
    }


def told_blocked(user: UUID) -> list[dict[str, str]]:
    """In order of their usernames."""
    blocks = Block.objects.filter(user=user).select_related("blocked").order_by("blocked__username")
    people = [block.blocked for block in blocks]
    return [{"id": str(each.id), "username": each.username, "name": each.display_name} for each in people]


def grant(user: UUID, wish: Wish) -> None:
    if wish.name is not None:
        profile.rename(user, wish.name)
    if wish.read_receipts is not None:
        profile.set_read_receipts(user, wish.read_receipts)
    if wish.shows_presence is not None:
        profile.set_shows_presence(user, wish.shows_presence)
    if wish.writers is not None:
        profile.set_writers(user, wish.writers)


def find_device(user: UUID, device: str) -> Device | None:
    """One of this person's, revoked or not."""
    try:
        return Device.objects.filter(id=UUID(device), user=user).first()
    except ValueError:
        return None


def change_password(device: Device, given: Passwords) -> dict[str, list[str]]:
    """Afterwards all other devices of its person are signed out. What is wrong with it, by the names of `Passwords`:
    then nothing was changed."""
    fields = {"old_password": given.old, "new_password1": given.new, "new_password2": given.new}
    form = PasswordChangeForm(device.user, fields)
    if not form.is_valid():
        return _errors(form)
    device.user.kept_device = device
    with transaction.atomic():
        form.save()
    return {}


@method_decorator(never_cache, "dispatch")
class Account(View):
    http_method_names = ["get", "patch"]

    @for_devices
    def get(self, request: HttpRequest, device: Device) -> HttpResponse:
        """With the devices that can act, this one first, then those used last; and whom this person has blocked."""
        own = {"devices": told_devices(device.user_id, device.id), "blocked": told_blocked(device.user_id)}
        return JsonResponse(told_profile(device.user) | own)

    @for_devices
    def patch(self, request: HttpRequest, device: Device) -> HttpResponse:
        try:
            wish = Wish.model_validate_json(json_body(request))
        except BadBody as why:
            return problem(ErrorCode.INVALID_SETTINGS, why.status, str(why))
        except ValidationError:
            return problem(ErrorCode.INVALID_SETTINGS, 422)
        grant(device.user_id, wish)
        return HttpResponse(status=204)


@method_decorator(never_cache, "dispatch")
class OtherDevices(View):
    """All but the asking one."""

    http_method_names = ["delete"]

    @for_devices
    def delete(self, request: HttpRequest, device: Device) -> HttpResponse:
        devices.revoke_others(device)
        return HttpResponse(status=204)


@method_decorator(never_cache, "dispatch")
class OneDevice(View):
    http_method_names = ["delete"]

    @for_devices
    def delete(self, request: HttpRequest, device: Device, other: str) -> HttpResponse:
        """Signed out already: it is, afterwards."""
        found = find_device(device.user_id, other)
        if found is None:
            return problem(ErrorCode.NOT_FOUND, 404)
        devices.revoke(found)
        return HttpResponse(status=204)


@method_decorator(never_cache, "dispatch")
class Password(View):
    http_method_names = ["post"]

    @for_devices
    def post(self, request: HttpRequest, device: Device) -> HttpResponse:
        """The asking session goes on; all others are over, and what they had open ends."""
        try:
            given = Passwords.model_validate_json(json_body(request))
        except BadBody as why:
            return problem(ErrorCode.INVALID_PASSWORD, why.status, str(why))
        except ValidationError:
            return problem(ErrorCode.INVALID_PASSWORD, 422)
        try:
            may_try_own(device.user)
        except Later as later:
            return too_early(later)
        if errors := change_password(device, given):
            return problem(ErrorCode.INVALID_PASSWORD, 422, errors=errors)
        update_session_auth_hash(request, device.user)
        return HttpResponse(status=204)


def _errors(form: PasswordChangeForm) -> dict[str, list[str]]:
    """By the names of the body's fields."""
    names = {"old_password": "old", "new_password1": "new", "new_password2": "new"}
    told: dict[str, list[str]] = {}
    for field, errors in form.errors.items():
        told.setdefault(names[field], []).extend(str(error) for error in errors)
    return told
