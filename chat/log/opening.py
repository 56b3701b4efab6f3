"""The first message of a 1:1 conversation: whether it may be sent at all, and whether the same text goes to many.

Facts of an exchange of their own, which only a batch with such a message pays for. What was begun is noted in the
batch's own transaction, in PostgreSQL: the rule holds the same whether Redis is there or not.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings
from psycopg import AsyncConnection

from chat.log.arrays import binaries, words
from chat.log.between import ACQUAINTED, REACHES
from chat.policy.decide import Accepted, Facts, Outcome, Proposal, Refused
from chat.policy.spam import SpamLimit, episode, essence
from chat.protocol.errors import ErrorCode

# Of the other one of each conversation.
PAIRS = f"""
SELECT k.conv::text, k.sender::text, {REACHES.format(user="k.sender")},
       NOT {ACQUAINTED.format(one="p.id", other="k.sender")}
FROM unnest(%s::uuid[], %s::uuid[]) AS k(conv, sender)
JOIN chat_membership s ON s.conversation_id = k.conv AND s.user_id <> k.sender AND s.left_seq IS NULL
JOIN chat_user p ON p.id = s.user_id
"""
BEGUN = """
SELECT k.sender::text, k.text, (SELECT count(*) FROM chat_opening o
    WHERE o.sender_id = k.sender AND o.text = k.text AND o.at > now() - %s::bigint * interval '1 millisecond')
FROM unnest(%s::uuid[], %s::bytea[]) AS k(sender, text)
"""
# Nobody else needs what is older; what another batch is just removing is left to it.
NOTE = """
WITH old AS (
    DELETE FROM chat_opening WHERE id IN (
        SELECT id FROM chat_opening
        WHERE sender_id = ANY(%s::uuid[]) AND at < now() - %s::bigint * interval '1 millisecond'
        ORDER BY id FOR UPDATE SKIP LOCKED)
)
INSERT INTO chat_opening (sender_id, text, at)
SELECT sender, text, clock_timestamp() FROM unnest(%s::uuid[], %s::bytea[]) AS o(sender, text)
"""
# Once an episode, whichever process meets it first.
REPORT = """
INSERT INTO chat_report
    (id, client_id, reporter_id, subject_id, conversation_id, reason, note, context, created_at, state)
SELECT %s::uuid, 'spam', NULL, %s::uuid, %s::uuid, 'spam', '',
       jsonb_build_array(jsonb_build_object('seq', NULL, 'sender_id', u.id, 'sender',
           coalesce(nullif(u.name, ''), u.username), 'body', %s::text, 'at', %s::bigint, 'attachments', %s::int)),
       clock_timestamp(), 'open'
FROM chat_user u WHERE u.id = %s::uuid
ON CONFLICT (id) DO NOTHING
"""


def limit() -> SpamLimit:
    return SpamLimit(settings.SPAM_CONVERSATIONS, settings.SPAM_WINDOW_MINUTES * 60_000)


async def facts_of(connection: AsyncConnection[Any], sends: Sequence[Proposal], facts: Facts) -> Facts:
    """`sends`: those into conversations in which nothing was written yet."""
    pairs = sorted({(send.conv, send.sender) for send in sends})
    texts = sorted({(send.sender, text) for send in sends if (text := essence(send.body))})
    spam = limit()
    async with connection.pipeline():
        reaching = await connection.execute(PAIRS, [words(each) for each in zip(*pairs, strict=True)])
        counting = await connection.execute(
            BEGUN, [spam.window_ms, words(sender for sender, _ in texts), binaries(text for _, text in texts)]
        )
    known = await reaching.fetchall()
    return replace(
        facts,
        unreachable={(conv, sender) for conv, sender, reaches, _ in known if not reaches},
        strangers={(conv, sender) for conv, sender, _, is_stranger in known if is_stranger},
        begun={(sender, bytes(text)): count for sender, text, count in await counting.fetchall()},
        spam=spam,
    )


async def note(
    connection: AsyncConnection[Any], batch: Sequence[Proposal], outcomes: Sequence[Outcome], facts: Facts
) -> None:
    """What the batch has begun, and what it was refused as spam. Nothing, if nothing was to begin."""
    if not facts.strangers:
        return
    begun = []
    spam: dict[str, Proposal] = {}
    for send, outcome in zip(batch, outcomes, strict=True):
        text = essence(send.body) if (send.conv, send.sender) in facts.strangers else None
        if text is None:
            continue
        if isinstance(outcome, Accepted) and not outcome.duplicate and outcome.entry.seq == 1:
            begun.append((send.sender, text))
        elif outcome == Refused(ErrorCode.SPAM):
            spam.setdefault(episode(send.sender, text, time.time_ns() // 1_000_000, facts.spam), send)
    # In one order, so that two batches do not wait for each other.
    for number in sorted(spam):
        await _report(connection, number, spam[number])
    if begun:
        senders = words(sorted({sender for sender, _ in begun}))
        noted = [words(sender for sender, _ in begun), binaries(text for _, text in begun)]
        await connection.execute(NOTE, [senders, facts.spam.window_ms, *noted])


async def _report(connection: AsyncConnection[Any], number: str, send: Proposal) -> None:
    said = [send.body, time.time_ns() // 1_000_000, len(send.attachments)]
    await connection.execute(REPORT, [number, send.sender, send.conv, *said, send.sender])
