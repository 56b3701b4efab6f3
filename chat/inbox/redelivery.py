"""What was pushed and not acknowledged is pushed again, with E1's backoff kept in the database.

A sweep has two steps, each a few statements whatever the size of the inboxes:

1. *Notice*: conversations appended to or edited in since the last sweep, but not in the last three seconds, which
   devices are given to acknowledge by themselves; inboxes of their members' devices still below that head, and not
   yet watched, get a first `next_attempt_at`, and those with a push subscription a wake-up (chat/wakeup). Where the
   last sweep ended stands in the database, so that no pause of Celery leaves anything unnoticed.
2. *Nudge*: inboxes whose time has come. Still below head: one more attempt and the next pause. Nothing owed any
   more, or attempts used up: no longer watched, until something new is appended or the device makes progress.

Attempts limit nudges, never delivery: what is owed stays above the cursor until the device takes it.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from chat.inbox import progress
from chat.log.access import START_IN
from chat.models import Progress
from chat.policy.backoff import DEFAULT_BACKOFF
from chat.wakeup.notice import notice as notice_wakeups

# Due inboxes dealt with in one sweep; the rest is met by the next.
LIMIT = 1_000
# Devices are given this long to acknowledge by themselves.
GRACE = timedelta(seconds=3)
FIRST_LOOK = timedelta(hours=1)

# A row's time is a little before its commit: what is older than the last sweep's end by less than that is met again.
NOTICE = f"""
WITH late AS (
    SELECT conv, coalesce(max(head) FILTER (WHERE c.kind = 'append'), 0) AS head,
           coalesce(max(head) FILTER (WHERE c.kind = 'revised'), 0) AS rev
    FROM chat_change c, unnest(c.conversations, c.heads) AS h(conv, head)
    WHERE c.kind IN ('append', 'revised') AND c.at BETWEEN %s - interval '10 seconds' AND %s
    GROUP BY conv
)
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, next_attempt_at)
SELECT late.conv, d.id, f.start, 0, now() + make_interval(secs => %s / 1000.0)
FROM late
JOIN chat_membership s ON s.conversation_id = late.conv AND s.left_seq IS NULL
CROSS JOIN LATERAL (SELECT {START_IN.format(conv="s.conversation_id", user="s.user_id")} AS start) f
JOIN chat_device d ON d.user_id = s.user_id AND d.revoked_at IS NULL
LEFT JOIN chat_inbox i ON i.conversation_id = late.conv AND i.device_id = d.id
WHERE (greatest(coalesce(i.received_seq, 0), f.start) < late.head
       OR coalesce(i.received_rev, 0) < late.rev) AND i.next_attempt_at IS NULL
ORDER BY late.conv, d.id
ON CONFLICT (conversation_id, device_id) DO UPDATE
SET next_attempt_at = excluded.next_attempt_at, attempts = 0
WHERE chat_inbox.next_attempt_at IS NULL
"""

DUE = """
SELECT i.id, i.conversation_id::text, i.device_id::text, i.attempts, c.last_seq,
       (i.received_seq < c.last_seq OR i.received_rev < c.last_rev) AND d.revoked_at IS NULL AND EXISTS (
           SELECT FROM chat_membership s
           WHERE s.conversation_id = i.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL)
FROM chat_inbox i
JOIN chat_conversation c ON c.id = i.conversation_id
JOIN chat_device d ON d.id = i.device_id
WHERE i.next_attempt_at <= now() ORDER BY i.next_attempt_at LIMIT %s FOR NO KEY UPDATE OF i SKIP LOCKED
"""

SETTLE = """
UPDATE chat_inbox i SET attempts = n.attempts,
    next_attempt_at = now() + make_interval(secs => n.pause_ms / 1000.0)
FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[]) AS n(id, attempts, pause_ms) WHERE i.id = n.id
"""


@dataclass(frozen=True, slots=True)
class Nudge:
    """A device that owes acknowledgements in a conversation. `head`: for a process that never heard of it."""

    conv: str
    device: str
    head: int


@transaction.atomic
def sweep() -> list[Nudge]:
    """Who is to be nudged now. Two sweeps at once share the work: SKIP LOCKED."""
    with connection.cursor() as cursor:
        _notice(cursor)
        cursor.execute(DUE, [LIMIT])
        nudges: list[Nudge] = []
        settled: list[tuple[int, int, int | None]] = []
        for inbox, conv, device, attempts, head, owed in cursor.fetchall():
            pause = DEFAULT_BACKOFF.delay_ms(attempts + 1, random.random) if owed else None
            settled.append((inbox, attempts + 1 if owed else 0, pause))
            if owed:
                nudges.append(Nudge(conv, device, head))
        if settled:
            cursor.execute(SETTLE, [list(column) for column in zip(*settled, strict=True)])
    return nudges


def _notice(cursor: Any) -> None:
    """Not if another sweep is at it."""
    if taken := progress.take(cursor, Progress.Work.REDELIVERY, FIRST_LOOK):
        last, now = taken
        cursor.execute(NOTICE, [last, now - GRACE, DEFAULT_BACKOFF.delay_ms(1, random.random)])
        notice_wakeups(cursor, last)
        progress.advance(cursor, Progress.Work.REDELIVERY, now - GRACE)
