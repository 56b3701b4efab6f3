"""An app's uploads: the tus protocol by hand, so that a test can do each step of it wrong."""

import base64
import hashlib
import io
import itertools
from typing import Any

import httpx
from PIL import Image

from tests.acceptance.app import App

TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = "application/offset+octet-stream"
_numbers = itertools.count(1)


def metadata(name: str, client_id: str) -> str:
    return f"filename {_b64(name.encode())},client_id {_b64(client_id.encode())}"


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def checksum(data: bytes) -> str:
    return f"sha256 {_b64(hashlib.sha256(data).digest())}"


async def announce(who: App, length: int, name: str = "notes.bin", client_id: str = "") -> httpx.Response:
    stated = {"Upload-Length": str(length), "Upload-Metadata": metadata(name, client_id or f"up_{next(_numbers)}_0")}
    return await who.ask("POST", "/uploads", headers=TUS | stated)


async def begin(who: App, length: int, name: str = "notes.bin", client_id: str = "") -> str:
    """The upload's id."""
    answer = await announce(who, length, name, client_id)
    assert answer.status_code == 201, (answer.status_code, answer.text)
    return answer.headers["location"].rpartition("/")[2]


async def patch(who: App, upload: str, offset: int, content: Any, **headers: str) -> httpx.Response:
    stated = TUS | {"Upload-Offset": str(offset), "Content-Type": CONTENT} | headers
    return await who.ask("PATCH", f"/uploads/{upload}", content=content, headers=stated)


async def offset(who: App, upload: str) -> int:
    answer = await who.ask("HEAD", f"/uploads/{upload}", headers=TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["upload-offset"])


async def upload(who: App, content: bytes, name: str = "notes.bin") -> dict[str, Any]:
    """A complete one: its Attachment."""
    found = await begin(who, len(content), name)
    answer = await patch(who, found, 0, content)
    assert answer.status_code == 204, (answer.status_code, answer.text)
    attachment: dict[str, Any] = (await who.told("GET", f"/uploads/{found}"))["attachment"]
    return attachment


async def address(who: App, attachment: str) -> dict[str, Any]:
    found: dict[str, Any] = await who.told("GET", f"/attachments/{attachment}")
    return found


async def fetch(who: App, attachment: str, **headers: str) -> httpx.Response:
    """The file itself. The address needs nothing else."""
    return await who.http.get((await address(who, attachment))["url"], headers=headers)


def picture(size: tuple[int, int] = (64, 48), kind: str = "PNG", **more: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 60).convert("RGB").save(out, kind, **more)
    return out.getvalue()
