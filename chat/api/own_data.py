"""What is one's own altogether: the address mails go to, a download of everything, the end of the account."""

from collections.abc import AsyncIterator
from typing import IO
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Router

from chat.api.answer import nothing
from chat.api.identity import asked_by
from chat.api.problems import Invalid
from chat.api.threads import in_thread
from chat.delivery.runtime import running
from chat.log.export import export
from chat.models import Device, User
from chat.protocol.errors import ErrorCode
from chat.web.own_data import FILE_NAME, Confirmation, NewEmail, WrongPassword, end_account, may_export, set_email

router = Router(tags=["Profile and settings"])

CHUNK = 65_536


@router.put("/me/email", response={204: None}, operation_id="setEmail")
async def set_own_email(request: HttpRequest, wish: NewEmail) -> HttpResponseBase:
    """Where a mail goes to when the password is forgotten; empty for none."""
    errors = await in_thread(_set_email, asked_by(request).user, wish)
    if errors:
        raise Invalid(ErrorCode.INVALID_SETTINGS, errors)
    return nothing()


ZIP = {"description": "OK", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("/me/export", response={200: None}, operation_id="exportData", openapi_extra={"responses": {200: ZIP}})
async def export_data(request: HttpRequest) -> HttpResponseBase:
    """A zip of JSON files: account, devices, conversations, own messages, own receipts. What others wrote is not in
    it."""
    file = await in_thread(_export, asked_by(request).user)
    response = StreamingHttpResponse(_parts(file), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{FILE_NAME}"'
    return response


@router.post("/me/deletion", response={204: None}, operation_id="deleteAccount")
async def delete_own_account(request: HttpRequest, confirmation: Confirmation) -> HttpResponseBase:
    """For good. Messages stay, as a deleted account's; everything else goes, and nobody gets the username again."""
    asking = asked_by(request)
    await in_thread(_end, asking.device, confirmation)
    (await running()).postman.revoked_hint(asking.user)
    return nothing()


async def _parts(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part


# In threads


def _set_email(user: str, wish: NewEmail) -> dict[str, list[str]]:
    try:
        return set_email(User.objects.get(id=user), wish)
    except WrongPassword as wrong:
        raise Invalid(wrong.code, wrong.errors) from None


def _export(user: str) -> IO[bytes]:
    person = User.objects.get(id=user)
    may_export(person)
    return export(person)


def _end(device: str, confirmation: Confirmation) -> None:
    try:
        end_account(Device.objects.select_related("user").get(id=UUID(device)), confirmation)
    except WrongPassword as wrong:
        raise Invalid(wrong.code, wrong.errors) from None
