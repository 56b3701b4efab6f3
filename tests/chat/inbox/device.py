"""A device that syncs by asking: what it stores, and where it stands."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from chat.inbox.pull import pull
from chat.log.pool import Database
from chat.policy.replica import Replica
from chat.protocol.frames import Sync
from receipts import ledger
from receipts.ledger import Row
from tests.cast import Person
from tests.threads import in_thread

NOON = 1_790_000_000_000


@dataclass
class Stored:
    """One conversation. `received`, `rev`: its positions; `absent`: why by seq; `horizon`: what it is not owed."""

    replica: Replica = field(default_factory=Replica)
    absent: dict[int, str] = field(default_factory=dict)
    received: int = 0
    rev: int = 0
    horizon: int = 0


@dataclass
class Asking:
    """`point` is what the last answer that arrived gave."""

    database: Database
    person: Person
    convs: dict[str, Stored] = field(default_factory=dict)
    point: str | None = None
    threads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))

    async def ask(self, limit: int = 50, **more: Any) -> dict[str, Any]:
        request = Sync(t="sync", point=self.point, limit=limit, **more)
        return await pull(self.database, self.person.id, self.person.device_id, request, self.threads)

    def of(self, conv: str) -> Stored:
        return self.convs.setdefault(conv, Stored())

    def take(self, answer: dict[str, Any]) -> None:
        """Stores it all, together with the point."""
        for reset in answer["resets"]:
            kept = self.of(reset["conv"])
            kept.horizon = max(kept.horizon, reset["horizon"])
            kept.received = max(kept.received, reset["horizon"])
        for told in answer["messages"]:
            kept = self.of(told["conv"])
            kept.replica.take_entries(told["entries"])
            for each in told["absent"]:
                kept.absent |= dict.fromkeys(range(each["from"], each["to"] + 1), each["why"])
            ends = [entry["seq"] for entry in told["entries"]] + [each["to"] for each in told["absent"]]
            kept.received = max([kept.received, *ends])
        for told in answer["changes"]:
            kept = self.of(told["conv"])
            kept.replica.take_changes(told["changes"])
            kept.rev = max(kept.rev, told["upto"])
        self.point = answer["point"]

    async def acknowledge(self) -> None:
        rows = [
            Row(conv, self.person.device_id, kind, at, NOON)
            for conv, kept in self.convs.items()
            for kind, at in (("delivered", kept.received), ("changed", kept.rev))
            if at
        ]
        if rows:
            await in_thread(ledger.apply, rows)

    async def catch_up(self, limit: int = 50, asks: int = 500) -> list[dict[str, Any]]:
        """Until there is no more. The answers."""
        answers = []
        for _ in range(asks):
            answers.append(await self.ask(limit))
            self.take(answers[-1])
            if not answers[-1]["has_more"]:
                return answers
        raise AssertionError(f"still more after {asks} answers")
