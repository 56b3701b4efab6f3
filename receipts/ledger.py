"""A claim of acknowledgements into the database: one transaction, a handful of statements whatever its size.

Rows for unknown conversations, closed stays or revoked devices fall out in the first join. Locks are taken in
(conversation, user) order, so that two flushes cannot deadlock, and neither can a flush and expiry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from chat.log.access import ASKED, ROSTER_REV, START_IN
from chat.policy.privacy import TELLS_SEEN
from chat.policy.visibility import WAITING
from receipts import lapses
from receipts.lapses import columns
from receipts.watermarks import Claim, Kind, Mark, Rise, rises

# Whether something of what is claimed may have lapsed is asked of the watermark, not of the lapses: of a row that was
# waited for PostgreSQL shows its newest version, of all other tables what they held before the wait.
#
# Last: up to where a watermark may rise. Of who waits (chat/log/silence.py) that is where the stay before ended: their
# devices pass over what is not for them, and nobody is told that.
#
# One row of a claim is looked up after the other, whatever PostgreSQL knows of the tables (OFFSET 0 keeps it from
# choosing): a group of a thousand made a moment ago would be joined as if it had five members, a million times.
LEGAL = f"""
SELECT c.conv::text, c.device::text, c.member::text, c.kind, c.seq, c.at, c.last_seq, w.delivered_seq, w.seen_seq,
       c.last_rev, CASE WHEN w.expired_seq > 0 THEN {START_IN.format(conv="c.conv", user="c.member")} END,
       CASE WHEN w.expired_seq > 0 THEN w.expired_seq > coalesce(
           (SELECT received_seq FROM chat_inbox WHERE conversation_id = c.conv AND device_id = c.device), 0)
       ELSE false END,
       CASE WHEN c.visible_from_seq < {WAITING} THEN c.last_seq ELSE (
           SELECT coalesce(max(left_seq), 0) FROM chat_membership
           WHERE conversation_id = c.conv AND user_id = c.member) END
FROM (
    SELECT r.conv, r.device, r.kind, r.seq, r.at, d.member, v.last_seq, v.last_rev, s.visible_from_seq
    FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[], %s::bigint[]) AS r(conv, device, kind, seq, at)
    CROSS JOIN LATERAL (SELECT user_id AS member FROM chat_device WHERE id = r.device AND revoked_at IS NULL OFFSET 0) d
    CROSS JOIN LATERAL (SELECT visible_from_seq FROM chat_membership
        WHERE conversation_id = r.conv AND user_id = d.member AND left_seq IS NULL OFFSET 0) s
    CROSS JOIN LATERAL (SELECT last_seq, last_rev FROM chat_conversation WHERE id = r.conv OFFSET 0) v
    OFFSET 0) c
JOIN receipts_watermark w ON w.conversation_id = c.conv AND w.user_id = c.member
ORDER BY c.conv, c.member FOR NO KEY UPDATE OF w
"""

# A rise is progress: redelivery starts counting anew, leaves a device that is at it alone for a moment, and looks again
# at one it had given up.
RAISE_INBOXES = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts)
SELECT conv, device, seq, 0 FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS c(conv, device, seq)
ORDER BY conv, device
ON CONFLICT (conversation_id, device_id) DO UPDATE
SET received_seq = excluded.received_seq, attempts = 0,
    next_attempt_at = CASE WHEN chat_inbox.attempts > 0 OR chat_inbox.next_attempt_at IS NOT NULL
                      THEN now() + interval '3 seconds' END
WHERE chat_inbox.received_seq < excluded.received_seq
"""

RAISE_INBOX_REVS = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, received_rev, attempts)
SELECT conv, device, 0, rev, 0 FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS c(conv, device, rev)
ORDER BY conv, device
ON CONFLICT (conversation_id, device_id) DO UPDATE
SET received_rev = excluded.received_rev, attempts = 0,
    next_attempt_at = CASE WHEN chat_inbox.attempts > 0 OR chat_inbox.next_attempt_at IS NOT NULL
                      THEN now() + interval '3 seconds' END
