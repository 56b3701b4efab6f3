"""What is to be told to the program, written in the transaction in which it came to be: each event is there exactly
once, and stays until the program has handled it."""

import sqlite3
from dataclasses import dataclass, field

from messenger_client.events import (
    ConversationChanged,
    Lasting,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessagesExpired,
    StatusChanged,
)
from messenger_client.store import reading
from messenger_client.ticks import Status

ADD = """INSERT INTO events (kind, conv, seq, last, client_id, status, code, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
NEXT = """SELECT n, kind, conv, seq, last, client_id, status, code, reason, doc FROM events WHERE n > ?
ORDER BY n LIMIT ?"""


@dataclass(slots=True)
class Journal:
    """An open transaction, and what it changes. `listens`: the program wants to be told; without it only `statuses`
    (client_id -> what has become of it) are known, to whoever waits for them now. `told`: there is something new."""

    db: sqlite3.Connection
    me: str
    listens: bool = True
    statuses: dict[str, Status] = field(default_factory=dict)
    told: bool = False

    def received(self, conv: str, seq: int) -> None:
        self._add("received", conv, seq)

    def edited(self, conv: str, seq: int) -> None:
        self._add("edited", conv, seq)

    def deleted(self, conv: str, seq: int, hidden: bool) -> None:
        self._add("hidden" if hidden else "deleted", conv, seq)

    def expired(self, conv: str, first: int, last: int) -> None:
        self._add("expired", conv, first, last)

    def conversation(self, conv: str) -> None:
        self._add("conversation", conv)

    def status(
        self,
        conv: str,
        client_id: str,
        status: Status,
        seq: int | None = None,
        code: str | None = None,
        reason: str | None = None,
    ) -> None:
        self.statuses[client_id] = status
        self._add("status", conv, seq, None, client_id, status.value, code, reason)

    def _add(self, kind: str, conv: str, seq: int | None = None, last: int | None = None, *more: str | None) -> None:
        if self.listens:
            self.told = True
            self.db.execute(ADD, [kind, conv, seq, last, *(more or (None,) * 4)])


def waiting(db: sqlite3.Connection, me: str, above: int, limit: int) -> list[tuple[int, Lasting | None]]:
    """Events with their numbers, in order; None for one that nothing is left of."""
    return [(row[0], _event(db, me, *row[1:])) for row in db.execute(NEXT, [above, limit]).fetchall()]


def handled(db: sqlite3.Connection, n: int) -> None:
    """The program is done with everything up to there."""
    db.execute("DELETE FROM events WHERE n <= ?", [n])


def _event(
    db: sqlite3.Connection,
    me: str,
    kind: str,
    conv: str,
    seq: int,
    last: int,
    client_id: str,
    status: str,
    code: str | None,
    reason: str | None,
    doc: str | None,
) -> Lasting | None:
    match kind:
        case "status":
            return StatusChanged(client_id, conv, seq, Status(status), code, reason)
        case "deleted" | "hidden":
            return MessageDeleted(conv, seq, hidden=kind == "hidden")
        case "expired":
            return MessagesExpired(conv, seq, last)
        case "conversation":
            found = reading.conversation(db, me, conv)
            return ConversationChanged(found) if found else None
    message = reading.kept(db, me, conv, seq, doc) if doc else reading.message(db, me, conv, seq)
    # Deleted before the program came to it: the event that says so follows.
    if message is None or message.is_deleted:
        return None
    return MessageReceived(message) if kind == "received" else MessageEdited(message)
