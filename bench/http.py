"""HTTP/1.1 as little as a load needs: one connection that stays, one request at a time."""

import asyncio

from pydantic_core import from_json, to_json


class Connection:
    """Of one app, by its token."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host = host
        self._port = port
        self._head = f"Host: {host}:{port}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    async def open(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        return self

    async def post(self, path: str, body: object) -> tuple[int, object]:
        """Status and the answer's JSON."""
        status, raw = await self.post_raw(path, to_json(body))
        return status, from_json(raw)

    async def post_raw(self, path: str, body: bytes) -> tuple[int, bytes]:
        head = f"POST {path} HTTP/1.1\r\n{self._head}Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        headers = await self._reader.readuntil(b"\r\n\r\n")
        lower = headers.lower()
        at = lower.index(b"content-length:") + 15
        length = int(lower[at : lower.index(b"\r", at)])
        return int(headers[9:12]), await self._reader.readexactly(length)

    def close(self) -> None:
        self._writer.close()