WHERE chat_inbox.received_rev < excluded.received_rev
"""

RAISE_WATERMARKS = """
UPDATE receipts_watermark w
SET delivered_seq = greatest(w.delivered_seq, r.delivered), seen_seq = greatest(w.seen_seq, r.seen)
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[]) AS r(conv, member, delivered, seen)
WHERE w.conversation_id = r.conv AND w.user_id = r.member
"""

ADD_RECEIPTS = """
INSERT INTO receipts_receipt (conversation_id, user_id, kind, upto_seq, at)
SELECT conv, member, kind, upto, to_timestamp(at / 1000.0)
FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bigint[], %s::bigint[]) AS r(conv, member, kind, upto, at)
ON CONFLICT DO NOTHING
"""

# Of who wrote before as many entries below a rise a tick is not told; their devices hear of it in their next hello.
NEWEST = 2_000

# The senders of the entries a rise went over that were for the reader, each with the newest of theirs; who has left is
# told nothing. Last, of a 1:1 whose reader was not there all the time: what of members_rev says when they were.
CROSSED = f"""
SELECT r.n, m.sender::text, m.newest::text,
       (SELECT {ROSTER_REV} FROM chat_conversation c WHERE c.id = r.conv AND c.kind = 'direct' AND a.asked IS NOT NULL)
FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[])
     AS r(n, kind, conv, member, before, upto)
CROSS JOIN LATERAL (SELECT CASE WHEN count(s.left_seq) > 0 THEN {ASKED} END AS asked FROM chat_membership s
    WHERE s.conversation_id = r.conv AND s.user_id = r.member OFFSET 0) a
CROSS JOIN LATERAL (
    SELECT sender_id AS sender, (array_agg(id ORDER BY seq DESC))[1] AS newest FROM chat_message
    WHERE conversation_id = r.conv AND seq > greatest(r.before, r.upto - {NEWEST}) AND seq <= r.upto
      AND sender_id <> r.member AND (a.asked IS NULL OR a.asked @> seq)
    GROUP BY sender_id OFFSET 0) m
CROSS JOIN LATERAL (SELECT FROM chat_membership
    WHERE conversation_id = r.conv AND user_id = m.sender AND left_seq IS NULL OFFSET 0) s
CROSS JOIN LATERAL (SELECT FROM chat_user reader, chat_user viewer
    WHERE reader.id = r.member AND viewer.id = m.sender
      AND (r.kind = 'delivered' OR {TELLS_SEEN.format(reader="reader", viewer="viewer")}) OFFSET 0) t
ORDER BY r.n
"""

NOTE_CHANGE = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES ('receipts', %s::uuid[], '{}', '{}', clock_timestamp()) RETURNING id
"""


CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Row:
    """One member of the buffer. `kind` is a watermarks.Kind value, or CHANGED: then `seq` is a revision, which raises
    the device's inbox and nothing else. `at` milliseconds since 1970."""

    conv: str
    device: str
    kind: str
    seq: int
    at: int


