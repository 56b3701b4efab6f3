"""Removing files nobody can fetch any more: rows say so first, then the files go, then the rows.

In that order a worker that dies in between leaves a row that says what is still to be done. Dropped are: what a deleted
or purged entry had (chat/log/revise.py, chat/inbox/purge.py), what its owner gave up, what was refused, and, here, what
was never completed or never sent.
"""

from django.db import connection

from chat.media import places

UNFINISHED_HOURS = 24
UNSENT_DAYS = 7
ROWS = 100
BATCHES = 20
LEASE_S = 60

# What someone is sending at this moment is left alone.
DROP_OLD = f"""
UPDATE chat_attachment SET state = 'dropped', attempts = 0, next_attempt_at = NULL WHERE id IN (
    SELECT id FROM chat_attachment
    WHERE state IN ('uploading', 'ready') AND created_at < now() - interval '{UNFINISHED_HOURS} hours'
      AND (state = 'uploading' OR completed_at < now() - interval '{UNSENT_DAYS} days')
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""
# Leased, for files may be in a storage that takes its time: no lock is held meanwhile.
CLAIM = f"""
UPDATE chat_attachment SET next_attempt_at = now() + interval '{LEASE_S} seconds' WHERE id IN (
    SELECT id FROM chat_attachment
    WHERE state = 'dropped' AND (next_attempt_at IS NULL OR next_attempt_at <= now())
    ORDER BY next_attempt_at NULLS FIRST LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id::text
"""
FORGET = "DELETE FROM chat_attachment WHERE id = ANY(%s::uuid[]) AND state = 'dropped'"


def tidy() -> int:
    """Attachments removed. Raises django.db.Error, OSError and what the storage raises; the rest is for another run."""
    removed = 0
    with connection.cursor() as cursor:
        cursor.execute(DROP_OLD, [ROWS])
        for _ in range(BATCHES):
            cursor.execute(CLAIM, [ROWS])
            claimed = [row[0] for row in cursor.fetchall()]
            for each in claimed:
                places.remove(each)
            cursor.execute(FORGET, [claimed])
            removed += len(claimed)
            if len(claimed) < ROWS:
                break
    return removed
