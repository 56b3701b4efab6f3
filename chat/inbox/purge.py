"""Removing old history, where a deployment wants that (HISTORY_DAYS): the old end of each log, and what hangs on it.

What is removed is a prefix by seq, so a log has no gaps above its floor, and the floor rises in the transaction that
removes, under the conversation's lock. Whoever is still owed some of it sees it lapse first: it is removed by a later
run. The oldest ids are the next to go, so nothing has to be remembered and nothing is searched for.

Lapses stay: they are few, and a sender's device keeps its copy of an entry longer than the server does. Without them
the watermark above it would say that it had arrived.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from chat.inbox import progress
from chat.inbox.lapsing import Expired, expire
from chat.models import Progress
from chat.models.ids import first_id
from chat.policy import retention
from receipts.lapses import columns

# Entries, and receipts, of a transaction; transactions of a run.
ROWS = 1_000
BATCHES = 50
NOTHING = UUID(int=0)

OLDEST = """
SELECT id, conversation_id::text, seq FROM chat_message
WHERE id > %s::uuid AND id < %s::uuid ORDER BY id LIMIT %s
"""

# One that someone appends to right now is left to the next run.
LOCK = """
SELECT id::text, floor_seq FROM chat_conversation WHERE id = ANY(%s::uuid[])
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""

# Of each conversation as many as it has among the oldest: one whose entries must stay leaves the others their share.
ENTRIES = """
SELECT t.conv::text, m.seq, m.created_at
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[]) AS t(conv, floor, top, share)
CROSS JOIN LATERAL (
    SELECT seq, created_at FROM chat_message WHERE conversation_id = t.conv AND seq > t.floor AND seq <= t.top
    ORDER BY seq LIMIT t.share) m
ORDER BY t.conv, m.seq
"""

# The first rise to or above an entry tells when it was received: those at or below the floor tell of no entry that is
# left. The newest of a person and kind stays, it is the time of their watermark.
RECEIPTS = """
DELETE FROM receipts_receipt WHERE id IN (
    SELECT r.id FROM unnest(%s::uuid[], %s::bigint[]) AS f(conv, floor)
    JOIN receipts_watermark w ON w.conversation_id = f.conv
    CROSS JOIN LATERAL (VALUES ('delivered', w.delivered_seq), ('seen', w.seen_seq)) AS k(kind, reached)
    CROSS JOIN LATERAL (
        SELECT id FROM receipts_receipt WHERE conversation_id = w.conversation_id AND user_id = w.user_id
          AND kind = k.kind AND upto_seq <= least(f.floor, k.reached - 1) LIMIT {rows}) r
    LIMIT {rows})
"""

REMOVE = """
WITH f AS (
    SELECT * FROM unnest(%s::uuid[], %s::bigint[]) AS f(conv, floor)
), raised AS (
    UPDATE chat_conversation c SET floor_seq = f.floor FROM f WHERE c.id = f.conv
), hidden AS (
    DELETE FROM chat_hidden h USING f WHERE h.conversation_id = f.conv AND h.seq <= f.floor
), attached AS (
    UPDATE chat_attachment a SET state = 'dropped', conversation_id = NULL, seq = NULL, next_attempt_at = NULL
    FROM f JOIN chat_conversation k ON k.id = f.conv
    WHERE a.conversation_id = f.conv AND a.seq <= f.floor AND a.id IS DISTINCT FROM k.picture
)
DELETE FROM chat_message m USING f WHERE m.conversation_id = f.conv AND m.seq <= f.floor
"""


def purge(days: int, now: datetime | None = None) -> int:
    """Entries removed, of those written more than `days` ago; 0 days: none ever."""
    removed, after = 0, NOTHING
    for _ in range(BATCHES if days else 0):
        done, next_after = _batch(days, now, after)
        removed += done
        if next_after is None:
            break
        after = next_after
    return removed


@transaction.atomic
def _batch(days: int, now: datetime | None, after: UUID) -> tuple[int, UUID | None]:
    """Entries removed, and the id above which to go on; None: that was all."""
    with connection.cursor() as cursor:
        progress.by_index(cursor)
        taken = progress.take(cursor, Progress.Work.HISTORY, timedelta())
        if taken is None:
            return 0, None
        now = now or taken[1]
        limit = now - timedelta(days=days)
        cursor.execute(OLDEST, [after, first_id(limit), ROWS])
        oldest = cursor.fetchall()
        removed, busy = _remove(cursor, oldest, limit, now) if oldest else (0, False)
        progress.advance(cursor, Progress.Work.HISTORY, limit, removed)
        if busy:
            # What was removed is not met again, so there is more to see from the same place.
            return removed, after
        return removed, oldest[-1][0] if len(oldest) == ROWS else None


def _remove(cursor: Any, oldest: list[tuple[UUID, str, int]], limit: datetime, now: datetime) -> tuple[int, bool]:
    """Entries removed; whether anything was.

    What must lapse does so before conversations are locked, which keeps them from being appended to. They are not
    waited for, so that the order of locks does no harm.
    """
    tops: dict[str, int] = {}
    for _, conv, seq in oldest:
        tops[conv] = max(tops.get(conv, 0), seq)
    late = {conv for conv, _ in expire(cursor, [Expired(conv, None, top) for conv, top in tops.items()], now).lapsed}
    shares = Counter(conv for _, conv, _ in oldest)
    floors = columns(_floors(cursor, {conv: tops[conv] for conv in tops if conv not in late}, shares, limit), 2)
    cursor.execute(RECEIPTS.format(rows=ROWS), floors)
    if cursor.rowcount == ROWS:
        return 0, True
    cursor.execute(REMOVE, floors)
    return int(cursor.rowcount), cursor.rowcount > 0


def _floors(cursor: Any, tops: dict[str, int], shares: Counter[str], limit: datetime) -> list[tuple[str, int]]:
    """(conversation, new floor) of those that could be locked and have something to remove."""
    cursor.execute(LOCK, [sorted(tops)])
    present: dict[str, int] = dict(cursor.fetchall())
    wanted = ((conv, floor, tops[conv], shares[conv]) for conv, floor in present.items())
    cursor.execute(ENTRIES, columns(wanted, 4))
    entries: dict[str, list[tuple[int, datetime]]] = {}
    for conv, seq, at in cursor.fetchall():
        entries.setdefault(conv, []).append((seq, at))
    floors = [(conv, retention.floor(present[conv], found, limit)) for conv, found in entries.items()]
    return [(conv, floor) for conv, floor in floors if floor > present[conv]]
