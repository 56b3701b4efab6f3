"""Entries and what becomes of them: stored once each, in whatever order they come, and told in the order of seqs.

The cursor `received` rises in the same transaction as the entries it counts, and an entry is told to the program when
the cursor reaches it: so exactly once in here, and never above a hole.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from messenger_client.cursor import contiguous
from messenger_client.replica import HIDE, Doc, Replica, revision
from messenger_client.store import outbox, reading, roster
from messenger_client.store.journal import Journal

EXPIRED = "expired"

PUT_ENTRY = "INSERT OR REPLACE INTO entries (conv, seq, sender, client_id, status, doc) VALUES (?, ?, ?, ?, ?, ?)"
PUT_CHANGE = "INSERT OR REPLACE INTO changes (conv, seq, doc) VALUES (?, ?, ?)"
PUT_ABSENT = """INSERT INTO absent (conv, first, last, why) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET first = min(first, excluded.first)"""
KEEP_DOCS = """UPDATE events SET doc = (SELECT doc FROM entries e WHERE e.conv = events.conv AND e.seq = events.seq)
WHERE kind IN ('received', 'edited') AND doc IS NULL"""
GROWN = "UPDATE conversations SET head = max(head, ?), newest = max(newest, ?) WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Place:
    """Where this device stands in a conversation; `head`: the newest entry there is known to be."""

    conv: str
    received: int
    rev: int
    seen: int
    head: int


def place(db: sqlite3.Connection, conv: str) -> Place | None:
    query = "SELECT id, received, rev, min(seen, received), head FROM conversations WHERE id = ?"
    row = db.execute(query, [conv]).fetchone()
    return Place(*row) if row else None


def places(db: sqlite3.Connection) -> list[Place]:
    """Of all conversations one is in, newest first."""
    query = """SELECT id, received, rev, min(seen, received), head FROM conversations WHERE is_member
    ORDER BY newest DESC"""
    return [Place(*row) for row in db.execute(query).fetchall()]


def take(journal: Journal, conv: str, entries: Sequence[Doc], absent: Iterable[Doc] = ()) -> Place | None:
    """Entries, and ranges that are not there; where it brings the device. None: it does not know the conversation."""
    db = journal.db
    if (before := place(db, conv)) is None:
        return None
    db.executemany(PUT_ABSENT, [(conv, each["from"], each["to"], each["why"]) for each in absent])
    for seq, was, now in _merge(journal, conv, entries, lambda replica: replica.take_entries(entries)):
        if now is not None and was is None:
            _arrived(journal, conv, now)
        # An edit may come with the entry before it comes as a change: the program hears of it once.
        elif seq <= before.received:
            _tell(journal, conv, seq, was, now)
    if entries:
        newest = max(entries, key=lambda entry: int(entry["seq"]))
        db.execute(GROWN, [newest["seq"], newest["id"], conv])
    return _advance(journal, before)


def change(journal: Journal, conv: str, changes: Sequence[Doc], upto: int) -> Place | None:
    """Edits and deletions, and the revision they bring the device to."""
    db = journal.db
    if (before := place(db, conv)) is None:
        return None
    for seq, was, now in _merge(journal, conv, changes, lambda replica: replica.take_changes(changes)):
        if was is not None and seq <= before.received:
            _tell(journal, conv, seq, was, now)
    hidden = [each["seq"] for each in changes if each["type"] == HIDE]
    db.executemany(PUT_ABSENT, [(conv, seq, seq, "deleted") for seq in hidden])
    db.execute("UPDATE conversations SET rev = max(rev, ?) WHERE id = ?", [upto, conv])
    return _advance(journal, before)


def reset(journal: Journal, conv: str, horizon: int) -> Place | None:
    """What this device lacks up to the horizon has expired."""
    before = place(journal.db, conv)
    if before is None or horizon <= before.received:
        return before
    journal.db.execute(PUT_ABSENT, [conv, before.received + 1, horizon, EXPIRED])
    return _advance(journal, before)


def heard_of(db: sqlite3.Connection, conv: str, seq: int) -> None:
    """There is an entry `seq`, which has not come here."""
    db.execute(GROWN, [seq, "", conv])


def see(db: sqlite3.Connection, conv: str, seq: int) -> bool:
    """The person has seen everything up to there, as far as it is here. True if that is news."""
    query = "UPDATE conversations SET seen = min(?, received) WHERE id = ? AND seen < min(?, received)"
    return db.execute(query, [seq, conv, seq]).rowcount > 0


def own_seq(db: sqlite3.Connection, me: str, client_id: str) -> int | None:
    """Of one's own message that is in the log and here."""
    row = db.execute("SELECT seq FROM entries WHERE sender = ? AND client_id = ?", [me, client_id]).fetchone()
    return row[0] if row else None


