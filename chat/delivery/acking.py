"""Acknowledgements of a device that has no socket: held against what the database and the receipts buffer know of it.

A socket remembers what it was told; a request does not. So the device's cursor is read each time, the acknowledgements
of one batch are folded into it in order, and what rose goes the way of all acknowledgements. A single one above a hole
is forgotten: the answer says where the cursor stands, and who sees that it did not rise repeats itself. It
is given when what was taken is in Redis: a device without a socket has no heartbeat to restate it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from chat.delivery.runtime import Runtime
from chat.log.access import START_IN, Actor
from chat.log.refusal import Refusal
from chat.policy.window import ContiguousCursor
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Acknowledgment
from receipts.buffer import CHANGED, DELIVERED, SEEN

# The buffer is asked so long; without Redis everything else goes on.
BUFFER_S = 0.5

STANDS = f"""
SELECT c.id::text, c.last_seq, c.last_rev,
       coalesce(i.received_seq, {START_IN.format(conv="c.id", user="s.user_id")}), coalesce(i.received_rev, 0),
       w.seen_seq
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
JOIN receipts_watermark w ON w.conversation_id = c.id AND w.user_id = s.user_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND c.id = ANY(%s::uuid[])
"""


@dataclass(slots=True)
class _Standing:
    """Of one device in one conversation; `seen` is its person's, `wants` what it says to have seen, `before` what was
    known of the three."""

    head: int
    last_rev: int
    cursor: ContiguousCursor
    rev: int
    seen: int
    before: tuple[int, int, int]
    wants: int = 0

    def take(self, ack: Acknowledgment) -> ErrorCode | None:
        if ack.seq > (self.last_rev if ack.type == "CHANGED" else self.head):
            return ErrorCode.INVALID_ACK
        if ack.type == "CHANGED":
            self.rev = max(self.rev, ack.seq)
        elif ack.type == "SEEN":
            self.wants = max(self.wants, ack.seq)
        elif ack.cumulative:
            self.cursor.upto(ack.seq)
        else:
            self.cursor.one(ack.seq)
        return None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """`positions`: where the device stands now in each conversation that was named. `refused`: what was not taken."""

    positions: list[dict[str, Any]]
    refused: list[dict[str, Any]]


async def acknowledge(runtime: Runtime, actor: Actor, acks: Sequence[Acknowledgment]) -> Acknowledged:
    """Raises psycopg.Error: then nothing was taken; and Refusal (UNAVAILABLE): then nobody knows, it is to be said
    again."""
    convs = sorted({ack.conv for ack in acks})
    standings = await _standings(runtime, actor, convs)
    refused = []
    for ack in acks:
        known = standings.get(ack.conv)
        code = ErrorCode.NOT_FOUND if known is None else known.take(ack)
        if code is not None:
            refused.append({"type": ack.type, "conv": ack.conv, "seq": ack.seq, "code": code.value, "text": code.text})
    for conv, standing in standings.items():
        # Nobody has seen what they have not stored; what is ahead of it counts when it is said again.
        standing.seen = max(standing.seen, min(standing.wants, standing.cursor.position))
        _note(runtime, actor, conv, standing)
    if not await runtime.receipts.flush():
        raise Refusal(ErrorCode.UNAVAILABLE)
    positions = [
        {"conv": conv, "received": each.cursor.position, "rev": each.rev, "seen": each.seen}
        for conv, each in standings.items()
    ]
    return Acknowledged(positions, refused)


async def _standings(runtime: Runtime, actor: Actor, convs: list[str]) -> dict[str, _Standing]:
    """The buffer is read first: what leaves it meanwhile is in the database by then."""
    wanted = [(conv, actor.device, kind) for conv in convs for kind in (DELIVERED, CHANGED, SEEN)]
    try:
        async with asyncio.timeout(BUFFER_S):
            noted = await runtime.receipts.noted(wanted)
    except (RedisError, TimeoutError):
        # Acknowledgements are held here meanwhile; only a single one may count less than it could.
        noted = {}
    found = {}
    for conv, head, last_rev, *stored in await runtime.database.rows(STANDS, [actor.device, actor.user, convs]):
        buffered = [noted.get((conv, actor.device, kind), 0) for kind in (DELIVERED, CHANGED, SEEN)]
        received, rev, seen = (max(pair) for pair in zip(stored, buffered, strict=True))
        before = (min(head, received), min(last_rev, rev), min(head, seen))
        found[conv] = _Standing(head, last_rev, ContiguousCursor(before[0]), *before[1:], before)
    return found


def _note(runtime: Runtime, actor: Actor, conv: str, standing: _Standing) -> None:
    """A socket of the same device here has nothing more to wait for either."""
    received, rev, seen = standing.cursor.position, standing.rev, standing.seen
    for kind, seq, before in zip((DELIVERED, CHANGED, SEEN), (received, rev, seen), standing.before, strict=True):
        if seq > before:
            runtime.receipts.note(conv, actor.device, kind, seq)
    for session in list(runtime.hub.people.get(actor.user, ())):
        if session.device == actor.device and conv in session.cursors:
            runtime.hub.raise_head(conv, standing.head)
            runtime.hub.store(session, conv, received, cumulative=True)
            session.store_changes(conv, rev)
            runtime.hub.resume(session)