@dataclass(slots=True)
class Applied:
    """What rose: `acks` are (sender's user id, acknowledgement); `change` is the row of the change table."""

    change: int | None = None
    acks: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def apply(rows: Sequence[Row]) -> Applied:
    """Raises django.db.Error; then nothing was written. Applying rows again changes nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LEGAL, columns((row.conv, row.device, row.kind, row.seq, row.at) for row in rows))
        legal = cursor.fetchall()
        _take_back(cursor, legal)
        _raise_inboxes(cursor, legal)
        risen = _raise_watermarks(cursor, legal)
        if not risen:
            return Applied()
        found = _crossed(cursor, risen)
        cursor.execute(NOTE_CHANGE, [sorted({conv for conv, _, _ in risen})])
        return Applied(cursor.fetchone()[0], found)


def _take_back(cursor: Any, legal: Sequence[tuple[Any, ...]]) -> None:
    """What was thought lost and is stored after all."""
    taken = [
        (conv, user, device, start, min(seq, head))
        for conv, device, user, kind, seq, _, head, _, _, _, start, may_have_lapsed, _ in legal
        if kind == Kind.DELIVERED and may_have_lapsed
    ]
    if taken:
        lapses.take_back(cursor, taken)


def _raise_inboxes(cursor: Any, legal: Sequence[tuple[Any, ...]]) -> None:
    cursors = [
        (conv, device, min(seq, head)) for conv, device, _, kind, seq, _, head, *_ in legal if kind == Kind.DELIVERED
    ]
    revs = [(row[0], row[1], min(row[4], row[9])) for row in legal if row[3] == CHANGED]
    if cursors:
        cursor.execute(RAISE_INBOXES, columns(cursors))
    if revs:
        cursor.execute(RAISE_INBOX_REVS, columns(revs))


def _raise_watermarks(cursor: Any, legal: Sequence[tuple[Any, ...]]) -> list[tuple[str, str, Rise]]:
    """(conversation, user, rise) for each watermark that rose."""
    people: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in legal:
        people.setdefault((row[0], row[2]), []).append(row)
    risen: list[tuple[str, str, Rise]] = []
    marks: list[tuple[str, str, int, int]] = []
    for (conv, user), group in people.items():
        delivered, seen = group[0][7:9]
        claims = [Claim(Kind(row[3]), row[4], row[5]) for row in group if row[3] != CHANGED]
        mark, found = rises(Mark(delivered, seen), group[0][-1], claims)
        if found:
            marks.append((conv, user, mark.delivered, mark.seen))
            risen.extend((conv, user, rise) for rise in found)
    if risen:
        cursor.execute(RAISE_WATERMARKS, columns(marks))
        receipts = [(conv, user, rise.kind.value, rise.upto, rise.at) for conv, user, rise in risen]
        cursor.execute(ADD_RECEIPTS, columns(receipts))
    return risen


def _crossed(cursor: Any, risen: Sequence[tuple[str, str, Rise]]) -> list[tuple[str, dict[str, Any]]]:
    """Who is told of the rises: the senders of the entries they went over, of what was seen only those whom the
    reader tells; and of what a person has seen also that person, whose other devices then show it as read."""
    ranges = [(n, rise.kind.value, conv, user, rise.before, rise.upto) for n, (conv, user, rise) in enumerate(risen)]
    cursor.execute(CROSSED, columns(ranges))
    acks = []
    for n, sender, message_id, roster_rev in cursor.fetchall():
        conv, user, rise = risen[n]
        acks.append((sender, _told(conv, user, rise, message_id, roster_rev)))
    own = [(user, _told(conv, user, rise)) for conv, user, rise in risen if rise.kind is Kind.SEEN]
    return acks + own


def _told(
    conv: str, user: str, rise: Rise, message_id: str | None = None, roster_rev: int | None = None
) -> dict[str, Any]:
    return tick(rise.kind.name, conv, rise.upto, rise.at, user, message_id, roster_rev)


def tick(
    kind: str, conv: str, upto: int, at: int, reader: str, message_id: str | None, roster_rev: int | None = None
) -> dict[str, Any]:
    """The acknowledgement that `reader` has come as far as `upto`. `message_id`: the newest entry it covers of the
    one who is told, None for the reader's own devices. `roster_rev`: only for who knows that much of the members, and
    left out before it goes out (chat/delivery/hub.py)."""
    ack = {"type": kind, "conv": conv, "seq": upto, "timestamp": at, "sender_id": reader}
    if roster_rev is not None:
        ack["roster_rev"] = roster_rev
    return ack if message_id is None else ack | {"message_id": message_id}
