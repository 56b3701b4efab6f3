"""Sync: what a device lacks, page by page, at its own asking. The same use case for the WebSocket and for REST.

An answer holds at most `limit` conversations, entries and changes together, newest conversations first, and not many
bytes of them (MAX_PART_BYTES), and the point to ask the next one with. Nothing is taken for received because it was
answered: devices acknowledge as always.

Conversations with entries, changes or other members come before those in which only ticks have changed: to find these
all watermarks of all members are summed, when there is nothing else left to tell.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chat.inbox import heads, sync
from chat.inbox.heads import Head
from chat.inbox.horizons import Reset, pass_horizons
from chat.log import delta, history
from chat.log.attached import withhold
from chat.log.pool import Database
from chat.protocol import point as points
from chat.protocol.codec_json import fitting
from chat.protocol.frames import MAX_PART_BYTES, MAX_RANGE, MAX_SEQ, Sync
from chat.protocol.point import Point, Stand


@dataclass(frozen=True, slots=True)
class Asker:
    """A device, of whom, and what it takes to answer it. `media` false: it wants placeholders only."""

    database: Database
    user: str
    device: str
    threads: asyncio.Semaphore
    media: bool


@dataclass(slots=True)
class Answer:
    """`left`: how many more things fit; none, when their texts are too large. `known`: where the device says it stands.
    `places`: where it stands then, in those it was told something of."""

    asker: Asker
    left: int
    known: Mapping[str, Stand]
    room: int = MAX_PART_BYTES
    places: dict[str, Stand] = field(default_factory=dict)
    resets: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    has_more: bool = False

    def is_owed(self, head: Head) -> bool:
        """There are entries, changes or other members."""
        stated = self.known.get(head.conv)
        if stated is None:
            # A point that is full has left conversations out: what was acknowledged of them was told.
            return not (head.is_taken and len(self.known) >= points.MAX_PLACES)
        return not head.is_at(stated)

    async def add_all(self, some: Sequence[Head]) -> None:
        for head in await heads.marked(self.asker.database, self.asker.user, some) if some else ():
            if self.known.get(head.conv) == head.now:
                continue
            if self.left <= 0:
                self.has_more = True
                return
            await self._add(head)

    async def _add(self, head: Head) -> None:
        """As much of one conversation as fits. It counts for one thing at least, also when there is nothing to see."""
        stated, before_it = self.known.get(head.conv), self.left
        if stated is None or not stated.is_told_of(head.now):
            # Once: were it counted again with each page, a page of one would never hold an entry.
            self.left -= 1
        begin = stated or head.start
        seq, rev = min(max(begin.seq, head.first - 1), head.now.seq), min(begin.rev, head.now.rev)
        claimed = stated.seq if stated else 0
        # A device that states nothing may not have heard of the one that has brought its cursor there.
        if seq < head.horizon or (stated is None and 0 < head.horizon == seq):
            await self._reset(Reset(head.conv, claimed, head.horizon))
            seq = head.horizon
        before, (seq, expired) = seq, await self._add_entries(head, seq)
        if expired > before:
            # Since this person's conversations were read. Told before what is above it: the cursor passes it by that
            # alone.
            await self._reset(Reset(head.conv, claimed, expired))
        rev = await self._add_changes(head, rev)
        if seq < head.now.seq or rev < head.now.rev:
            self.has_more = True
        if self.left == before_it:
            self.left -= 1
        self.places[head.conv] = replace(head.now, seq=seq, rev=rev)

    async def _reset(self, reset: Reset) -> None:
        async with self.asker.threads:
            await asyncio.to_thread(pass_horizons, self.asker.device, [reset])
        self.resets.append({"conv": reset.conv, "horizon": reset.horizon, "why": "expired"})

    async def _add_entries(self, head: Head, seq: int) -> tuple[int, int]:
        """How far it has come, and up to where something of that has expired."""
        if seq >= head.now.seq or self.left <= 0:
            return seq, 0
        first = seq + 1
        last = min(head.readable.next(first) + self.left - 1, head.now.seq)
        page = await history.page(self.asker.database, head.conv, self.asker.user, first, last)
        if page is None:
            return seq, 0
        count, size = fitting(page.entries, self.room)
        if count < len(page.entries):
            last = page.entries[count]["seq"] - 1
            page = page.upto(last)
        self._spend(count, size)
        withhold(page.entries, head.media_horizon if self.asker.media else MAX_SEQ)
        self.messages.append({"conv": head.conv, "entries": page.entries, "absent": page.absent})
        return last, max((gap["to"] for gap in page.absent if gap["why"] == "expired"), default=0)

    async def _add_changes(self, head: Head, rev: int) -> int:
        if rev >= head.now.rev or self.left <= 0:
            return rev
        found = await delta.since(self.asker.database, head.conv, rev, [self.asker.user], self.left)
        if found.members_rev != head.members_rev:
            # Who may read what has changed since it was looked up.
            return rev
        told = [change.told for change in found.changes if head.readable.allows(change.seq)]
        count, size = fitting(told, self.room)
        upto = found.upto if count == len(told) else told[count]["rev"] - 1
        self._spend(len(found.changes), size)
        self.changes.append({"conv": head.conv, "upto": upto, "changes": told[:count]})
        return upto

    def _spend(self, count: int, size: int) -> None:
        """For entries or changes of `size` bytes."""
        self.left -= count
        self.room -= size
        if self.room <= 0:
            self.left = 0

    def put_off(self, conv: str) -> None:
        """Of a conversation that is too much for this answer nothing is told but a reset, which can be told twice."""
        self.has_more = True
        del self.places[conv]
        self.messages = [run for run in self.messages if run["conv"] != conv]
        self.changes = [run for run in self.changes if run["conv"] != conv]


async def pull(database: Database, user: str, device: str, request: Sync, threads: asyncio.Semaphore) -> dict[str, Any]:
    """SYNC of docs/protocol.md. Raises FrameError (BAD_POINT), psycopg.Error, django.db.Error."""
    epoch = await sync.epoch(database)
    known = _known(request, epoch)
    present = await heads.present(database, user, device)
    answer = Answer(Asker(database, user, device, threads, request.media), request.limit, known)
    await _fill(answer, present, request.limit)
    summaries = await sync.summaries(database, user, device, list(answer.places))
    if not request.media:
        withhold([summary.last for summary in summaries if summary.last], MAX_SEQ)
    told = [summary.frame() for summary in summaries]
    count, _ = fitting(told)
    for conversation in told[count:]:
        answer.put_off(conversation["id"])
    unconfirmed = [] if answer.has_more else _unconfirmed(known, present)
    ordered = [*answer.places, *(head.conv for head in present)]
    places = known | answer.places
    return {
        "t": "sync",
        "epoch": epoch,
        "conversations": told[:count],
        "gone": [conv for conv in known if conv not in {head.conv for head in present}],
        "resets": answer.resets,
        "messages": answer.messages,
        "changes": answer.changes,
        "unconfirmed": unconfirmed,
        "has_more": answer.has_more,
        # Those it is in the midst of come first: they must not be left out.
        "point": points.encode(Point(epoch, {conv: places[conv] for conv in ordered if conv in places})),
    }


def _unconfirmed(known: Mapping[str, Stand], present: Sequence[Head]) -> list[dict[str, Any]]:
    """Where the device has been told more than it has acknowledged, as far as is known here: the newest conversations
    first. Redis may have lost it; what asks by points never says again by itself what it has stored."""
    behind = [head for head in present if head.conv in known and not head.has_taken(known[head.conv])]
    return [{"conv": head.conv, "received": head.start.seq, "rev": head.start.rev} for head in behind[:MAX_RANGE]]


async def _fill(answer: Answer, present: Sequence[Head], limit: int) -> None:
    owed = [head for head in present if answer.is_owed(head)]
    for at in range(0, len(owed), limit):
        if answer.left <= 0:
            answer.has_more = True
            break
        await answer.add_all(owed[at : at + limit])
    if not answer.has_more:
        await answer.add_all([head for head in present if head.conv in answer.known and not answer.is_owed(head)])


def _known(request: Sync, epoch: str) -> dict[str, Stand]:
    """Where the device says it stands; nothing, if that was in another life of the database."""
    if request.point is not None:
        point = points.decode(request.point)
        return dict(point.places) if point.epoch == epoch else {}
    if request.epoch not in (None, epoch):
        return {}
    return {place.conv: Stand(place.received, place.rev or 0) for place in request.positions}
