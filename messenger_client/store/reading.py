"""Rows as the values a program sees."""

import json
import sqlite3
from collections.abc import Iterable
from typing import Any

from messenger_client.model import Attachment, Conversation, Member, Message, Person
from messenger_client.ticks import Status

# Someone whose name this device was never told: they left before it came.
STRANGER = "Someone who left"

ENTRIES = """SELECT e.conv, e.seq, e.sender, e.status, e.doc, p.username, p.name
FROM entries e LEFT JOIN people p ON p.id = e.sender"""
CONVERSATIONS = """SELECT id, kind, title, picture, members, head, received, seen, is_member, (
    SELECT count(*) FROM entries e WHERE e.conv = c.id AND e.seq > c.seen AND e.seq <= c.received AND e.sender <> ?
    AND json_extract(e.doc, '$.deleted') IS NULL AND json_extract(e.doc, '$.event') IS NULL
) FROM conversations c"""


def message(db: sqlite3.Connection, me: str, conv: str, seq: int) -> Message | None:
    row = db.execute(f"{ENTRIES} WHERE e.conv = ? AND e.seq = ?", [conv, seq]).fetchone()
    return _message(me, *row) if row else None


def kept(db: sqlite3.Connection, me: str, conv: str, seq: int, doc: str) -> Message:
    """An entry of a log that is not kept any more."""
    sender = json.loads(doc)["sender"]
    row = db.execute("SELECT username, name FROM people WHERE id = ?", [sender]).fetchone()
    return _message(me, conv, seq, sender, None, doc, *(row or (None, None)))


def messages(db: sqlite3.Connection, me: str, conv: str, first: int, last: int) -> list[Message]:
    """What there is to show of seqs `first` to `last`, ascending."""
    rows = db.execute(f"{ENTRIES} WHERE e.conv = ? AND e.seq BETWEEN ? AND ? ORDER BY e.seq", [conv, first, last])
    return [_message(me, *row) for row in rows.fetchall()]


def conversation(db: sqlite3.Connection, me: str, conv: str) -> Conversation | None:
    row = db.execute(f"{CONVERSATIONS} WHERE id = ?", [me, conv]).fetchone()
    return _conversation(me, *row) if row else None


def conversations(db: sqlite3.Connection, me: str) -> list[Conversation]:
    """All that one is in, newest first."""
    rows = db.execute(f"{CONVERSATIONS} WHERE is_member ORDER BY newest DESC", [me])
    return [_conversation(me, *row) for row in rows.fetchall()]


def is_known(db: sqlite3.Connection, conv: str, first: int, last: int) -> bool:
    """Whether each seq from `first` to `last` is an entry here, or known not to be there."""
    query = "SELECT seq FROM entries WHERE conv = ? AND seq BETWEEN ? AND ?"
    found = {seq for (seq,) in db.execute(query, [conv, first, last])}
    for start, end in absences(db, conv, first, last):
        found.update(range(max(first, start), min(last, end) + 1))
    return len(found) == last - first + 1


def absences(db: sqlite3.Connection, conv: str, first: int, last: int, why: str | None = None) -> list[tuple[int, int]]:
    """Ranges that touch seqs `first` to `last`, ascending."""
    query = """SELECT first, last FROM absent WHERE conv = ? AND last >= ? AND first <= ? AND why = coalesce(?, why)
    ORDER BY first"""
    return db.execute(query, [conv, first, last, why]).fetchall()


def _message(me: str, conv: str, seq: int, sender: str, status: str | None, doc: str, *who: str | None) -> Message:
    entry: dict[str, Any] = json.loads(doc)
    return Message(
        conversation_id=conv,
        seq=seq,
        id=entry["id"],
        client_id=entry["client_id"],
        sender=Person(sender, who[0] or "", who[1] or STRANGER),
        is_mine=sender == me,
        body=entry.get("body", ""),
        at=entry["at"],
        status=Status(status) if status else None,
        reply_to=entry.get("reply_to"),
        edited_at=entry.get("edited_at"),
        is_deleted=entry.get("deleted", False),
        resent_as=entry.get("resent_as"),
        attachments=tuple(_attachment(each) for each in entry.get("attachments", ())),
        event=entry.get("event"),
        mentions=tuple(entry.get("mentions", ())),
    )


def _attachment(told: dict[str, Any]) -> Attachment:
    return Attachment(
        id=told["id"],
        name=told["name"],
        type=told["type"],
        size=told["size"],
        width=told.get("width"),
        height=told.get("height"),
        has_thumbnail=told.get("thumbnail", False),
        is_withheld=told.get("withheld", False),
    )


def _conversation(me: str, *row: Any) -> Conversation:
    """Of a row of CONVERSATIONS."""
    conv, kind, title, picture, members, head, received, seen, is_member, unread = row
    people = tuple(_members(json.loads(members)))
    return Conversation(conv, kind, title, picture, people, me, head, received, seen, unread, bool(is_member))


def _members(members: Iterable[dict[str, Any]]) -> Iterable[Member]:
    for member in members:
        person = Person(member["id"], member["username"], member["name"])
        yield Member(person, member["role"], member["delivered"], member["seen"])
