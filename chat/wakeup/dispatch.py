"""Telling push services what devices are to be told: claim (claims.py), send, settle. Nothing is sent inside a
transaction.
"""

import asyncio
from collections.abc import Mapping

from django.db import connection, transaction

from chat.models import PushSubscription
from chat.policy.backoff import DEFAULT_BACKOFF
from chat.wakeup.claims import BATCH, Claimed, claim
from chat.wakeup.port import Failed, Gone, Outcome, Pusher, RetryAfter, Sent
from chat.wakeup.registry import SERVICES, Services

AT_ONCE = 16
# More than BATCH / AT_ONCE rounds of the longest send; BATCH_S ends a batch in any case, before its lease is over.
BATCH_S = 45.0

# The sweep has found more to tell while this was being told.
MOVED = "k.seq <> o.seq"

SETTLE = f"""
UPDATE chat_wakeup k SET
    sent_seq = CASE WHEN o.done THEN greatest(k.sent_seq, o.seq) ELSE k.sent_seq END,
    attempts = CASE WHEN o.done OR (o.pause_ms IS NULL AND {MOVED}) THEN 0 ELSE k.attempts END,
    next_attempt_at = CASE WHEN o.pause_ms IS NOT NULL THEN now() + make_interval(secs => o.pause_ms / 1000.0)
                           WHEN {MOVED} THEN now() END
FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::boolean[], %s::bigint[])
    AS o(id, token, seq, done, pause_ms)
WHERE k.id = o.id AND k.next_attempt_at = o.token
"""

NOTE = """
UPDATE chat_pushsubscription p
SET failures = CASE WHEN %(error)s = '' THEN 0 ELSE failures + 1 END, last_error = %(error)s,
    not_before = CASE WHEN %(pause)s > 0 THEN greatest(not_before, now() + make_interval(secs => %(pause)s))
                 ELSE not_before END
WHERE device_id = %(device)s AND endpoint = %(endpoint)s
"""


def dispatch(services: Services = SERVICES, limit: int = BATCH) -> int:
    """One batch of what is due. How many were tried."""
    claimed = claim(limit)
    if claimed:
        settle(asyncio.run(_send_all(claimed, services)))
    return len(claimed)


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
            rows.append((each.id, each.token, each.seq, done, None if done else _pause_ms(each, outcome)))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, [list(column) for column in zip(*rows, strict=True)])


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
