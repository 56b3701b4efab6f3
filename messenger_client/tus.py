"""Uploads as the server takes them: tus 1.0.0 with creation and checksum (docs/protocol.md)."""

import base64
import hashlib
from collections.abc import Callable, Mapping

import httpx

from messenger_client.errors import Unavailable
from messenger_client.http import checked, request
from messenger_client.protocol import Frame

PATH = "/api/v1/uploads"
CONTENT = "application/offset+octet-stream"
# The server may hold a whole request in memory before it looks at it.
PIECE_BYTES = 4 << 20


class Tus:
    """`client`: kept open for all of a message's files. `headers()`: what authenticates. All methods raise Unavailable,
    SignedOut or Refused."""

    def __init__(self, client: httpx.AsyncClient, headers: Callable[[], Mapping[str, str]]) -> None:
        self._client = client
        self._headers = headers

    async def announce(self, name: str, key: str, size: int) -> str:
        """The upload's id, which becomes the attachment's: the same whenever the same is announced."""
        metadata = f"filename {_base64(name.encode(errors='replace'))},client_id {_base64(key.encode())}"
        stated = self._stated({"Upload-Length": str(size), "Upload-Metadata": metadata})
        response = await request(self._client, "POST", PATH, stated)
        upload = str(response.headers.get("Location", "")).rpartition("/")[2]
        if not upload:
            raise Unavailable("The server did not say where the upload is.")
        return upload

    async def offset(self, upload: str) -> int:
        """Where it goes on."""
        return _offset(await request(self._client, "HEAD", f"{PATH}/{upload}", self._stated({})))

    async def complete(self, upload: str) -> Frame | None:
        """The attachment it has become; None: it is not all there, or was not looked at and accepted yet."""
        response = await request(self._client, "GET", f"{PATH}/{upload}", self._stated({}))
        return checked(response).get("attachment")

    async def append(self, upload: str, offset: int, piece: bytes) -> int:
        """Where it goes on then. The last piece, which may be empty, is answered when the file was accepted."""
        checksum = f"sha256 {_base64(hashlib.sha256(piece).digest())}"
        stated = {"Upload-Offset": str(offset), "Upload-Checksum": checksum, "Content-Type": CONTENT}
        url = f"{PATH}/{upload}"
        return _offset(await request(self._client, "PATCH", url, self._stated(stated), content=piece))

    def _stated(self, more: Mapping[str, str]) -> Mapping[str, str]:
        return {"Tus-Resumable": "1.0.0", **self._headers(), **more}


def _offset(response: httpx.Response) -> int:
    told = response.headers.get("Upload-Offset", "")
    if not (told.isascii() and told.isdigit()):
        raise Unavailable("The server did not say how much has arrived.")
    return int(told)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
