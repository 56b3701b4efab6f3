"""Sync: what a device lacks, page by page, at its own asking. The same use case for the WebSocket and for REST.

An answer holds at most `limit` conversations, entries and changes together, newest conversations first, and the point
to ask the next one with. Nothing is taken for received because it was answered: devices acknowledge as always.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.inbox import sync
from chat.inbox.horizons import Reset, pass_horizons
from chat.log import delta, history
from chat.log.access import SPANS, spans_of, stays_of
from chat.log.pool import Database
from chat.policy.privacy import TELLS_SEEN
from chat.policy.visibility import Readable, readable
from chat.protocol import point as points
from chat.protocol.frames import Sync
from chat.protocol.point import Point, Stand

HEADS = f"""
SELECT c.id::text, c.last_seq, c.last_rev, c.members_rev, c.floor_seq, {SPANS.format(user="s.user_id")},
       coalesce(i.received_seq, 0), coalesce(i.received_rev, 0), coalesce(i.horizon_seq, 0),
       (SELECT coalesce(sum(w.delivered_seq + CASE WHEN {TELLS_SEEN.format(reader="reader", viewer="viewer")}
                                                   THEN w.seen_seq ELSE 0 END), 0)::bigint
          FROM receipts_watermark w JOIN chat_user reader ON reader.id = w.user_id WHERE w.conversation_id = c.id),
       (SELECT coalesce(sum(l.upto_seq - l.from_seq + 1), 0)::bigint FROM receipts_lapse l
         WHERE l.conversation_id = c.id)
FROM chat_membership s
JOIN chat_user viewer ON viewer.id = s.user_id
JOIN chat_conversation c ON c.id = s.conversation_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
LEFT JOIN chat_message m ON m.conversation_id = c.id AND m.seq = c.last_seq AND m.seq >= s.visible_from_seq
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL
ORDER BY coalesce(m.id, c.id) DESC
"""


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation as it is now. `first`: where this person's first stay begins; `start`: where a device begins that
    states nothing."""

    conv: str
    now: Stand
    first: int
    start: Stand
    horizon: int
    readable: Readable

    @property
    def is_taken(self) -> bool:
        """The device has acknowledged all there is."""
        return self.start.seq >= self.now.seq and self.start.rev >= self.now.rev


@dataclass(slots=True)
class Answer:
    """`left`: how much more fits. `is_full`: a conversation that is not stated may have been left out."""

    left: int
    is_full: bool = False
    resets: list[dict[str, Any]] = field(default_factory=list)
    convs: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    has_more: bool = False


async def pull(database: Database, user: str, device: str, request: Sync, threads: asyncio.Semaphore) -> dict[str, Any]:
    """SYNC of docs/protocol.md. Raises FrameError (BAD_POINT), psycopg.Error, django.db.Error."""
    epoch = await sync.epoch(database)
    known = _known(request, epoch)
    heads = [_head(row) for row in await database.rows(HEADS, [device, user])]
    present = [head for head in heads if head is not None]
    # A point that is full has left conversations out: what was acknowledged of them was told.
    answer = Answer(request.limit, is_full=len(known) >= points.MAX_PLACES)
    places: dict[str, Stand] = {}
    for head in present:
        stated = known.get(head.conv)
        stand = await _add(database, user, device, answer, head, stated, threads)
        if stand is not None:
            places[head.conv] = stand
    summaries = await sync.summaries(database, user, device, answer.convs)
    return {
        "t": "sync",
        "epoch": epoch,
        "conversations": [summary.frame() for summary in summaries],
        "gone": [conv for conv in known if conv not in {head.conv for head in present}],
        "resets": answer.resets,
        "messages": answer.messages,
        "changes": answer.changes,
        "has_more": answer.has_more,
        # Those it is in the midst of come first: they must not be left out.
        "point": points.encode(Point(epoch, {c: places[c] for c in [*answer.convs, *places] if c in places})),
    }


