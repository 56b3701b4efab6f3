"""Where a person's conversations stand: what `sync` compares with where a device says it is.

How far everyone in them has got is a sum over all members, and asked for apart: only of those it is needed for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chat.log.access import NEWEST_IN, ROSTER_REV, SPANS, spans_of, stays_of
from chat.log.pool import Database
from chat.policy.privacy import TELLS_SEEN
from chat.policy.visibility import Readable, readable
from chat.protocol.point import Stand

HEADS = f"""
SELECT c.id::text, c.last_seq, c.last_rev, c.members_rev, {ROSTER_REV}, c.floor_seq, {SPANS.format(user="s.user_id")},
       coalesce(i.received_seq, 0), coalesce(i.received_rev, 0), coalesce(i.horizon_seq, 0),
       coalesce(i.media_horizon_seq, 0)
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
LEFT JOIN chat_message m ON {NEWEST_IN}
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL
ORDER BY coalesce(m.id, c.id) DESC
"""

# Watermarks only rise, so the sum of what a person is told of them says whether any did, or more or less is told;
# lapses come and go, so each range counts by its hash.
MARKS = f"""
SELECT c.id::text,
       (SELECT coalesce(sum(w.delivered_seq + CASE WHEN {TELLS_SEEN.format(reader="reader", viewer="viewer")}
                                                   THEN w.seen_seq ELSE 0 END), 0)::bigint
          FROM receipts_watermark w JOIN chat_user reader ON reader.id = w.user_id WHERE w.conversation_id = c.id),
       (SELECT coalesce(sum(hashtextextended(concat_ws(' ', l.user_id, l.from_seq, l.upto_seq), 0) & x'ffffffff'::int8),
                        0)::bigint FROM receipts_lapse l WHERE l.conversation_id = c.id)
FROM unnest(%s::uuid[]) AS c(id) JOIN chat_user viewer ON viewer.id = %s::uuid
"""


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation as it is now; `now` without how far people have got, unless it was asked for (`marked`), and with
    what is told of `members_rev`. `first`: where this person's first stay begins; `start`: where a device begins that
    states nothing."""

    conv: str
    now: Stand
    first: int
    members_rev: int
    start: Stand
    horizon: int
    media_horizon: int
    readable: Readable

    @property
    def is_taken(self) -> bool:
        """The device has acknowledged all there is."""
        return self.has_taken(self.now)

    def has_taken(self, told: Stand) -> bool:
        """The device has acknowledged all that is up to there."""
        return self.start.seq >= min(told.seq, self.now.seq) and self.start.rev >= min(told.rev, self.now.rev)

    def is_at(self, stated: Stand | None) -> bool:
        """Nothing but ticks may be new to a device that stands there."""
        return stated is not None and replace(stated, marks=0, lapsed=0) == self.now


async def present(database: Database, user: str, device: str) -> list[Head]:
    """Of all conversations the person is in, newest first."""
    heads = [_head(row) for row in await database.rows(HEADS, [device, user])]
    return [head for head in heads if head is not None]


async def marked(database: Database, user: str, heads: Sequence[Head]) -> list[Head]:
    """The same, with how far people have got, as this person is told."""
    rows = await database.rows(MARKS, [[head.conv for head in heads], user])
    marks = {conv: (marks, lapsed) for conv, marks, lapsed in rows}
    found = ((head, *marks[head.conv]) for head in heads)
    return [replace(head, now=replace(head.now, marks=upto, lapsed=lapsed)) for head, upto, lapsed in found]


def _head(row: tuple[Any, ...]) -> Head | None:
    conv, head, rev, members_rev, roster_rev, floor, stays, lapsed, received, received_rev, horizon, media = row
    own = stays_of(stays)
    may = readable(own, spans_of(lapsed), floor)
    if may is None:
        return None
    first = min(stay.first for stay in own)
    start = Stand(max(first - 1, received), received_rev)
    return Head(conv, Stand(head, rev, roster_rev), first, members_rev, start, max(horizon, floor), media, may)
