"""Telling push services what devices are to be told: claim, send, settle.

A claim is a lease: `next_attempt_at` moves behind the longest a batch can take, and is the claim's token. So two
workers never send the same row at once; what a worker that died had in hand is due again when its lease is over; and
a worker that comes back too late settles nothing. Nothing is sent inside a transaction.
"""

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from chat.models import PushSubscription
from chat.policy.backoff import DEFAULT_BACKOFF
from chat.wakeup.port import Failed, Gone, Outcome, Push, Pusher, RetryAfter, Sent, Subscription
from chat.wakeup.registry import SERVICES, Services

BATCH = 64
AT_ONCE = 16
# More than BATCH / AT_ONCE rounds of the longest send; BATCH_S ends a batch in any case.
BATCH_S = 45.0
LEASE_S = 60
# A week: who is away longer finds out by opening the app.
TTL_S = 7 * 24 * 3600

# Of no use any more, whatever the sweep thinks of it: whoever may not read an entry is not told of it either, and who
# has it needs no telling. What a device was told already is left for the sweep to clear.
STALE = """
DELETE FROM chat_wakeup k USING chat_device d, chat_user u
WHERE k.next_attempt_at <= now() AND d.id = k.subscription_id AND u.id = d.user_id
  AND (d.revoked_at IS NOT NULL OR NOT u.is_active
       OR (k.kind = 'wake' AND k.sent_seq = 0 AND k.attempts = 0 AND NOT EXISTS (
          SELECT FROM chat_membership s
          WHERE s.conversation_id = k.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL
            AND s.visible_from_seq <= k.seq))
       OR EXISTS (
          SELECT FROM chat_inbox i
          WHERE i.conversation_id = k.conversation_id AND i.device_id = d.id AND i.received_seq >= k.seq))
"""

# What its person has seen meanwhile, or left, is left for the sweep to drop or to clear.
CLAIM = """
WITH due AS (
    SELECT k.id FROM chat_wakeup k
    JOIN chat_pushsubscription p ON p.device_id = k.subscription_id
    JOIN chat_device d ON d.id = p.device_id
    JOIN receipts_watermark w ON w.conversation_id = k.conversation_id AND w.user_id = d.user_id
    WHERE k.next_attempt_at <= now() AND (p.not_before IS NULL OR p.not_before <= now())
      AND (k.kind = 'clear' OR (w.seen_seq < k.seq AND EXISTS (
          SELECT FROM chat_membership s
          WHERE s.conversation_id = k.conversation_id AND s.user_id = d.user_id AND s.left_seq IS NULL)))
    ORDER BY k.next_attempt_at LIMIT %s FOR NO KEY UPDATE OF k SKIP LOCKED
)
UPDATE chat_wakeup k SET attempts = k.attempts + 1, next_attempt_at = now() + make_interval(secs => %s)
FROM due, chat_pushsubscription p, chat_conversation c
WHERE k.id = due.id AND p.device_id = k.subscription_id AND c.id = k.conversation_id
RETURNING k.id, k.conversation_id::text, k.kind, k.seq, k.attempts, k.next_attempt_at, p.device_id::text,
    p.service, p.endpoint, p.p256dh, p.auth,
    CASE WHEN k.kind = 'wake' THEN coalesce(nullif(c.title, ''), (
        SELECT coalesce(nullif(u.name, ''), u.username) FROM chat_message m JOIN chat_user u ON u.id = m.sender_id
        WHERE m.conversation_id = k.conversation_id AND m.seq = k.seq), '') ELSE '' END
"""

# The sweep has found more to tell while this was being told.
MOVED = "(k.kind, k.seq) <> (o.kind, o.seq)"

SETTLE = f"""
UPDATE chat_wakeup k SET
    sent_seq = CASE WHEN o.done THEN greatest(k.sent_seq, o.seq) ELSE k.sent_seq END,
    attempts = CASE WHEN o.done OR (o.pause_ms IS NULL AND {MOVED}) THEN 0 ELSE k.attempts END,
    next_attempt_at = CASE WHEN o.pause_ms IS NOT NULL THEN now() + make_interval(secs => o.pause_ms / 1000.0)
                           WHEN {MOVED} THEN now() END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[], %s::bigint[], %s::boolean[], %s::bigint[])
    AS o(id, token, kind, seq, done, pause_ms)
WHERE k.id = o.id AND k.next_attempt_at = o.token
RETURNING k.id
"""

# A "clear" that was sent, or given up, leaves nothing to remember.
FORGET = "DELETE FROM chat_wakeup WHERE id = ANY(%s) AND kind = 'clear' AND next_attempt_at IS NULL"

