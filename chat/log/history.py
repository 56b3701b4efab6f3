"""Reading entries back: ranges for fills and pages, and who got an entry when."""

from chat.log.pool import Database, Row
from chat.protocol.frames import Entry

ENTRY = """m.seq, m.id::text, m.sender_id::text, m.client_id, m.body,
(extract(epoch FROM m.created_at) * 1000)::bigint, m.reply_to_seq"""

RANGE = f"""
SELECT {ENTRY} FROM chat_message m
WHERE m.conversation_id = %s::uuid AND m.seq BETWEEN %s AND %s ORDER BY m.seq
"""

MEMBERS_REV = "SELECT members_rev FROM chat_conversation WHERE id = %s::uuid"

# For a member only, and only inside their stay: absent and foreign look the same.
VISIBLE_RANGE = f"""
SELECT {ENTRY} FROM chat_message m
WHERE m.conversation_id = %s::uuid AND m.seq BETWEEN greatest(%s::bigint, %s::bigint) AND %s ORDER BY m.seq
"""

STAY = """
SELECT s.visible_from_seq, c.last_seq FROM chat_membership s JOIN chat_conversation c ON c.id = s.conversation_id
WHERE s.conversation_id = %s::uuid AND s.user_id = %s::uuid AND s.left_seq IS NULL
"""

# The first rise of a watermark to or above an entry is when that person's device took it; what was seen by then had
# been delivered by then, even if the flush learned of more deliveries first. Of the members the entry was for.
PEOPLE = """
SELECT u.id::text, u.username, coalesce(nullif(u.name, ''), u.username),
       (SELECT (extract(epoch FROM min(r.at)) * 1000)::bigint FROM receipts_receipt r
         WHERE r.conversation_id = s.conversation_id AND r.user_id = s.user_id AND r.upto_seq >= m.seq),
       (SELECT (extract(epoch FROM min(r.at)) * 1000)::bigint FROM receipts_receipt r
         WHERE r.conversation_id = s.conversation_id AND r.user_id = s.user_id
           AND r.kind = 'seen' AND r.upto_seq >= m.seq)
FROM chat_message m
JOIN chat_membership s ON s.conversation_id = m.conversation_id AND s.left_seq IS NULL AND s.user_id <> m.sender_id
  AND s.visible_from_seq <= m.seq
JOIN chat_user u ON u.id = s.user_id
WHERE m.conversation_id = %s::uuid AND m.seq = %s ORDER BY u.username
"""


def to_entry(row: Row) -> Entry:
    """The entry of a row whose first seven columns are ENTRY."""
    seq, message_id, sender, client_id, body, at, reply_to = row[:7]
    entry = Entry(seq=seq, id=message_id, sender=sender, client_id=client_id, body=body, at=at)
    if reply_to is not None:
        entry["reply_to"] = reply_to
    return entry


async def entries(database: Database, conv: str, first: int, last: int) -> tuple[list[Entry], int]:
    """Entries `first` to `last` that exist, ascending, and the conversation's members_rev, which is read after them:
    they are for no one who had left by then. No authorisation here."""
    rows, revs = await database.many([(RANGE, [conv, first, last]), (MEMBERS_REV, [conv])])
    return [to_entry(row) for row in rows], revs[0][0] if revs else 0


async def visible_from(database: Database, conv: str, user: str) -> int | None:
    """The first seq `user` may see, None when not a member or there is no such conversation."""
    rows = await database.rows(STAY, [conv, user])
    return rows[0][0] if rows else None


async def page(database: Database, conv: str, user: str, first: int, last: int) -> list[Entry] | None:
    """What `user` may see between `first` and `last`; None when not a member."""
    start = await visible_from(database, conv, user)
    if start is None:
        return None
    return [to_entry(row) for row in await database.rows(VISIBLE_RANGE, [conv, start, first, last])]


async def people(database: Database, conv: str, user: str, seq: int) -> list[Row] | None:
    """(id, username, name, delivered_at ms or None, seen_at) of the other members; None when not visible."""
    rows = await database.rows(STAY, [conv, user])
    if not rows or not rows[0][0] <= seq <= rows[0][1]:
        return None
    return await database.rows(PEOPLE, [conv, seq])
