"""Which conversations there are, who is in them, how far each has got; and from that, what one's own messages show."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from messenger_client.replica import Doc
from messenger_client.store.journal import Journal
from messenger_client.ticks import Status, tick

PUT_PERSON = "INSERT OR REPLACE INTO people (id, username, name) VALUES (?, ?, ?)"
ADD = """INSERT INTO conversations (id, kind, title, members, start, head, newest, is_member, received, rev, seen)
VALUES (?, ?, ?, '[]', ?, 0, ?, 0, ?, ?, 0)"""
UPDATE = """UPDATE conversations SET is_member = 1, start = ?, head = max(head, ?), newest = max(newest, ?),
seen = max(seen, ?) WHERE id = ?"""
UNFINISHED = """SELECT seq, client_id, status FROM entries WHERE conv = ? AND seq > ? AND seq <= ?
AND status IS NOT NULL AND status <> 'seen' ORDER BY seq"""
END = 2**63 - 1
# As the server says it.
EXPIRED = ("EXPIRED", "It was kept as long as the server keeps messages, and no device came for it.")


def put(journal: Journal, item: Doc) -> None:
    """A conversation as the server tells it. Where this device meets it for the first time it begins at the server's
    cursor for it: what is below is history."""
    db, conv = journal.db, item["id"]
    last = item.get("last") or {}
    row = db.execute("SELECT is_member FROM conversations WHERE id = ?", [conv]).fetchone()
    if row is None:
        values = [conv, item["kind"], item["title"], item["start"], conv, item["received"], item["received_rev"]]
        db.execute(ADD, values)
    db.execute(UPDATE, [item["start"], item["head"], last.get("id", ""), item["seen"], conv])
    is_told = set_members(journal, conv, item)
    # Back in it, with nothing else changed.
    if row is not None and not row[0] and not is_told:
        journal.conversation(conv)


def set_members(journal: Journal, conv: str, told: Doc) -> bool:
    """As they are now, of `count` (0: these are all), with title and picture; watermarks are merged. True if it is told
    as a change: who, what they are called, the title, the picture."""
    db, members, face = journal.db, told["members"], (told["title"], told.get("picture"))
    row = db.execute("SELECT title, picture, members FROM conversations WHERE id = ?", [conv]).fetchone()
    if row is None:
        return False
    known = {member["id"]: member for member in json.loads(row[2])}
    merged = [_merged(member, known.get(member["id"], member)) for member in members]
    db.executemany(PUT_PERSON, [(each["id"], each["username"], each["name"]) for each in members])
    _keep(db, conv, merged)
    query = "UPDATE conversations SET title = ?, picture = ?, count = ? WHERE id = ?"
    db.execute(query, [*face, told.get("count", 0), conv])
    is_news = row[:2] != face or _faces(known.values()) != _faces(merged)
    if is_news:
        journal.conversation(conv)
    if known:
        retick(journal, conv, *_stretch(list(known.values()), merged))
    return is_news


def raise_mark(journal: Journal, conv: str, user: str, kind: str, seq: int) -> None:
    """DELIVERED or SEEN of someone; one's own SEEN is what another device of this person tells."""
    db = journal.db
    if user == journal.me and kind == "SEEN":
        db.execute("UPDATE conversations SET seen = max(seen, ?) WHERE id = ?", [seq, conv])
    mark = {"delivered": seq, "seen": seq if kind == "SEEN" else 0}
    _change(journal, conv, user, lambda member: _merged(member, {**member, **mark}))


def lapse(journal: Journal, conv: str, user: str, ranges: list[list[int]]) -> None:
    """What expired for someone before they took it: all of it, in place of what was known."""
    _change(journal, conv, user, lambda member: {**member, "lapsed": ranges})


def leave(journal: Journal, conv: str) -> None:
    """Not in it any more. What is stored stays, and the positions do, for a return."""
    query = "UPDATE conversations SET is_member = 0 WHERE id = ? AND is_member"
    if journal.db.execute(query, [conv]).rowcount:
        journal.conversation(conv)


def leave_others(journal: Journal, listed: Iterable[str]) -> None:
    """The whole list was told: what is not in it is not theirs any more."""
    mine = {conv for (conv,) in journal.db.execute("SELECT id FROM conversations WHERE is_member")}
    for conv in sorted(mine - set(listed)):
        leave(journal, conv)


def retick(journal: Journal, conv: str, above: int = 0, upto: int = END) -> None:
    """What one's own messages above `above` up to `upto` show now."""
    _tell_ticks(journal, conv, journal.db.execute(UNFINISHED, [conv, above, upto]).fetchall())


def tell_tick(journal: Journal, conv: str, seq: int) -> None:
    """What one's own message shows now."""
    query = "SELECT seq, client_id, status FROM entries WHERE conv = ? AND seq = ?"
    _tell_ticks(journal, conv, journal.db.execute(query, [conv, seq]).fetchall())


def _tell_ticks(journal: Journal, conv: str, entries: Sequence[tuple[int, str, str | None]]) -> None:
    """`entries`: seq, client_id and what each has shown until now."""
    if not entries:
        return
    db = journal.db
    row = db.execute("SELECT kind, members, count FROM conversations WHERE id = ?", [conv]).fetchone()
    kind, members, count = row[0], json.loads(row[1]), row[2]
    others = [member for member in members if member["id"] != journal.me]
    for seq, client_id, before in entries:
        # Who is not known may not have it.
        status = tick(seq, others, kind == "direct") if len(members) >= count else Status.SENT
        if status.value != before:
            db.execute("UPDATE entries SET status = ? WHERE conv = ? AND seq = ?", [status.value, conv, seq])
            journal.status(conv, client_id, status, seq, *(EXPIRED if status is Status.FAILED else ()))


def _change(journal: Journal, conv: str, user: str, change: Any) -> None:
    row = journal.db.execute("SELECT members FROM conversations WHERE id = ?", [conv]).fetchone()
    if row is None:
        return
    before: list[Doc] = json.loads(row[0])
    after = [change(member) if member["id"] == user else member for member in before]
    if after != before:
        _keep(journal.db, conv, after)
        retick(journal, conv, *_stretch(before, after))


def _keep(db: sqlite3.Connection, conv: str, members: list[Doc]) -> None:
    db.execute("UPDATE conversations SET members = ? WHERE id = ?", [json.dumps(members), conv])


def _merged(member: Doc, before: Doc) -> Doc:
    seen = max(member["seen"], before["seen"])
    return {**member, "delivered": max(member["delivered"], before["delivered"], seen), "seen": seen}


def _faces(members: Iterable[Doc]) -> list[tuple[Any, ...]]:
    return [(each["id"], each["username"], each["name"], each["role"]) for each in members]


def _stretch(before: list[Doc], after: list[Doc]) -> tuple[int, int]:
    """The seqs for which something has changed, above the first up to the second: only watermarks have risen, as a
    rule, and of a long log little is looked at."""
    marks = ("delivered", "seen")
    if [_without(each, marks) for each in before] != [_without(each, marks) for each in after]:
        return 0, END
    pairs = [(old[kind], new[kind]) for old, new in zip(before, after, strict=True) for kind in marks]
    risen = [pair for pair in pairs if pair[0] != pair[1]]
    return (min(old for old, _ in risen), max(new for _, new in risen)) if risen else (0, 0)


def _without(member: Doc, names: tuple[str, ...]) -> Doc:
    return {key: value for key, value in member.items() if key not in names}
