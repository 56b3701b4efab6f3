"""Reading entries back: ranges for fills and pages, and who got an entry when."""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import OperationalError

from chat.log import access
from chat.log.attached import ATTACHED
from chat.log.pool import Database, Row
from chat.policy.privacy import TELLS_SEEN
from chat.policy.visibility import WAITING, absences
from chat.protocol.frames import MAX_MEMBERS_PAGE, Absence, Entry

# As many columns as to_entry takes.
ENTRY = f"""m.seq, m.id::text, m.sender_id::text, m.client_id, m.body,
(extract(epoch FROM m.created_at) * 1000)::bigint, m.reply_to_seq, m.rev,
(extract(epoch FROM m.edited_at) * 1000)::bigint, m.deleted_at IS NOT NULL, m.resent_as_seq,
m.event, m.mentions::text[], {ATTACHED}"""
ENTRY_COLUMNS = 14

RANGE = f"""
SELECT {ENTRY} FROM chat_message m
WHERE m.conversation_id = %s::uuid AND m.seq BETWEEN %s AND %s ORDER BY m.seq
"""

READINGS = 3

MEMBERS_REV = "SELECT members_rev FROM chat_conversation WHERE id = %s::uuid"

# Without what this person deleted for themselves.
SHOWN_RANGE = f"""
SELECT {ENTRY} FROM chat_message m
WHERE m.conversation_id = %s::uuid AND m.seq BETWEEN %s AND %s AND NOT EXISTS (
    SELECT FROM chat_hidden h WHERE h.conversation_id = m.conversation_id AND h.user_id = %s::uuid AND h.seq = m.seq)
ORDER BY m.seq
"""

# The first rise of a watermark to or above an entry is when that person's device took it; what was seen by then had
# been delivered by then, even if the flush learned of more deliveries first. Of the members present whom the entry
# was sent to, by any of their stays; those it expired for took none of it, whatever rose above it later. Who waits is
# named as if they did not (chat/log/silence.py). Of whoever does not tell who asks when they saw it nothing comes that
# follows from it either.
PEOPLE = f"""
SELECT u.id::text, u.username, coalesce(nullif(u.name, ''), u.username),
       (SELECT (extract(epoch FROM min(l.at)) * 1000)::bigint FROM receipts_lapse l
         WHERE l.conversation_id = s.conversation_id AND l.user_id = s.user_id
           AND m.seq BETWEEN l.from_seq AND l.upto_seq),
       (SELECT (extract(epoch FROM min(r.at)) * 1000)::bigint FROM receipts_receipt r
         WHERE r.conversation_id = s.conversation_id AND r.user_id = s.user_id AND r.upto_seq >= m.seq
           AND (r.kind = 'delivered' OR {TELLS_SEEN.format(reader="u", viewer="viewer")})),
       (SELECT (extract(epoch FROM min(r.at)) * 1000)::bigint FROM receipts_receipt r
         WHERE r.conversation_id = s.conversation_id AND r.user_id = s.user_id
           AND r.kind = 'seen' AND r.upto_seq >= m.seq AND {TELLS_SEEN.format(reader="u", viewer="viewer")})
FROM chat_message m
JOIN chat_user viewer ON viewer.id = %s::uuid
JOIN chat_membership s ON s.conversation_id = m.conversation_id AND s.left_seq IS NULL AND s.user_id <> m.sender_id
  AND EXISTS (SELECT FROM chat_membership e WHERE e.conversation_id = s.conversation_id AND e.user_id = s.user_id
                AND m.seq >= coalesce(e.joined_seq, e.visible_from_seq)
                AND (e.left_seq IS NULL OR m.seq <= e.left_seq OR (s.visible_from_seq = {WAITING} AND e.left_seq = (
                    SELECT max(y.left_seq) FROM chat_membership y
                    WHERE y.conversation_id = s.conversation_id AND y.user_id = s.user_id))))
JOIN chat_user u ON u.id = s.user_id
WHERE m.conversation_id = %s::uuid AND m.seq = %s AND u.username > %s ORDER BY u.username LIMIT %s
"""