def _known(request: Sync, epoch: str) -> Mapping[str, Stand]:
    """Where the device says it stands; nothing, if that was in another life of the database."""
    if request.point is not None:
        point = points.decode(request.point)
        return point.places if point.epoch == epoch else {}
    if request.epoch not in (None, epoch):
        return {}
    return {place.conv: Stand(place.received, place.rev or 0) for place in request.positions}


def _head(row: tuple[Any, ...]) -> Head | None:
    conv, head, rev, members_rev, floor, stays, lapsed, received, received_rev, horizon, marks, gone = row
    own = stays_of(stays)
    may = readable(own, spans_of(lapsed), floor)
    if may is None:
        return None
    first = min(stay.first for stay in own)
    start = Stand(max(first - 1, received), received_rev)
    return Head(conv, Stand(head, rev, members_rev, marks, gone), first, start, max(horizon, floor), may)


async def _add(
    database: Database,
    user: str,
    device: str,
    answer: Answer,
    head: Head,
    stated: Stand | None,
    threads: asyncio.Semaphore,
) -> Stand | None:
    """As much of one conversation as fits. Where the device stands then; None: it still knows nothing of it."""
    if stated == head.now or (stated is None and answer.is_full and head.is_taken):
        return stated
    if answer.left <= 0:
        answer.has_more = True
        return stated
    if stated is None or not stated.is_told_of(head.now):
        # Once: were it counted again with each page, a page of one would never hold an entry.
        answer.left -= 1
    answer.convs.append(head.conv)
    begin = stated or head.start
    seq, rev = min(max(begin.seq, head.first - 1), head.now.seq), min(begin.rev, head.now.rev)
    claimed = stated.seq if stated else 0
    if seq < head.horizon:
        await _reset(device, answer, Reset(head.conv, claimed, head.horizon), threads)
        seq = head.horizon
    before, (seq, expired) = seq, await _add_entries(database, user, answer, head, seq)
    if expired > before:
        # Since this person's conversations were read. Told before what is above it: the cursor passes it by that alone.
        await _reset(device, answer, Reset(head.conv, claimed, expired), threads)
    rev = await _add_changes(database, user, answer, head, rev)
    if seq < head.now.seq or rev < head.now.rev:
        answer.has_more = True
    return Stand(seq, rev, head.now.members_rev, head.now.marks, head.now.lapsed)


async def _reset(device: str, answer: Answer, reset: Reset, threads: asyncio.Semaphore) -> None:
    async with threads:
        await asyncio.to_thread(pass_horizons, device, [reset])
    answer.resets.append({"conv": reset.conv, "horizon": reset.horizon, "why": "expired"})


async def _add_entries(database: Database, user: str, answer: Answer, head: Head, seq: int) -> tuple[int, int]:
    """How far it has come, and up to where something of that has expired."""
    if seq >= head.now.seq or answer.left <= 0:
        return seq, 0
    first = seq + 1
    last = min(head.readable.next(first) + answer.left - 1, head.now.seq)
    page = await history.page(database, head.conv, user, first, last)
    if page is None:
        return seq, 0
    answer.left -= len(page.entries)
    answer.messages.append({"conv": head.conv, "entries": page.entries, "absent": page.absent})
    return last, max((gap["to"] for gap in page.absent if gap["why"] == "expired"), default=0)


async def _add_changes(database: Database, user: str, answer: Answer, head: Head, rev: int) -> int:
    if rev >= head.now.rev or answer.left <= 0:
        return rev
    found = await delta.since(database, head.conv, rev, [user], answer.left)
    if found.members_rev != head.now.members_rev:
        # Who may read what has changed since it was looked up.
        return rev
    told = [change.told for change in found.changes if head.readable.allows(change.seq)]
    answer.left -= len(found.changes)
    answer.changes.append({"conv": head.conv, "upto": found.upto, "changes": told})
    return found.upto
