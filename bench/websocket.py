"""A WebSocket client that costs next to nothing, since it shares the machine with the server it measures.

Text frames or binary ones, unfragmented, never compressed. The masking key is zero, which RFC 6455 allows and which
leaves the payload as it is; the server unmasks as always.
"""

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from typing import cast

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
FIN = 0x80
NO_MASK = bytes(4)
ORDERLY = (1000).to_bytes(2, "big")


class WebSocket(asyncio.Protocol):
    """`on_frame` gets what each frame holds, all of one `kind`; `on_end` the close code (1006 when the connection just
    ended), once."""

    def __init__(
        self,
        path: str,
        headers: Mapping[str, str],
        on_frame: Callable[[bytes], None],
        on_end: Callable[[int], None],
        kind: int = TEXT,
    ) -> None:
        self._request = _upgrade_request(path, headers)
        self._on_frame = on_frame
        self._kind = kind
        self._on_end = on_end
        self._buffer = b""
        self._transport: asyncio.Transport
        self._code = 1006
        self.is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def send(self, *frames: bytes) -> None:
        """Written at once, in one system call."""
        self._transport.write(b"".join([_frame(self._kind, frame) for frame in frames]))

    def close(self) -> None:
        if not self._transport.is_closing():
            self._transport.write(_frame(CLOSE, ORDERLY))
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is not a subclass of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, _: Exception | None) -> None:
        self.is_open = False
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("no WebSocket"))
        self._on_end(self._code)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        at = 0
        if not self.is_open:
            at = self._read_answer(buffer)
        if self.is_open:
            at = self._read_frames(buffer, at)
        self._buffer = buffer[at:]

    def _read_answer(self, buffer: bytes) -> int:
        """Where the frames start; 0 while the server's answer is not whole."""
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return 0
        answer = buffer[:end].lower()
        if b" 101 " not in answer[:16] or b"permessage-deflate" in answer:
            self._transport.abort()
            return 0
        self.is_open = True
        self.opened.set_result(None)
        return end + 4

    def _read_frames(self, buffer: bytes, at: int) -> int:
        """Handles all whole frames; where the rest begins."""
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1], at + 2
            if size > 125:
                width = 2 if size == 126 else 8
                start += width
                if len(buffer) < start:
                    break
                size = int.from_bytes(buffer[at + 2 : start], "big")
            end = start + size
            if len(buffer) < end:
                break
            self._handle(buffer[at], buffer[start:end])
            at = end
        return at

    def _handle(self, first: int, payload: bytes) -> None:
        if first == FIN | self._kind:
            self._on_frame(payload)
        elif first == FIN | PING:
            self._transport.write(_frame(PONG, payload))
        elif first == FIN | CLOSE:
            self._code = int.from_bytes(payload[:2], "big") if payload else 1005
            self._transport.close()
        elif first != FIN | PONG:
            raise ValueError(f"a frame that starts with {first:#x}")


def _upgrade_request(path: str, headers: Mapping[str, str]) -> bytes:
    """As a browser's, which also offers compression: the server must decline it."""
    ours = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in (ours | dict(headers)).items())]
    return "\r\n".join([*lines, "", ""]).encode()


def _frame(kind: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < 126:
        return bytes((FIN | kind, 0x80 | size)) + NO_MASK + payload
    return bytes((FIN | kind, 0x80 | 126)) + size.to_bytes(2, "big") + NO_MASK + payload
