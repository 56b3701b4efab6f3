"""Files of messages on their way in: into a file beside the wanted one, which gets that name when all has come."""

import asyncio
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import httpx

from messenger_client.backoff import DEFAULT_BACKOFF, Backoff
from messenger_client.errors import Refused, Unavailable
from messenger_client.http import checked, request, unreachable
from messenger_client.model import Attachment

TIMEOUT_S = 20.0
BLOCK_BYTES = 1 << 20
# An address of this server; what is in it opens the file, and is nobody else's business.
OWN = re.compile(r"/(?!/)\S*")
RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/\d{1,18}")


class Downloads:
    """`headers()`: what authenticates."""

    def __init__(
        self, server: str, headers: Callable[[], Mapping[str, str]], backoff: Backoff = DEFAULT_BACKOFF
    ) -> None:
        self._server = server
        self._headers = headers
        self._backoff = backoff
        self._turns: dict[Path, asyncio.Lock] = {}

    async def fetch(self, attachment: Attachment, path: Path) -> None:
        """Raises Refused, SignedOut, OSError, and Unavailable when the attempts are used up: what has come is kept for
        the next time."""
        partial = path.with_name(f".{attachment.id}.part")
        async with self._turns.setdefault(partial.absolute(), asyncio.Lock()):
            file = await asyncio.to_thread(_opened, partial)
            try:
                await self._fill(file, attachment)
                await asyncio.to_thread(_sync, file)
            finally:
                file.close()
            await asyncio.to_thread(os.replace, partial, path)

    async def _fill(self, file: BinaryIO, attachment: Attachment) -> None:
        failures = 0
        async with httpx.AsyncClient(base_url=self._server, timeout=TIMEOUT_S) as client:
            while True:
                before = file.tell()
                try:
                    return await self._attempt(client, file, attachment)
                except Unavailable as error:
                    failures = 1 if file.tell() > before else failures + 1
                    pause = self._backoff.delay_ms(failures)
                    if pause is None:
                        raise
                    await asyncio.sleep(max(pause, error.retry_after_ms) / 1000)

    async def _attempt(self, client: httpx.AsyncClient, file: BinaryIO, attachment: Attachment) -> None:
        """From where the file ends to the end of it all."""
        if file.tell() > attachment.size:
            _restart(file)
        if file.tell() == attachment.size:
            return
        url = await self._address(client, attachment)
        wanted = {"Range": f"bytes={file.tell()}-", "Accept-Encoding": "identity"}
        try:
            async with client.stream("GET", url, headers=wanted) as response:
                if not response.is_success:
                    await response.aread()
                    checked(response)
                if _start(response) != file.tell():
                    _restart(file)
                if _start(response) != file.tell():
                    raise Unavailable("The server sent another part of the file than was asked for.")
                await _store(response, file, attachment.size)
        except httpx.HTTPError as error:
            raise unreachable(error) from None
        if file.tell() < attachment.size:
            raise Unavailable("The file ended too early.")

    async def _address(self, client: httpx.AsyncClient, attachment: Attachment) -> str:
        """Good for some minutes: each attempt asks for one."""
        response = await request(client, "GET", f"/api/v1/attachments/{attachment.id}", self._headers())
        url = str(checked(response).get("url", ""))
        if not OWN.fullmatch(url):
            raise Refused("The server told an address that is not its own.")
        return url


def _opened(partial: Path) -> BinaryIO:
    """At its end; for its owner's eyes only, and no link that somebody else has put there."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    file = os.fdopen(os.open(partial, flags, 0o600), "r+b")
    file.seek(0, os.SEEK_END)
    return file


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _restart(file: BinaryIO) -> None:
    file.seek(0)
    file.truncate()


def _start(response: httpx.Response) -> int:
    """Of the part that comes."""
    told = RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(told[1]) if response.status_code == httpx.codes.PARTIAL_CONTENT and told else 0


async def _store(response: httpx.Response, file: BinaryIO, size: int) -> None:
    async for block in response.aiter_raw(BLOCK_BYTES):
        if file.tell() + len(block) > size:
            raise Refused("The file is larger than was told.")
        await asyncio.to_thread(file.write, block)
