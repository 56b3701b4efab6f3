"""One signed-in device in one conversation, as honest as our browser client.

It says DELIVERED only of what it holds without a gap, cumulatively: the first at once, then every 250 ms or 50
rises of its cursor (static/js/acks.js). A send names its unanswered predecessor in `after`; what the server asks to
have repeated is repeated under the same id.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from pydantic_core import from_json

from bench.tally import Tally
from bench.websocket import TEXT, WebSocket
from chat.policy.window import ContiguousCursor
from chat.protocol.frames import SUBPROTOCOL

ACK_DELAY_S = 0.25
ACK_BATCH = 50
BODY = "See you at the station at half past seven, I bring the book"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits at this socket. `slots`: sends kept in flight, 0 when something else decides when to send."""

    user: str
    device: str
    cookie: str
    conv: str
    slots: int = 0
    says_seen: bool = False


class Person:
    """Speaks JSON."""

    SUBPROTOCOL = SUBPROTOCOL
    KIND = TEXT
    HELLO = b'{"t":"hello","epoch":null,"positions":[]}'
    PING = b'{"t":"ping"}'

    def __init__(self, seat: Seat, tally: Tally) -> None:
        self.seat = seat
        self.is_sending = False
        self.cursor = ContiguousCursor()
        # client_id -> (frame, when it was first sent)
        self.unanswered: dict[str, tuple[bytes, float]] = {}
        # Own entries, oldest first, that nobody has said to have: (seq, when it was sent).
        self.unticked: deque[tuple[int, float]] = deque()
        self.unseen: deque[tuple[int, float]] = deque()
        self._tally = tally
        self._loop = asyncio.get_running_loop()
        self._ready = self._loop.create_future()
        self._last: str | None = None
        self.sent = 0
        self._rises = 0
        self._acked_at = -ACK_DELAY_S
        self._ack_timer: asyncio.TimerHandle | None = None
        self._socket: WebSocket

    async def connect(self, host: str, port: int) -> None:
        """Returns when the server has told all conversations."""
        address = f"{host}:{port}"
        headers = {"Host": address, "Origin": f"http://{address}", "Cookie": self.seat.cookie}
        headers |= {"Sec-WebSocket-Protocol": self.SUBPROTOCOL}

        def make() -> WebSocket:
            return WebSocket("/ws/v1", headers, self._on_data, self._on_end, self.KIND)

        _, self._socket = await self._loop.create_connection(make, host, port)
        await self._socket.opened
        self._socket.send(self.HELLO)
        await self._ready

    def close(self) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
        self._socket.close()

    def ping(self) -> None:
        self._socket.send(self.PING)

    # Sending

    def fill_slots(self) -> None:
        """As many sends as there are free slots, in one write."""
        if self.is_sending and (free := self.seat.slots - len(self.unanswered)) > 0:
            self._socket.send(*[self._next() for _ in range(free)])

    def send_one(self) -> None:
        self._socket.send(self._next())

    def _next(self) -> bytes:
        self.sent += 1
        key = f"{self.seat.device[-12:]}_{self.sent}_{time.time_ns() // 1_000_000}"
        frame = self._send_frame(key, self._last if self._last in self.unanswered else None)
        now = monotonic()
        self.unanswered[key] = frame, now
        self._tally.sent_at[key] = now
        self._last = key
        self._tally.counts["sent"] += 1
        return frame

    def _send_frame(self, key: str, after: str | None) -> bytes:
        behind = f'"after":"{after}",' if after else ""
        return f'{{"t":"send","client_id":"{key}","conv":"{self.seat.conv}",{behind}"body":"{BODY}"}}'.encode()

    # Receiving

    def _on_end(self, code: int) -> None:
        if code not in (1000, 1006) or self.is_sending:
            self._tally.counts["closed"] += 1
        if not self._ready.done():
            self._ready.set_exception(ConnectionError(f"closed with {code}"))

    def _read(self, data: bytes) -> dict[str, Any]:
        frame: dict[str, Any] = from_json(data)
        return frame

    def _on_data(self, data: bytes) -> None:
        frame = self._read(data)
        kind = frame["t"]
        if kind == "ack":
            self._on_acks(frame["acks"])
        elif kind == "messages":
            self._on_entries(frame["entries"])
        elif kind == "retry":
            self._tally.counts["retries"] += 1
            self._loop.call_later(frame["retry_after_ms"] / 1000, self._repeat, frame["client_id"])
        elif kind == "error":
            self._tally.counts["errors"] += 1
        elif kind == "conversations" and not frame["more"] and not self._ready.done():
            self._ready.set_result(None)

    def _repeat(self, key: str) -> None:
        if key in self.unanswered:
            self._socket.send(self.unanswered[key][0])

    def _on_entries(self, entries: list[Mapping[str, Any]]) -> None:
        now = monotonic()
        for entry in entries:
            if entry["sender"] == self.seat.user:
                # A full window was filled from the database, which knows nothing of what ACCEPTED already told.
                self._tally.counts["echoes"] += 1
            elif (sent_at := self._tally.sent_at.pop(entry["client_id"], None)) is None:
                self._tally.counts["repeats"] += 1
            else:
                self._tally.note("pushed", now - sent_at)
        self._store([entry["seq"] for entry in entries])

    def _on_acks(self, acks: list[Mapping[str, Any]]) -> None:
        now = monotonic()
        own: list[int] = []
        for ack in acks:
            if ack["type"] == "ACCEPTED":
                self._accepted(ack["client_id"], ack["seq"], now)
                own.append(ack["seq"])
            elif ack["type"] == "DELIVERED":
                self._covered("ticked", self.unticked, ack["seq"], now)
            elif ack["type"] == "SEEN":
                self._covered("seen", self.unseen, ack["seq"], now)
            else:
                self._tally.counts["rejected"] += 1
        if own:
            self._store(own)
            self.fill_slots()

    def _accepted(self, key: str, seq: int, now: float) -> None:
        send = self.unanswered.pop(key, None)
        if send is None:
            self._tally.counts["repeats"] += 1
            return
        sent_at = send[1]
        self._tally.note("accepted", now - sent_at)
        self.unticked.append((seq, sent_at))
        if self.seat.says_seen:
            self.unseen.append((seq, sent_at))

    def _covered(self, kind: str, waiting: deque[tuple[int, float]], upto: int, now: float) -> None:
        while waiting and waiting[0][0] <= upto:
            self._tally.note(kind, now - waiting.popleft()[1])

    # Acknowledging

    def _store(self, seqs: list[int]) -> None:
        rose = False
        for seq in seqs:
            rose = self.cursor.one(seq) or rose
        if not rose:
            return
        self._rises += 1
        rest = self._acked_at + ACK_DELAY_S - monotonic()
        if rest <= 0 or self._rises >= ACK_BATCH:
            self._acknowledge()
        elif self._ack_timer is None:
            self._ack_timer = self._loop.call_later(rest, self._acknowledge)

    def _acknowledge(self) -> None:
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None
        self._rises, self._acked_at = 0, monotonic()
        self._tally.counts["ack_frames"] += 1
        self._socket.send(self._ack_frame(self.cursor.position))

    def _ack_frame(self, seq: int) -> bytes:
        place = b'"conv":"%s","seq":%d,"cumulative":true}' % (self.seat.conv.encode(), seq)
        acks = [b'{"type":"DELIVERED",' + place]
        if self.seat.says_seen:
            acks.append(b'{"type":"SEEN",' + place)
        return b'{"t":"ack","acks":[' + b",".join(acks) + b"]}"