# Of some who are not in it any more: the entry that ended their last stay.
ENDINGS = f"""
SELECT {ENTRY}, s.user_id::text FROM (
    SELECT DISTINCT ON (user_id) user_id, left_seq FROM chat_membership
    WHERE conversation_id = %s::uuid AND user_id = ANY(%s::uuid[]) ORDER BY user_id, left_seq DESC) s
JOIN chat_message m ON m.conversation_id = %s::uuid AND m.seq = s.left_seq WHERE m.event IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A range answered in full: each seq is an entry or in an absence. Entries are at least as new as `as_of_rev`."""

    entries: list[Entry]
    absent: list[Absence]
    as_of_rev: int

    def upto(self, last: int) -> "Page":
        """Without what lies above `last`, which no absence crosses."""
        entries = [entry for entry in self.entries if entry["seq"] <= last]
        return Page(entries, [gap for gap in self.absent if gap["to"] <= last], self.as_of_rev)

    def above(self, first: int) -> "Page":
        """Without what lies at or below `first`, which no absence crosses."""
        entries = [entry for entry in self.entries if entry["seq"] > first]
        return Page(entries, [gap for gap in self.absent if gap["from"] > first], self.as_of_rev)


def to_entry(row: Row) -> Entry:
    """The entry of a row that begins with the columns of ENTRY."""
    seq, message_id, sender, client_id, body, at, reply_to, rev, edited_at, deleted, resent_as = row[:11]
    event, mentions, attached = row[11:ENTRY_COLUMNS]
    entry = Entry(seq=seq, id=message_id, sender=sender, client_id=client_id, body=body, at=at)
    if reply_to is not None:
        entry["reply_to"] = reply_to
    if rev:
        entry["rev"] = rev
    if deleted:
        del entry["body"]
        entry["deleted"] = True
    elif edited_at is not None:
        entry["edited_at"] = edited_at
    if resent_as is not None:
        entry["resent_as"] = resent_as
    if event is not None:
        del entry["body"]
        entry["event"] = event
    elif mentions is not None and not deleted:
        entry["mentions"] = mentions
    if attached:
        entry["attachments"] = attached
    return entry


async def entries(database: Database, conv: str, first: int, last: int) -> tuple[list[Entry], int]:
    """Entries `first` to `last` that exist, ascending, and the conversation's members_rev, which is read after them:
    they are for no one who had left by then. No authorisation here."""
    rows, revs = await database.many([(RANGE, [conv, first, last]), (MEMBERS_REV, [conv])])
    return [to_entry(row) for row in rows], revs[0][0] if revs else 0


async def endings(database: Database, conv: str, users: Iterable[str]) -> dict[str, Entry]:
    """Of those who have no open stay, by user: what ended their last one. It is in that stay, and the last they are
    told."""
    rows = await database.rows(ENDINGS, [conv, list(users), conv])
    return {row[-1]: to_entry(row) for row in rows}


async def page(database: Database, conv: str, user: str, first: int, last: int) -> Page | None:
    """What `user` may see between `first` and `last`, and why not the rest; None when not a member. What there was
    and who may see it is read first: entries appended since are left out. Read once more if the members changed
    meanwhile, for what was edited after someone left is not for them. Raises psycopg.OperationalError if they keep
    changing."""
    for _ in range(READINGS):
        allowed, rows, revs = await database.many(
            [
                (access.ACCESS, access.parameters(conv, user)),
                (SHOWN_RANGE, [conv, first, last, user]),
                (MEMBERS_REV, [conv]),
            ]
        )
        may = access.to_access(allowed[0] if allowed else None)
        if may is None:
            return None
        if revs and revs[0][0] == may.members_rev:
            break
    else:
        raise OperationalError("members keep changing")
    shown = [to_entry(row) for row in rows if may.allows(row[0])]
    present = {entry["seq"] for entry in shown}
    absent = absences(first, min(last, may.head), present, may.stays, may.lapsed, may.floor)
    return Page(shown, absent, may.rev)


async def people(
    database: Database, conv: str, user: str, seq: int, after: str = "", limit: int = MAX_MEMBERS_PAGE
) -> list[Row] | None:
    """(id, username, name, expired_at ms or None, delivered_at, seen_at) of the other members whose names come after
    `after`; None when not visible."""
    rows = await database.rows(access.ACCESS, access.parameters(conv, user))
    may = access.to_access(rows[0] if rows else None)
    if may is None or not may.allows(seq):
        return None
    found = await database.rows(PEOPLE, [user, conv, seq, after, limit])
    return [row if row[3] is None else (*row[:4], None, None) for row in found]
