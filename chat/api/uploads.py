"""Uploads, by the tus protocol 1.0.0: core, creation, checksum, termination. What is complete can be sent.

Each request of it says which version it speaks, and so does each answer. How much of a request's body has been taken
when its connection is lost stays taken: HEAD tells.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Header, Router
from pydantic import TypeAdapter, ValidationError

from chat.api.answer import nothing, told
from chat.api.handler import Gone, Request
from chat.api.identity import ANSWER_S, asked_by
from chat.api.limits import Limits
from chat.api.problems import BadRequest
from chat.api.responses import Upload
from chat.delivery.runtime import running
from chat.log.pool import bounded
from chat.media import hint, uploads
from chat.protocol.frames import MAX_SEQ, ClientId, Id

router = Router(tags=["Attachments"], by_alias=True)

VERSION = "1.0.0"
EXTENSIONS = "creation,checksum,termination"
ALGORITHM = "sha256"
CONTENT = "application/offset+octet-stream"
PATCHED = {
    "requestBody": {"required": True, "content": {CONTENT: {"schema": {"type": "string", "format": "binary"}}}},
}
MAX_METADATA_CHARS = 4_096

Answering = Callable[..., Awaitable[HttpResponse]]


Tus = Annotated[str, Header(alias="Tus-Resumable", pattern=r"^1\.0\.0$")]
Length = Annotated[int, Header(alias="Upload-Length", ge=1, le=MAX_SEQ, description="Bytes of the whole file.")]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=MAX_SEQ, description="Where the body goes on.")]
Metadata = Annotated[
    str,
    Header(
        alias="Upload-Metadata",
        max_length=MAX_METADATA_CHARS,
        description="`filename` and `client_id`, each with its value in Base64, with a comma between.",
    ),
]
Checksum = Annotated[
    str | None,
    Header(alias="Upload-Checksum", max_length=100, description="`sha256` and the body's hash in Base64."),
]


def tus(view: Answering) -> Answering:
    """Around every answer; and the body of a request is left to the view."""

    async def answer(request: HttpRequest, *args: Any, **rest: Any) -> HttpResponse:
        response = await view(request, *args, **rest)
        response["Tus-Resumable"] = VERSION
        return response

    answer.streams_body = True  # type: ignore[attr-defined]
    return answer


def _options() -> HttpResponse:
    response = nothing()
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = EXTENSIONS
    response["Tus-Max-Size"] = str(uploads.most_bytes())
    response["Tus-Checksum-Algorithm"] = ALGORITHM
    return response


@router.api_operation(
    ["OPTIONS"], "/uploads", response={204: None}, operation_id="uploadOptions", auth=None, url_name="uploads"
)
async def upload_options(request: HttpRequest) -> HttpResponse:
    """What is spoken here: versions, extensions, the largest file."""
    return _options()


@router.post("/uploads", response={201: None, 200: None}, operation_id="createUpload")
async def create_upload(request: HttpRequest, tus: Tus, length: Length, metadata: Metadata) -> HttpResponse:
    """Announces a file: 201 the first time, and 200 whenever the same client_id is announced again, with the same
    Location and how much has arrived."""
    runtime, asking = await running(), asked_by(request)
    filename, client_id = _read_metadata(metadata)
    work = uploads.create(runtime.database, asking.user, client_id, filename, length)
    upload, fresh = await bounded(work, ANSWER_S)
    response = HttpResponse(status=201 if fresh else 200)
    response["Location"] = f"/api/v1/uploads/{upload.id}"
    response["Upload-Offset"] = str(upload.offset)
    return response


@router.api_operation(["HEAD"], "/uploads/{upload}", response={200: None}, operation_id="headUpload", url_name="upload")
async def head_upload(request: HttpRequest, upload: Id, tus: Tus) -> HttpResponse:
    """Where it goes on."""
    found = await uploads.find((await running()).database, asked_by(request).user, upload)
    response = HttpResponse(status=200)
    response["Upload-Offset"] = str(found.offset)
    response["Upload-Length"] = str(found.length)
    return response


@router.get("/uploads/{upload}", response=Upload, operation_id="getUpload")
async def get_upload(request: HttpRequest, upload: Id) -> HttpResponse:
    """Where it goes on; and what it is, as soon as it is complete."""
    found = await uploads.find((await running()).database, asked_by(request).user, upload)
    return told({"id": found.id, "offset": found.offset, "length": found.length, "attachment": found.attachment})


@router.patch("/uploads/{upload}", response={204: None}, operation_id="continueUpload", openapi_extra=PATCHED)
async def continue_upload(
    request: HttpRequest, upload: Id, tus: Tus, offset: Offset, checksum: Checksum = None
) -> HttpResponse:
    """The bytes from `Upload-Offset` on. The last of them completes it: it is looked at before this is answered."""
    assert isinstance(request, Request)
    runtime, asking = await running(), asked_by(request)
    if request.content_type != CONTENT:
        raise BadRequest(415, f"The body must be {CONTENT}.")
    writing = uploads.Writing(runtime.database, asking.user, upload, offset, _read_checksum(checksum))
    with Limits.of(runtime).uploading(asking.user):
        found = await writing.run(request.receive)
    if found is None:
        raise Gone
    if found.is_complete:
        hint.draw()
    response = nothing()
    response["Upload-Offset"] = str(found.offset)
    return response


@router.delete("/uploads/{upload}", response={204: None}, operation_id="deleteUpload")
async def delete_upload(request: HttpRequest, upload: Id, tus: Tus) -> HttpResponse:
    """Given up; of what has been sent already this is no more to be had."""
    await uploads.drop((await running()).database, asked_by(request).user, upload)
    return nothing()


@router.api_operation(
    ["OPTIONS"], "/uploads/{upload}", response={204: None}, operation_id="oneUploadOptions", auth=None
)
async def one_upload_options(request: HttpRequest, upload: str) -> HttpResponse:
    """The same as of all of them."""
    return _options()


_client_id: TypeAdapter[str] = TypeAdapter(ClientId)


def _read_metadata(text: str) -> tuple[str, str]:
    """The file's name, and the client_id. Raises BadRequest."""
    try:
        pairs = dict(part.strip().split(" ", 1) for part in text.split(","))
        filename = base64.b64decode(pairs["filename"].strip(), validate=True).decode()
        client_id = base64.b64decode(pairs["client_id"].strip(), validate=True).decode()
        return filename, _client_id.validate_python(client_id)
    except (KeyError, ValueError, binascii.Error, ValidationError):
        raise BadRequest(422, "Upload-Metadata must hold a filename and a client_id, each in Base64.") from None


def _read_checksum(text: str | None) -> bytes | None:
    """Raises BadRequest."""
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    try:
        wanted = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        wanted = b""
    if algorithm != ALGORITHM or len(wanted) != 32:
        raise BadRequest(422, "Upload-Checksum must be sha256 and a hash in Base64.")
    return wanted