NOTE = """
UPDATE chat_pushsubscription p
SET failures = CASE WHEN %(error)s = '' THEN 0 ELSE failures + 1 END, last_error = %(error)s,
    not_before = CASE WHEN %(pause)s > 0 THEN greatest(not_before, now() + make_interval(secs => %(pause)s))
                 ELSE not_before END
WHERE device_id = %(device)s AND endpoint = %(endpoint)s
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A wake-up this worker may send until `token`."""

    id: int
    conv: str
    kind: str
    seq: int
    attempts: int
    token: datetime
    device: str
    subscription: Subscription
    title: str

    @property
    def push(self) -> Push:
        """Which conversation and how far; never what was written."""
        if self.kind == "clear":
            return Push({"t": "clear", "conv": self.conv, "seen": self.seq}, topic(self.conv), TTL_S, "normal")
        told = {"t": "wake", "conv": self.conv, "title": self.title, "seq": self.seq}
        return Push(told, topic(self.conv), TTL_S, "high")


def topic(conv: str) -> str:
    """The same for all pushes of a conversation, and says nothing about it to the push service."""
    return urlsafe_b64encode(hashlib.sha256(conv.encode()).digest())[:32].decode()


def dispatch(services: Services = SERVICES, limit: int = BATCH) -> int:
    """One batch of what is due. How many were tried."""
    claimed = claim(limit)
    if claimed:
        settle(asyncio.run(_send_all(claimed, services)))
    return len(claimed)


@transaction.atomic
def claim(limit: int = BATCH) -> list[Claimed]:
    with connection.cursor() as cursor:
        cursor.execute(STALE)
        cursor.execute(CLAIM, [limit, LEASE_S])
        return [_claimed(row) for row in cursor.fetchall()]


def _claimed(row: tuple[Any, ...]) -> Claimed:
    number, conv, kind, seq, attempts, token, device, *subscription, title = row
    return Claimed(number, conv, kind, seq, attempts, token, device, Subscription(*subscription), title)


async def _send_all(claimed: list[Claimed], services: Services) -> list[tuple[Claimed, Outcome]]:
    pushers: dict[str, Pusher] = {each.subscription.service: services[each.subscription.service]() for each in claimed}
    turn = asyncio.Semaphore(AT_ONCE)
    deadline = asyncio.get_running_loop().time() + BATCH_S
    try:
        outcomes = await asyncio.gather(*(_send(each, pushers, turn, deadline) for each in claimed))
    finally:
        for pusher in pushers.values():
            await pusher.close()
    return list(zip(claimed, outcomes, strict=True))


async def _send(each: Claimed, pushers: Mapping[str, Pusher], turn: asyncio.Semaphore, deadline: float) -> Outcome:
    try:
        async with asyncio.timeout_at(deadline), turn:
            return await pushers[each.subscription.service].send(each.subscription, each.push)
    except TimeoutError:
        return Failed("timeout")


@transaction.atomic
def settle(outcomes: list[tuple[Claimed, Outcome]]) -> None:
    """Subscriptions before wake-ups, as everyone locks them."""
    rows = []
    for each, outcome in sorted(outcomes, key=lambda pair: (pair[0].device, pair[0].conv)):
        _note(each, outcome)
        if not isinstance(outcome, Gone):
            done = isinstance(outcome, Sent)
            rows.append((each.id, each.token, each.kind, each.seq, done, None if done else _pause_ms(each, outcome)))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(column) for column in zip(*rows, strict=True)])
        cursor.execute(FORGET, [[row[0] for row in cursor.fetchall()]])


def _pause_ms(each: Claimed, outcome: Outcome) -> int | None:
    """None: given up, until there is something new to tell."""
    match outcome:
        case RetryAfter(seconds) if each.attempts < DEFAULT_BACKOFF.attempts:
            return round(seconds * 1000)
        case Failed(retry=True):
            return DEFAULT_BACKOFF.delay_ms(each.attempts)
        case _:
            return None


def _note(each: Claimed, outcome: Outcome) -> None:
    """On the subscription, unless the device has registered another one meanwhile."""
    endpoint = each.subscription.endpoint
    match outcome:
        case Gone():
            PushSubscription.objects.filter(device_id=each.device, endpoint=endpoint).remove()
            return
        case RetryAfter(seconds):
            error, pause = "busy", seconds
        case Failed(reason):
            error, pause = reason, 0.0
        case Sent():
            error, pause = "", 0.0
    with connection.cursor() as cursor:
        told: dict[str, str | float] = {
            "error": error[:32],
            "pause": pause,
            "device": each.device,
            "endpoint": endpoint,
        }
        cursor.execute(NOTE, told)
