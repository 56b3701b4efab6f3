"""What expired for a person before a device of theirs took it, and what was taken after all.

The caller's transaction holds the person's watermark row, which is what keeps expiry and acknowledgement apart.
Whoever adds or takes back leaves a `lapsed` change row for each range, however many members it is about: the senders
of what it names are told from it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from chat.policy.visibility import without

# What holds only a person's own entries, or what was done to a group, is no one's loss and makes no lapse, but has
# expired all the same. A lapse that began within the last day and ends where this one begins is continued: a row a
# person and day at most.
ADD = """
WITH expired AS (
    SELECT r.conv, r.member, r.first, r.last, EXISTS (
        SELECT FROM chat_message m WHERE m.conversation_id = r.conv AND m.seq BETWEEN r.first AND r.last
          AND m.sender_id <> r.member AND m.event IS NULL) AS of_others
    FROM unnest(%(convs)s::uuid[], %(members)s::uuid[], %(firsts)s::bigint[], %(lasts)s::bigint[])
         AS r(conv, member, first, last)
), lapsed AS (
    SELECT * FROM expired WHERE of_others
), reached AS (
    UPDATE receipts_watermark w SET expired_seq = greatest(w.expired_seq, e.last)
    FROM (SELECT conv, member, max(last) AS last FROM expired GROUP BY conv, member) e
    WHERE w.conversation_id = e.conv AND w.user_id = e.member
), continued AS (
    UPDATE receipts_lapse l SET upto_seq = n.last FROM lapsed n
    WHERE l.conversation_id = n.conv AND l.user_id = n.member AND l.upto_seq = n.first - 1
      AND l.at > %(at)s - interval '1 day'
    RETURNING n.conv, n.member, n.first
), begun AS (
    INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
    SELECT conv, member, first, last, %(at)s FROM lapsed
    WHERE (conv, member, first) NOT IN (SELECT conv, member, first FROM continued)
), noted AS (
    INSERT INTO chat_change (kind, conversations, heads, users, at)
    SELECT 'lapsed', ARRAY[conv], ARRAY[first, last], array_agg(DISTINCT member), clock_timestamp()
    FROM lapsed GROUP BY conv, first, last
)
SELECT conv::text, member::text FROM lapsed
"""

# The cursors before a claim raises them, held: a device told of a horizon was raised to it without having stored
# what lies below, and that must not happen between this look and the rise.
CURSORS = """
SELECT i.conversation_id::text, i.device_id::text, i.received_seq
FROM unnest(%s::uuid[], %s::uuid[]) AS c(conv, device)
JOIN chat_inbox i ON i.conversation_id = c.conv AND i.device_id = c.device
ORDER BY i.conversation_id, i.device_id FOR NO KEY UPDATE OF i
"""

LAPSES = """
SELECT l.id, l.conversation_id::text, l.user_id::text, l.from_seq, l.upto_seq, l.at
FROM unnest(%s::uuid[], %s::uuid[]) AS p(conv, member)
JOIN receipts_lapse l ON l.conversation_id = p.conv AND l.user_id = p.member
ORDER BY l.id
"""

REMOVE = "DELETE FROM receipts_lapse WHERE id = ANY(%s::bigint[])"

KEEP = """
INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[], %s::timestamptz[])
"""

NOTE = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
SELECT 'lapsed', ARRAY[conv], ARRAY[first, last], array_agg(DISTINCT member), clock_timestamp()
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[]) AS t(conv, member, first, last)
GROUP BY conv, first, last
"""

Taken = tuple[str, str, str, int, int]
"""(conversation, user, device, where it stands if it has no inbox, up to where it has now stored everything)"""


def add(cursor: Any, spans: Sequence[tuple[str, str, int, int]], at: datetime) -> list[tuple[str, str]]:
    """(conversation, user, first, last) of what has expired; the (conversation, user) of each lapse it made."""
    convs, members, firsts, lasts = columns(spans, 4)
    cursor.execute(ADD, {"convs": convs, "members": members, "firsts": firsts, "lasts": lasts, "at": at})
    found: list[tuple[str, str]] = cursor.fetchall()
    return found


def take_back(cursor: Any, taken: Sequence[Taken]) -> None:
    """Before the cursors are raised: what a device stores now has not lapsed for its person."""
    cursor.execute(CURSORS, columns(sorted({(conv, device) for conv, _, device, _, _ in taken}), 2))
    before = {(conv, device): received for conv, device, received in cursor.fetchall()}
    stored: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for conv, user, device, start, upto in taken:
        span = (before.get((conv, device), start) + 1, upto)
        stored.setdefault((conv, user), []).append(span)
    cursor.execute(LAPSES, columns(sorted(stored), 2))
    gone: list[int] = []
    kept: list[tuple[str, str, int, int, datetime]] = []
    back: list[tuple[str, str, int, int]] = []
    for lapse, conv, user, first, last, at in cursor.fetchall():
        left = [(first, last)]
        for span in stored[conv, user]:
            left = without(left, *span)
        if left != [(first, last)]:
            gone.append(lapse)
            kept += [(conv, user, low, high, at) for low, high in left]
            back += [(conv, user, max(first, low), min(last, high)) for low, high in stored[conv, user]]
    if gone:
        cursor.execute(REMOVE, [gone])
        cursor.execute(KEEP, columns(kept, 5))
        cursor.execute(NOTE, columns([span for span in back if span[2] <= span[3]], 4))


def columns(rows: Iterable[Sequence[Any]], width: int = 0) -> list[list[Any]]:
    """Rows as one list a column; `width` of them also when there are none."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]