def clear(db: sqlite3.Connection) -> None:
    """Another epoch: nothing stored can be relied on. What only this device has stays: the outbox, the counter, and
    what was acknowledged and the program has not handled yet, which nobody would send again."""
    db.execute(KEEP_DOCS)
    for table in ("entries", "changes", "absent", "conversations"):
        db.execute(f"DELETE FROM {table}")
    db.execute("DELETE FROM events WHERE kind = 'conversation'")


def _merge(
    journal: Journal, conv: str, items: Sequence[Doc], take: Callable[[Replica], None]
) -> list[tuple[int, Doc | None, Doc | None]]:
    """What becomes of the entries that `items` (entries or changes) are about: seq, before, after."""
    db = journal.db
    seqs = sorted({int(item["seq"]) for item in items})
    known, held = _docs(db, "entries", conv, seqs), _docs(db, "changes", conv, seqs)
    replica = Replica(known.values(), held.values())
    take(replica)
    for seq in seqs:
        was, now = known.get(seq), replica.entries.get(seq)
        if now is not None and now is not was:
            _put(journal, conv, now)
        elif now is None:
            db.execute("DELETE FROM entries WHERE conv = ? AND seq = ?", [conv, seq])
        if (kept := replica.changes.get(seq)) is not None:
            db.execute(PUT_CHANGE, [conv, seq, json.dumps(kept)])
        elif seq in held:
            db.execute("DELETE FROM changes WHERE conv = ? AND seq = ?", [conv, seq])
    return [(seq, known.get(seq), replica.entries.get(seq)) for seq in seqs]


def _put(journal: Journal, conv: str, entry: Doc) -> None:
    """Also the same message under another seq than before: the log was restored, the newer word holds."""
    row = journal.db.execute("SELECT status FROM entries WHERE conv = ? AND seq = ?", [conv, entry["seq"]]).fetchone()
    status = row[0] if row else None
    values = [conv, entry["seq"], entry["sender"], entry["client_id"], status, json.dumps(entry)]
    journal.db.execute(PUT_ENTRY, values)


def _docs(db: sqlite3.Connection, table: str, conv: str, seqs: Sequence[int]) -> dict[int, Doc]:
    query = f"SELECT seq, doc FROM {table} WHERE conv = ? AND seq IN (SELECT value FROM json_each(?))"
    return {seq: json.loads(doc) for seq, doc in db.execute(query, [conv, json.dumps(seqs)])}


def _arrived(journal: Journal, conv: str, entry: Doc) -> None:
    """An entry that was not here: one's own is Sent, whether or not it waited to be."""
    if entry["sender"] == journal.me:
        outbox.settle(journal.db, entry["client_id"])
        roster.tell_tick(journal, conv, entry["seq"])


def _tell(journal: Journal, conv: str, seq: int, was: Doc | None, now: Doc | None) -> None:
    if was is None or now is was or (now is not None and revision(now) == revision(was)):
        return
    if now is None or now.get("deleted"):
        journal.deleted(conv, seq, hidden=now is None)
    else:
        journal.edited(conv, seq)


def _advance(journal: Journal, before: Place) -> Place:
    db, conv = journal.db, before.conv
    above = db.execute("SELECT seq FROM entries WHERE conv = ? AND seq > ? ORDER BY seq", [conv, before.received])
    query = "SELECT first, last FROM absent WHERE conv = ? AND last > ? ORDER BY first"
    ranges = db.execute(query, [conv, before.received])
    # Lazily: what lies above a hole may be much, and is not looked at.
    received = contiguous(before.received, (seq for (seq,) in above), ranges)
    if received > before.received:
        query = "UPDATE conversations SET received = ?, head = max(head, ?) WHERE id = ?"
        db.execute(query, [received, received, conv])
        _tell_run(journal, conv, before.received + 1, received)
    after = place(db, conv)
    assert after is not None
    return after


def _tell_run(journal: Journal, conv: str, first: int, last: int) -> None:
    """The cursor has gone over them: in order."""
    db = journal.db
    expired = reading.absences(db, conv, first, last, EXPIRED)
    query = "SELECT seq FROM entries WHERE conv = ? AND seq BETWEEN ? AND ?"
    seqs = [seq for (seq,) in db.execute(query, [conv, first, last])]
    spans = [(max(first, start), min(last, end)) for start, end in expired]
    for start, end in sorted([(seq, 0) for seq in seqs] + spans):
        if end:
            journal.expired(conv, start, end)
        else:
            journal.received(conv, start)
