"""Coming back: devices that say hello, take what they are owed, acknowledge it as our clients do, until sync_done."""

import asyncio
import time
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from pydantic_core import from_json

from bench.websocket import WebSocket

HOST = "127.0.0.1"
ACK_DELAY_S = 0.25
ACK_BATCH = 50


@dataclass(slots=True)
class Returned:
    """Seconds after hello: the whole list, the first entries, and the end. `entries`: how many came."""

    listed: float = 0.0
    first: float = 0.0
    synced: float = 0.0
    entries: int = 0
    errors: int = 0


@dataclass
class Returner:
    """One device. Acknowledges the first at once, then every 50 entries or 250 ms."""

    cookie: str
    said: float = 0.0
    result: Returned = field(default_factory=Returned)
    _positions: dict[str, int] = field(default_factory=dict)
    _unsaid: dict[str, int] = field(default_factory=dict)
    _count: int = 0
    _timer: asyncio.TimerHandle | None = None

    async def come_back(self, port: int, seconds: float) -> Returned:
        loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = loop.create_future()
        address = f"{HOST}:{port}"
        headers = {"Host": address, "Origin": f"http://{address}", "Cookie": self.cookie}
        headers |= {"Sec-WebSocket-Protocol": "messenger.v1.json"}
        _, self._socket = await loop.create_connection(
            lambda: WebSocket("/ws/v1", headers, self._on_text, self._on_end), HOST, port
        )
        await self._socket.opened
        self.said = monotonic()
        self._socket.send(b'{"t":"hello","epoch":null,"positions":[]}')
        try:
            await asyncio.wait_for(self._done, seconds)
        except TimeoutError:
            self.result.errors += 1
        if self._timer:
            self._timer.cancel()
        self._socket.close()
        return self.result

    def _on_end(self, code: int) -> None:
        if not self._done.done():
            self.result.errors += 1
            self._done.set_result(None)

    def _on_text(self, text: bytes) -> None:
        frame = from_json(text)
        match frame["t"]:
            case "conversations":
                self._positions |= {item["id"]: item["received"] for item in frame["items"]}
                if not frame["more"]:
                    self.result.listed = self._since()
            case "messages":
                self._take(frame)
            case "error":
                self.result.errors += 1
            case "sync_done" if not self._done.done():
                self.result.synced = self._since()
                self._done.set_result(None)

    def _take(self, frame: dict[str, Any]) -> None:
        if not self.result.entries:
            self.result.first = self._since()
        entries = frame["entries"]
        self.result.entries += len(entries)
        self._unsaid[frame["conv"]] = entries[-1]["seq"]
        self._count += len(entries)
        if self._timer is None or self._count >= ACK_BATCH:
            self._acknowledge()

    def _acknowledge(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(ACK_DELAY_S, self._rest)
        for start in range(0, len(self._unsaid), 100):
            acks = ",".join(
                f'{{"type":"DELIVERED","conv":"{conv}","seq":{seq},"cumulative":true}}'
                for conv, seq in list(self._unsaid.items())[start : start + 100]
            )
            self._socket.send(f'{{"t":"ack","acks":[{acks}]}}'.encode())
        self._unsaid, self._count = {}, 0

    def _rest(self) -> None:
        self._timer = None
        if self._unsaid:
            self._acknowledge()

    def _since(self) -> float:
        return monotonic() - self.said


def come_back(port: int, cookies: list[str], seconds: float) -> tuple[list[Returned], float]:
    """All at once; what each met, and the seconds until the last was done."""

    async def everyone() -> list[Returned]:
        return list(await asyncio.gather(*(Returner(cookie).come_back(port, seconds) for cookie in cookies)))

    began = time.monotonic()
    results = asyncio.run(everyone())
    return results, time.monotonic() - began
