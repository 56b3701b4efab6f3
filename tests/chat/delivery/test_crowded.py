"""A reader that is slow, but reads, gets everything however large it is; its queue stays small meanwhile."""

import asyncio
import json
from typing import Any

from chat.delivery import outlet
from chat.delivery.hub import Hub
from chat.delivery.outlet import Outlet
from chat.delivery.session import Session
from chat.protocol.frames import MAX_BODY_CHARS, Entry
from chat.protocol.packed import Packed, pack
from tests.chat.delivery.paper import cursor_of, summary

# Each of these characters takes six in JSON.
LONGEST = "\x01" * MAX_BODY_CHARS
ENTRIES = 300
PAGE = 20


def log() -> list[Packed]:
    entry = Entry(seq=0, id="m", sender="bob", client_id="b", body=LONGEST, at=1)
    return [pack(entry | {"seq": seq}) for seq in range(1, ENTRIES + 1)]  # type: ignore[typeddict-item]


class SlowReader:
    """Takes a frame only when it is let; acknowledges what it has taken."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self._may = asyncio.Semaphore(0)
        self._took = asyncio.Event()

    async def send(self, event: dict[str, Any]) -> None:
        await self._may.acquire()
        self.taken += [entry["seq"] for entry in json.loads(event["text"])["entries"]]
        self._took.set()

    async def take(self) -> None:
        self._took.clear()
        self._may.release()
        await self._took.wait()


async def test_large_messages_wait_for_a_slow_reader() -> None:
    entries, reader = log(), SlowReader()
    wanted: list[str] = []
    hub = Hub(wanted.append, wanted.append)
    session = Session("alice", "phone", Outlet(reader.send, lambda: None), asyncio.get_running_loop().time())
    hub.arrive(session)
    found = summary("c", ENTRIES)
    hub.enter(session, found, cursor_of(found))
    longest = sum(len(entry.text) for entry in entries[:PAGE])
    while len(reader.taken) < ENTRIES:
        # What the filler does: pages from the lowest waiting position while somebody waits.
        while hub.rooms["c"].waiting():
            start = session.cursors["c"].pushed
            hub.deliver("c", 1, entries[start : start + PAGE])
        assert session.outlet._queued <= outlet.CROWDED_CHARS + longest + PAGE
        await reader.take()
        session.store("c", reader.taken[-1], cumulative=True)
        hub.resume(session)
    assert reader.taken == list(range(1, ENTRIES + 1))
    assert session.close_code is None
