"""What a device is told when it says hello: its conversations, newest first, and how far everyone has got."""

from dataclasses import dataclass
from typing import Any

from chat.log.history import ENTRY, to_entry
from chat.log.pool import Database
from chat.protocol.frames import Entry

# Unread is derived, never counted along: others' entries above the seen watermark, looked at up to 1,000.
CONVERSATIONS = f"""
SELECT {ENTRY}, c.id::text, c.kind, c.title, c.last_seq, c.members_rev,
       greatest(s.visible_from_seq, c.floor_seq + 1), i.received_seq, w.seen_seq,
       (SELECT count(*) FROM (SELECT 1 FROM chat_message u WHERE u.conversation_id = c.id
          AND u.seq > greatest(w.seen_seq, s.visible_from_seq - 1) AND u.sender_id <> s.user_id LIMIT 1000) unread)
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
JOIN receipts_watermark w ON w.conversation_id = c.id AND w.user_id = s.user_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
LEFT JOIN chat_message m ON m.conversation_id = c.id AND m.seq = c.last_seq AND m.seq >= s.visible_from_seq
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND (%s::uuid IS NULL OR c.id = %s::uuid)
ORDER BY coalesce(m.id, c.id) DESC
"""

MEMBERS = """
SELECT s.conversation_id::text, u.id::text, u.username, coalesce(nullif(u.name, ''), u.username),
       w.delivered_seq, w.seen_seq
FROM chat_membership mine
JOIN chat_membership s ON s.conversation_id = mine.conversation_id AND s.left_seq IS NULL
JOIN chat_user u ON u.id = s.user_id
JOIN receipts_watermark w ON w.conversation_id = s.conversation_id AND w.user_id = s.user_id
WHERE mine.user_id = %s::uuid AND mine.left_seq IS NULL AND (%s::uuid IS NULL OR s.conversation_id = %s::uuid)
ORDER BY u.username
"""

POSITIONS = """
SELECT c.id::text, coalesce(i.received_seq, s.visible_from_seq - 1), w.seen_seq
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
JOIN receipts_watermark w ON w.conversation_id = c.id AND w.user_id = s.user_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND c.id = ANY(%s::uuid[])
"""

EPOCH = "SELECT id::text FROM chat_epoch ORDER BY created_at DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Summary:
    """One conversation as one device sees it. `received`: the server's cursor of this device; `start`: the first
    seq the person may see."""

    conv: str
    kind: str
    title: str
    head: int
    members_rev: int
    start: int
    received: int
    seen: int
    unread: int
    last: Entry | None
    members: list[dict[str, Any]]

    def frame(self) -> dict[str, Any]:
        """CONV of docs/protocol.md."""
        return {
            "id": self.conv,
            "kind": self.kind,
            "title": self.title or None,
            "members": self.members,
            "head": self.head,
            "received": self.received,
            "start": self.start,
            "seen": self.seen,
            "unread": self.unread,
            "last": self.last,
        }


async def summaries(database: Database, user: str, device: str, conv: str | None = None) -> list[Summary]:
    """All conversations of a person (or the one named), newest first, in one exchange."""
    rows, member_rows = await database.many(
        [(CONVERSATIONS, [device, user, conv, conv]), (MEMBERS, [user, conv, conv])]
    )
    members: dict[str, list[dict[str, Any]]] = {}
    for conversation, member, username, name, delivered, seen in member_rows:
        person = {"id": member, "username": username, "name": name, "delivered": delivered, "seen": seen}
        members.setdefault(conversation, []).append(person)
    return [_summary(row, members) for row in rows]


def _summary(row: tuple[Any, ...], members: dict[str, list[dict[str, Any]]]) -> Summary:
    conv, kind, title, head, members_rev, start, received, seen, unread = row[7:]
    return Summary(
        conv=conv,
        kind=kind,
        title=title,
        head=head,
        members_rev=members_rev,
        start=start,
        received=max(start - 1, received or 0),
        seen=seen,
        unread=unread,
        last=None if row[0] is None else to_entry(row),
        members=members.get(conv, []),
    )


async def stored_positions(database: Database, user: str, device: str, convs: list[str]) -> list[dict[str, Any]]:
    """What the database holds for this device: the echo of a heartbeat."""
    rows = await database.rows(POSITIONS, [device, user, convs])
    return [{"conv": conv, "received": received, "seen": seen} for conv, received, seen in rows]


async def epoch(database: Database) -> str:
    rows = await database.rows(EPOCH)
    return str(rows[0][0])
