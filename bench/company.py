"""A group whose members are all connected: one message to everybody, their receipts back, and people who come and go.

Figures of the scenario "crowd".
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import psycopg
from pydantic_core import from_json, to_json

from bench import pairs
from bench.websocket import WebSocket
from chat.log import groups
from chat.log.groups import Plan
from chat.protocol.frames import SUBPROTOCOL
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House

HELLO = b'{"t":"hello","epoch":null,"positions":[]}'
CONNECTING = 50
PATIENCE_S = 60.0
# Long enough for all ticks of one message.
APART_S = 1.5
CHANGES = 10


@dataclass
class Result:
    """Seconds from sending to each socket (`reached`: as many as are `wanted`); the sender's frames of ticks for one
    message, at most; seconds of one change of members, in the middle."""

    arrivals: list[float] = field(default_factory=list)
    tick_frames: int = 0
    change: float = 0.0
    wanted: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    def arrived(self, seconds: float) -> None:
        self.arrivals.append(seconds)
        if len(self.arrivals) == self.wanted:
            self.reached.set()

    def rank_ms(self, share: float) -> float:
        return 1000 * sorted(self.arrivals)[min(len(self.arrivals) - 1, int(share * len(self.arrivals)))]


class _Member:
    """Takes everything, and says at once that it was stored and seen."""

    def __init__(self, who: SignedIn, conv: str, result: Result, sent_at: dict[str, float]) -> None:
        self._who, self._conv, self._result, self._sent_at = who, conv, result, sent_at
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ticks = 0
        self.socket: WebSocket

    async def connect(self, house: House) -> None:
        address = urlsplit(house.addresses[0]).netloc
        host, port = address.split(":")
        headers = {"Host": address, "Origin": f"http://{address}", "Cookie": self._who.cookie_header}
        headers |= {"Sec-WebSocket-Protocol": SUBPROTOCOL}
        make = lambda: WebSocket("/ws/v1", headers, self._on_data, lambda code: None)  # noqa: E731
        _, self.socket = await asyncio.get_running_loop().create_connection(make, host, int(port))
        await self.socket.opened
        self.socket.send(HELLO)
        await self.ready

    def _on_data(self, data: bytes) -> None:
        frame: dict[str, Any] = from_json(data)
        if frame["t"] == "sync_done" or (frame["t"] == "conversations" and not frame["more"]):
            if not self.ready.done():
                self.ready.set_result(None)
        elif frame["t"] == "ack":
            self.ticks += any(ack["type"] in ("DELIVERED", "SEEN") for ack in frame["acks"])
        elif frame["t"] == "messages":
            now, last = time.monotonic(), frame["entries"][-1]["seq"]
            for entry in frame["entries"]:
                if at := self._sent_at.get(entry["client_id"]):
                    self._result.arrived(now - at)
            said = {"conv": self._conv, "seq": last, "cumulative": True}
            acks = [{"type": kind} | said for kind in ("DELIVERED", "SEEN")]
            self.socket.send(to_json({"t": "ack", "acks": acks}))


def run(house: House, members: int, messages: int) -> Result:
    return asyncio.run(_run(house, house.enrol(*pairs.names(members + 1)), messages))


async def _run(house: House, people: list[SignedIn], messages: int) -> Result:
    owner, result = people[0], Result()
    sent_at: dict[str, float] = {}
    *inside, outsider = people
    async with await psycopg.AsyncConnection.connect(house.dsn, autocommit=True) as connection:
        async with connection.transaction():
            plan = Plan("company", "All of us", [each.user for each in inside])
            conv = (await groups.create(connection, owner.actor, plan)).conv
        sockets = [_Member(who, conv, result, sent_at) for who in inside]
        for first in range(0, len(sockets), CONNECTING):
            await asyncio.gather(*(each.connect(house) for each in sockets[first : first + CONNECTING]))
        await asyncio.sleep(APART_S)
        for n in range(messages):
            before, key = sockets[0].ticks, f"company_{n}_0"
            # The sender learns of its own by ACCEPTED.
            result.wanted = (n + 1) * (len(sockets) - 1)
            result.reached.clear()
            sent_at[key] = time.monotonic()
            sockets[0].socket.send(to_json({"t": "send", "client_id": key, "conv": conv, "body": "To all of you"}))
            async with asyncio.timeout(PATIENCE_S):
                await result.reached.wait()
            await asyncio.sleep(APART_S)
            result.tick_frames = max(result.tick_frames, sockets[0].ticks - before)
        result.change = await _changes(connection, owner, conv, outsider)
        for each in sockets:
            each.socket.close()
    return result


async def _changes(connection: Any, owner: SignedIn, conv: str, outsider: SignedIn) -> float:
    took = []
    for n in range(CHANGES):
        began = time.monotonic()
        async with connection.transaction():
            if n % 2:
                await groups.remove(connection, owner.actor, conv, outsider.user)
            else:
                await groups.add(connection, owner.actor, conv, [outsider.user])
        took.append(time.monotonic() - began)
    return sorted(took)[CHANGES // 2]
