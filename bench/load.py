"""The clients, in a process of their own: told what to do on stdin, answering on stdout, one JSON line each.

in   {"port": …, "seats": [[user, device, cookie, conv]…], "shape": "slots" | "steady" | "idle", …}   (Plan)
out  {"connected": n}
in   an empty line: begin
out  {"seconds": …, "counts": {…}, "accepted": {…}, …}
"""

import asyncio
import gc
import json
import random
import sys
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass
from time import monotonic
from typing import Any

from bench.person import Person, Seat
from bench.proto_person import ProtoPerson
from bench.tally import Tally
from chat.protocol.frames import SUBPROTOCOL

HOST = "127.0.0.1"
# Sockets being opened at a time: what follows is measured, not this.
OPENING = 50
OPENING_S = 30.0
WARM_UP_S = 1.0
DRAIN_S = 60.0
PING_S = 20.0
SLOTS = 4
SPEAKERS: dict[str, type[Person]] = {person.SUBPROTOCOL: person for person in (Person, ProtoPerson)}


@dataclass(frozen=True, slots=True)
class Plan:
    """`seats`: (user, device, cookie header, conversation), pairs side by side. `rate`: messages/s in total, for the
    shape "steady". `seconds`: of sending, after the warm-up. `subprotocol`: what all of them speak."""

    port: int
    seats: Sequence[tuple[str, str, str, str]]
    shape: str
    seconds: float = 0.0
    rate: float = 0.0
    subprotocol: str = SUBPROTOCOL

    def to_json(self) -> str:
        return json.dumps(asdict(self))


class Load:
    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._tally = Tally()
        slots = SLOTS if plan.shape == "slots" else 0
        says_seen = plan.shape == "steady"
        speaker = SPEAKERS[plan.subprotocol]
        self._people = [speaker(Seat(*seat, slots, says_seen), self._tally) for seat in plan.seats]

    async def connect(self) -> None:
        gate = asyncio.Semaphore(OPENING)

        async def one(person: Person) -> None:
            async with gate, asyncio.timeout(OPENING_S):
                await person.connect(HOST, self._plan.port)

        await asyncio.gather(*[one(person) for person in self._people])

    async def run(self) -> dict[str, Any]:
        """Sends, stops, and waits until everything has come back."""
        for person in self._people:
            person.is_sending = True
            person.fill_slots()
        await self._while_sending(WARM_UP_S)
        self._tally.begin(monotonic())
        await self._while_sending(self._plan.seconds)
        for person in self._people:
            person.is_sending = False
        ended_at = monotonic()
        self._tally.end(ended_at)
        left = await self._drain(ended_at + DRAIN_S)
        return self._tally.result() | {"left": left, "drain_s": monotonic() - ended_at}

    async def _while_sending(self, seconds: float) -> None:
        if self._plan.rate:
            await self._send_steadily(seconds)
        else:
            await asyncio.sleep(seconds)

    async def _send_steadily(self, seconds: float) -> None:
        """By the clock, whatever the server does; by anyone, as people do."""
        start = monotonic()
        for n in range(round(seconds * self._plan.rate)):
            wait = start + n / self._plan.rate - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            random.choice(self._people).send_one()

    async def _drain(self, deadline: float) -> dict[str, int]:
        """What has not come back by the deadline, by kind."""
        while any((left := self._missing()).values()) and monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return left

    def _missing(self) -> dict[str, int]:
        people, counts = self._people, self._tally.counts
        return {
            "accepted": sum(len(person.unanswered) for person in people),
            "pushed": counts["sent"] - counts["pushed"],
            "ticked": counts["sent"] - counts["ticked"],
            "seen": sum(len(person.unseen) for person in people),
            "stored": sum(2 * counts_of - a.cursor.position - b.cursor.position for counts_of, a, b in self._pairs()),
        }

    def _pairs(self) -> list[tuple[int, Person, Person]]:
        """(entries in the conversation, its two people): both must hold all of them, without a gap."""
        pairs = zip(self._people[::2], self._people[1::2], strict=True)
        return [(a.sent + b.sent, a, b) for a, b in pairs]

    async def stay(self, until: Coroutine[Any, Any, str]) -> None:
        """Idle, with the heartbeats of idle people."""
        ended = asyncio.ensure_future(until)
        while not (await asyncio.wait([ended], timeout=PING_S))[0]:
            for person in self._people:
                person.ping()

    def close(self) -> None:
        for person in self._people:
            person.close()


def _read_line() -> Coroutine[Any, Any, str]:
    return asyncio.to_thread(sys.stdin.readline)


async def _main() -> None:
    load = Load(plan := Plan(**json.loads(await _read_line())))
    await load.connect()
    print(json.dumps({"connected": len(plan.seats)}), flush=True)
    if plan.shape == "idle":
        await load.stay(_read_line())
        result: dict[str, Any] = {}
    elif not await _read_line():
        return
    else:
        gc.freeze()
        gc.disable()
        result = await load.run()
    load.close()
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(_main())
    else:
        uvloop.run(_main())
