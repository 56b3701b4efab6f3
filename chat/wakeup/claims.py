"""Wake-ups that one worker may send: a lease on rows that are due.

`next_attempt_at` moves behind the longest a batch can take, and is the claim's token. So two workers never send the
same row at once; what a worker that died had in hand is due again when its lease is over; and a worker that comes back
too late settles nothing.
"""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from chat.wakeup.port import Push, Subscription

BATCH = 64
LEASE_S = 60
# A week: who is away longer finds out by opening the app.
TTL_S = 7 * 24 * 3600

# Of no use any more, whatever the sweep thinks of it: whoever may not read an entry is not told of it either, and who
# has it needs no telling. What a device was told already is left for the sweep to drop: they may come back meanwhile.
STALE = """
DELETE FROM chat_wakeup k USING chat_device d, chat_user u
WHERE k.next_attempt_at <= now() AND d.id = k.subscription_id AND u.id = d.user_id
  AND (d.revoked_at IS NOT NULL OR NOT u.is_active
       OR (k.sent_seq = 0 AND k.attempts = 0 AND NOT EXISTS (
          SELECT FROM chat_membership s
          WHERE s.conversation_id = k.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL
            AND s.visible_from_seq <= k.seq))
       OR EXISTS (
          SELECT FROM chat_inbox i
          WHERE i.conversation_id = k.conversation_id AND i.device_id = d.id AND i.received_seq >= k.seq))
"""

# What its person has seen meanwhile, or left, is left for the sweep to drop.
CLAIM = """
WITH due AS (
    SELECT k.id FROM chat_wakeup k
    JOIN chat_pushsubscription p ON p.device_id = k.subscription_id
    JOIN chat_device d ON d.id = p.device_id
    JOIN receipts_watermark w ON w.conversation_id = k.conversation_id AND w.user_id = d.user_id
    WHERE k.next_attempt_at <= now() AND (p.not_before IS NULL OR p.not_before <= now())
      AND w.seen_seq < k.seq AND EXISTS (
          SELECT FROM chat_membership s
          WHERE s.conversation_id = k.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL)
    ORDER BY k.next_attempt_at LIMIT %s FOR NO KEY UPDATE OF k SKIP LOCKED
)
UPDATE chat_wakeup k SET attempts = k.attempts + 1, next_attempt_at = now() + make_interval(secs => %s)
FROM due, chat_pushsubscription p, chat_conversation c
WHERE k.id = due.id AND p.device_id = k.subscription_id AND c.id = k.conversation_id
RETURNING k.id, k.conversation_id::text, k.seq, k.attempts, k.next_attempt_at, p.device_id::text,
    p.service, p.endpoint, p.p256dh, p.auth,
    coalesce(nullif(c.title, ''), (
        SELECT coalesce(nullif(u.name, ''), u.username) FROM chat_message m JOIN chat_user u ON u.id = m.sender_id
        WHERE m.conversation_id = k.conversation_id AND m.seq = k.seq), '')
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A wake-up this worker may send until `token`."""

    id: int
    conv: str
    seq: int
    attempts: int
    token: datetime
    device: str
    subscription: Subscription
    title: str

    @property
    def push(self) -> Push:
        """Which conversation and how far; never what was written."""
        told = {"t": "wake", "conv": self.conv, "title": self.title, "seq": self.seq}
        return Push(told, topic(self.conv), TTL_S, "high")


def topic(conv: str) -> str:
    """The same for all pushes of a conversation, and says nothing about it to the push service."""
    return urlsafe_b64encode(hashlib.sha256(conv.encode()).digest())[:32].decode()


@transaction.atomic
def claim(limit: int = BATCH) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(STALE)
        cursor.execute(CLAIM, [limit, LEASE_S])
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: tuple[Any, ...]) -> Claimed:
    number, conv, seq, attempts, token, device, *subscription, title = row
    return Claimed(number, conv, seq, attempts, token, device, Subscription(*subscription), title)
