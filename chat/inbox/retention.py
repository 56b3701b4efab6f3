"""Expiry by age and by count (spec H3): both find an old end of a log, for all its members or for one of them.

By age: entries that crossed the limit since the last run, followed along the message ids, which are in order of time;
what has expired is never looked at again, so the cost follows what newly expires. By count: conversations appended to
since the last run, and in them only members who are far behind.

How far each has come stands in the database. Two runs at once: the one that finds the row taken does nothing.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from chat.inbox import progress
from chat.inbox.lapsing import Expired, expire
from chat.models import Progress
from chat.models.ids import first_id, made_at

# Entries of a transaction, and transactions of a run; what is left is met by the next run.
ROWS = 2_000
BATCHES = 50
# The age itself is the margin for clocks that differ: what crosses the limit now was committed weeks ago. These seconds
# are for a batch that ended within a millisecond, and there are fewer entries in them than a run deals with.
MARGIN = timedelta(seconds=5)
# At the first run of all: since before there were messengers.
EVER = timedelta(days=20 * 365)

CROSSED = """
SELECT id, conversation_id::text, seq FROM chat_message
WHERE id > %s::uuid AND id < %s::uuid ORDER BY id LIMIT %s
"""

# Entries looked at to find the excess, in quotas: all but a few are others'. For someone who writes far more than they
# read the rest waits for its age.
LOOK_BACK = 10

# Change rows of the same time as the last run's end may have been committed after it. A person's excess: the newest of
# others' entries that have as many newer ones as the quota. Of each of their stays, for they may read all of them.
EXCESS = """
WITH appended AS (
    SELECT DISTINCT conv FROM chat_change c, unnest(c.conversations) AS conv
    WHERE c.kind = 'append' AND c.at BETWEEN %(last)s - interval '10 seconds' AND %(now)s
), behind AS (
    SELECT c.id AS conv, w.user_id AS member, c.last_seq,
           greatest(w.delivered_seq, w.expired_seq, c.floor_seq) AS reached
    FROM appended a
    JOIN chat_conversation c ON c.id = a.conv
    JOIN receipts_watermark w ON w.conversation_id = c.id
    JOIN chat_membership o ON o.conversation_id = c.id AND o.user_id = w.user_id AND o.left_seq IS NULL
    WHERE c.last_seq - greatest(w.delivered_seq, w.expired_seq, c.floor_seq) > %(quota)s
)
SELECT b.conv::text, b.member::text, excess.seq
FROM behind b CROSS JOIN LATERAL (
    SELECT others.seq FROM chat_membership s CROSS JOIN LATERAL (
        SELECT m.seq FROM (
            SELECT seq, sender_id, event FROM chat_message
            WHERE conversation_id = b.conv AND seq BETWEEN greatest(b.reached + 1, s.visible_from_seq)
              AND coalesce(s.left_seq, b.last_seq)
            ORDER BY seq DESC LIMIT %(look_back)s) m
        WHERE m.sender_id <> b.member AND m.event IS NULL LIMIT %(quota)s + 1) others
    WHERE s.conversation_id = b.conv AND s.user_id = b.member
    ORDER BY others.seq DESC OFFSET %(quota)s LIMIT 1) excess
"""


def expire_by_age(days: int, now: datetime | None = None) -> int:
    """Ranges that lapsed. Short transactions, each of which leaves its own progress."""
    lapsed, after, more = 0, None, True
    for _ in range(BATCHES):
        done, after, more = _age_batch(days, now, after)
        lapsed += done
        if not more:
            break
    return lapsed


@transaction.atomic
def _age_batch(days: int, now: datetime | None, after: UUID | None) -> tuple[int, UUID | None, bool]:
    """Entries older than the limit with ids above `after`, or from where the last run ended: how many ranges lapsed,
    the last id, whether there may be more."""
    with connection.cursor() as cursor:
        progress.by_index(cursor)
        taken = progress.take(cursor, Progress.Work.EXPIRY, EVER)
        if taken is None:
            return 0, None, False
        upto, clock = taken
        now = now or clock
        limit = now - timedelta(days=days)
        # A clock that was ahead for a moment must not leave out what comes until it is right again.
        start = after or first_id(min(upto, limit) - MARGIN)
        cursor.execute(CROSSED, [start, first_id(limit), ROWS])
        rows = cursor.fetchall()
        lapsed = expire(cursor, _newest(rows), now).lapsed
        more = len(rows) == ROWS
        progress.advance(cursor, Progress.Work.EXPIRY, made_at(rows[-1][0]) if more else limit, len(lapsed))
        return len(lapsed), rows[-1][0] if rows else after, more


def _newest(rows: list[tuple[UUID, str, int]]) -> list[Expired]:
    newest: dict[str, int] = {}
    for _, conv, seq in rows:
        newest[conv] = max(newest.get(conv, 0), seq)
    return [Expired(conv, None, upto) for conv, upto in newest.items()]


def expire_by_count(entries: int, now: datetime | None = None) -> int:
    """Ranges that lapsed, of people for whom more than `entries` of others wait in a conversation."""

    def work(cursor: Any, last: datetime, now: datetime) -> int:
        return len(expire(cursor, _excess(cursor, entries, last, now), now).lapsed)

    return progress.since_last(Progress.Work.QUOTA, now, work)


def _excess(cursor: Any, entries: int, last: datetime, now: datetime) -> list[Expired]:
    """Nobody is locked while this is found out: whoever takes something meanwhile has the less that lapses."""
    cursor.execute(EXCESS, {"last": last, "now": now, "quota": entries, "look_back": LOOK_BACK * (entries + 1)})
    return [Expired(*row) for row in cursor.fetchall()]
