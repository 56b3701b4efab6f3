"""Who is to be woken up, and whose wake-up is over: a few statements of the sweep, in its transaction.

They look at what was appended or acknowledged, and at who left, since the last sweep, as redelivery does, so their cost
follows what happened. A device is rung once for a message, however often its inbox is nudged: only entries above
`sent_seq` and above what its person has seen anywhere count, and only those of others. What was done to a group rings
for whoever it has brought in; a muted conversation, for whoever is mentioned.
"""

from datetime import datetime
from typing import Any

# A row of the change table has its time a little before its commit: hence the overlap with the last sweep.
SINCE = "c.at BETWEEN %s - interval '10 seconds' AND now() - interval '3 seconds'"

# A row that is waiting keeps its time: a new message does not shorten a backoff or a Retry-After, nor does it take
# the row from the worker that has it. FOR KEY SHARE: a subscription that is just being removed gets no row.
WAKE = f"""
WITH late AS MATERIALIZED (
    SELECT DISTINCT conv FROM chat_change c, unnest(c.conversations) AS h(conv) WHERE c.kind = 'append' AND {SINCE}
)
INSERT INTO chat_wakeup (subscription_id, conversation_id, seq, sent_seq, attempts, next_attempt_at)
SELECT p.device_id, late.conv, m.seq, 0, 0, now()
FROM late
JOIN chat_membership s ON s.conversation_id = late.conv AND s.left_seq IS NULL
JOIN chat_user u ON u.id = s.user_id AND u.is_active
JOIN chat_device d ON d.user_id = s.user_id AND d.revoked_at IS NULL
JOIN chat_pushsubscription p ON p.device_id = d.id
LEFT JOIN chat_inbox i ON i.conversation_id = late.conv AND i.device_id = d.id
LEFT JOIN receipts_watermark w ON w.conversation_id = late.conv AND w.user_id = s.user_id
CROSS JOIN LATERAL (
    SELECT seq FROM chat_message m
    WHERE m.conversation_id = late.conv AND m.sender_id <> s.user_id AND m.deleted_at IS NULL
      AND m.seq > greatest(i.received_seq, w.seen_seq, s.visible_from_seq - 1)
      AND CASE WHEN m.event IS NOT NULL
               THEN m.event->>'type' = 'created'
                    OR (m.event->>'type' = 'added' AND m.event->'users' @> to_jsonb(s.user_id))
               ELSE s.muted_until IS NULL OR s.muted_until <= now() OR s.user_id = ANY(m.mentions) END
    ORDER BY seq DESC LIMIT 1
) m
ORDER BY p.device_id, late.conv
FOR KEY SHARE OF p
ON CONFLICT (subscription_id, conversation_id) DO UPDATE
SET seq = excluded.seq, next_attempt_at = coalesce(chat_wakeup.next_attempt_at, now()),
    attempts = CASE WHEN chat_wakeup.next_attempt_at IS NULL THEN 0 ELSE chat_wakeup.attempts END
WHERE chat_wakeup.seq < excluded.seq
"""

TOUCHED = f"""
SELECT DISTINCT conv::text FROM chat_change c, unnest(c.conversations) AS h(conv)
WHERE c.kind IN ('receipts', 'members') AND {SINCE}
"""

# Nothing to tell: the device has the entry itself, or its person read it elsewhere, or is no member any more. A device
# that was told is not told this: browsers punish pushes that show nothing. Its page tidies up when it is next opened.
DROP = """
DELETE FROM chat_wakeup k USING chat_device d, receipts_watermark w
WHERE k.conversation_id = ANY(%s::uuid[]) AND d.id = k.subscription_id
  AND w.conversation_id = k.conversation_id AND w.user_id = d.user_id
  AND (w.seen_seq >= k.seq OR NOT EXISTS (
      SELECT FROM chat_membership s
      WHERE s.conversation_id = k.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL
  ) OR EXISTS (
      SELECT FROM chat_inbox i
      WHERE i.conversation_id = k.conversation_id AND i.device_id = d.id AND i.received_seq >= k.seq))
"""


def notice(cursor: Any, since: datetime) -> None:
    """`since`: the end of the last sweep, whose lock the caller holds."""
    cursor.execute(TOUCHED, [since])
    if touched := [conv for (conv,) in cursor.fetchall()]:
        cursor.execute(DROP, [touched])
    cursor.execute(WAKE, [since])
