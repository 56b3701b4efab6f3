"""The doors of the settings for what is one's own altogether: where mails go to, a download of everything, the end.

The mail address and the end ask for the password once more: a page left open, or a stolen session, is not enough.
"""

from typing import Annotated

from django.contrib.auth import logout
from django.core.exceptions import ValidationError as BadEmail
from django.core.validators import validate_email
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat.log.export import export
from chat.log.farewell import delete_account
from chat.log.refusal import Later, Refusal, unless
from chat.models import Device, User
from chat.protocol.errors import ErrorCode
from chat.quota.ask import wait_for
from chat.quota.kinds import What
from chat.web.account import PASSWORD_CHARS
from chat.web.device_cookie import forget
from chat.web.doors import BadBody, for_devices, json_body
from chat.web.problems import problem, too_early
from chat.web.signing_in import may_try_own

EMAIL_CHARS = 254
FILE_NAME = "messenger-data.zip"

OwnPassword = Annotated[str, Field(max_length=PASSWORD_CHARS)]


class Confirmation(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
    password: OwnPassword


class NewEmail(Confirmation):
    """`email`: empty for none."""

    email: Annotated[str, Field(max_length=EMAIL_CHARS)]


class WrongPassword(Refusal):
    """Nothing was done."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.INVALID_PASSWORD)
        self.errors = {"password": [str(_("That is not your password."))]}


def confirm(user: User, password: str) -> None:
    """Raises WrongPassword, Later."""
    may_try_own(user)
    if not user.check_password(password):
        raise WrongPassword


def set_email(user: User, wish: NewEmail) -> dict[str, list[str]]:
    """What is wrong with it, by the names of `NewEmail`: then nothing was changed. Raises WrongPassword, Later."""
    confirm(user, wish.password)
    if wish.email:
        try:
            validate_email(wish.email)
        except BadEmail as wrong:
            return {"email": [str(text) for text in wrong.messages]}
    User.objects.filter(id=user.id).update(email=wish.email)
    return {}


def end_account(device: Device, confirmation: Confirmation) -> None:
    """Raises WrongPassword, Later, and what deleting does."""
    confirm(device.user, confirmation.password)
    delete_account(device)


def may_export(user: User) -> None:
    """Raises Later."""
    unless(wait_for(What.EXPORTS, user=str(user.id)))


@method_decorator(never_cache, "dispatch")
class Email(View):
    http_method_names = ["put"]

    @for_devices
    def put(self, request: HttpRequest, device: Device) -> HttpResponse:
        try:
            errors = set_email(device.user, NewEmail.model_validate_json(json_body(request)))
        except (BadBody, ValidationError, Refusal) as why:
            return _refused(why, ErrorCode.INVALID_SETTINGS)
        return problem(ErrorCode.INVALID_SETTINGS, 422, errors=errors) if errors else HttpResponse(status=204)


@method_decorator(never_cache, "dispatch")
class Export(View):
    http_method_names = ["get"]

    @for_devices
    def get(self, request: HttpRequest, device: Device) -> HttpResponseBase:
        try:
            may_export(device.user)
        except Later as later:
            return too_early(later)
        return FileResponse(export(device.user), as_attachment=True, filename=FILE_NAME)


@method_decorator(never_cache, "dispatch")
class Deletion(View):
    http_method_names = ["post"]

    @for_devices
    def post(self, request: HttpRequest, device: Device) -> HttpResponse:
        try:
            end_account(device, Confirmation.model_validate_json(json_body(request)))
        except (BadBody, ValidationError, Refusal) as why:
            return _refused(why, ErrorCode.INVALID_PASSWORD)
        logout(request)
        return forget(HttpResponse(status=204))


def _refused(why: Exception, invalid: ErrorCode) -> HttpResponse:
    match why:
        case Later():
            return too_early(why)
        case WrongPassword():
            return problem(why.code, 422, errors=why.errors)
        case Refusal():
            return problem(ErrorCode.UNAVAILABLE, 503)
        case BadBody():
            return problem(invalid, why.status, str(why))
    return problem(invalid, 422)
