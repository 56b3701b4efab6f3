"""A device's store alone, in a file, told what a server would tell it."""

from collections.abc import Callable
from typing import Any, TypeVar

from messenger_client.events import Lasting
from messenger_client.store import journal, log, meta, roster
from messenger_client.store.database import Database
from messenger_client.store.journal import Journal

T = TypeVar("T")
ME, BOB, CAROL = "me", "bob", "carol"
CONV = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"


def member(user: str, **more: Any) -> dict[str, Any]:
    return {
        "id": user,
        "username": user,
        "name": user.title(),
        "role": "member",
        "stays": [[1, None]],
        "delivered": 0,
        "seen": 0,
    } | more


def summary(conv: str = CONV, others: tuple[str, ...] = (BOB,), **more: Any) -> dict[str, Any]:
    """As `conversations` frames tell it."""
    numbers = {"head": 0, "rev": 0, "received": 0, "received_rev": 0, "start": 1, "seen": 0, "unread": 0}
    kind = "direct" if len(others) == 1 else "group"
    members = [member(user) for user in (ME, *others)]
    return {"id": conv, "kind": kind, "title": None, "members": members, "last": None} | numbers | more


def entry(seq: int, sender: str = BOB, **more: Any) -> dict[str, Any]:
    body = {} if more.get("deleted") else {"body": f"text {seq}"}
    known = {
        "seq": seq,
        "id": f"m{seq}",
        "sender": sender,
        "client_id": f"{sender}-{seq}",
        "at": 1_790_000_000_000 + seq,
    }
    return known | body | more


def gap(first: int, last: int, why: str = "expired") -> dict[str, Any]:
    return {"from": first, "to": last, "why": why}


class Device:
    """`write` as the engine does it; `events()` all that the program would be told, in order."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def write(self, work: Callable[[Journal], T]) -> T:
        return await self.database.run(lambda db: work(Journal(db, ME)))

    async def begin(self, conv: str = CONV, **more: Any) -> None:
        await self.database.run(lambda db: meta.put(db, {"user": ME, "device": "0191b5a2-7c7e-7c3e-9d3a-00000000d1ce"}))
        await self.write(lambda j: roster.put(j, summary(conv, **more)))

    async def take(self, *entries: dict[str, Any], absent: tuple[dict[str, Any], ...] = (), conv: str = CONV) -> int:
        place = await self.write(lambda j: log.take(j, conv, entries, absent))
        assert place is not None
        return place.received

    async def change(self, upto: int, *changes: dict[str, Any]) -> None:
        await self.write(lambda j: log.change(j, CONV, changes, upto))

    async def events(self) -> list[Lasting]:
        found = await self.database.run(lambda db: journal.waiting(db, ME, 0, 10_000))
        return [event for _, event in found if event is not None]

    async def new_events(self) -> list[Lasting]:
        """Since it was last asked."""
        found = await self.events()
        await self.database.run(lambda db: journal.handled(db, 10**9))
        return found
