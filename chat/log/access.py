"""What one person may read of one conversation: the one place that says so for every reading of the log.

Threats met here: someone who never was a member, or is none any more; a member who asks for entries from before they
came or from while they were away; entries that expired for them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from chat.log.pool import Database
from chat.policy.visibility import Readable, Span, Stay, readable

# Of a conversation and a user: their stays as pairs, in any order (sorting would cost more than all else), an open one
# ends at -1; and what lapsed for them, ascending: a row a day, told as one range where they adjoin.
STAYS_IN = """
(SELECT array_agg(ARRAY[y.visible_from_seq, coalesce(y.left_seq, -1)])
   FROM chat_membership y WHERE y.conversation_id = {conv} AND y.user_id = {user})
"""
# What of the log was sent to them: a tick waits for it.
JOINED_IN = STAYS_IN.replace("y.visible_from_seq", "coalesce(y.joined_seq, y.visible_from_seq)")
LAPSED_IN = """
(SELECT array_agg(ARRAY[lower(r), upper(r) - 1] ORDER BY r) FROM (
    SELECT unnest(range_agg(int8range(l.from_seq, l.upto_seq, '[]'))) AS r
    FROM receipts_lapse l WHERE l.conversation_id = {conv} AND l.user_id = {user}) AS adjoining)
"""
SPANS_IN = f"{STAYS_IN},{LAPSED_IN}"
# Of the conversation `c` and the open stay `s`: the newest entry, `m`, that may be theirs. A stay that waits, or begins
# with the next one, has none; nor has one that ended before it held anything.
NEWEST_IN = """
m.conversation_id = c.id AND m.seq = CASE WHEN s.visible_from_seq <= c.last_seq THEN c.last_seq ELSE (
    SELECT max(e.left_seq) FROM chat_membership e
    WHERE e.conversation_id = c.id AND e.user_id = s.user_id AND e.left_seq >= e.visible_from_seq) END
"""
# What of members_rev is told: it rises when there is something to be told.
ROSTER_REV = "c.members_rev - c.untold_revs"
# Where a device without an inbox stands: below its person's first stay, for who came back is owed what they missed.
START_IN = """
(SELECT min(y.visible_from_seq) - 1 FROM chat_membership y WHERE y.conversation_id = {conv} AND y.user_id = {user})
"""
# Over all stays `s` of a person: the seqs that are for them.
ASKED = "range_agg(int8range(coalesce(s.joined_seq, s.visible_from_seq), s.left_seq + 1))"
# Of the conversation `c`.
SPANS = SPANS_IN.replace("{conv}", "c.id")

# Of a device and its user: a revoked device does nothing any more, nor does a suspended person, nor one that was let in
# before its access changed (a changed password, another sign-in).
MAY_ACT = """
SELECT 1 FROM chat_device d JOIN chat_user u ON u.id = d.user_id
WHERE d.id = %s::uuid AND d.user_id = %s::uuid AND d.revoked_at IS NULL AND u.is_active
  AND d.access_rev = coalesce(%s::int, d.access_rev)
"""

ACCESS = f"""
SELECT c.members_rev, c.kind, c.last_seq, c.last_rev, c.floor_seq, {SPANS.format(user="%s::uuid")}
FROM chat_conversation c WHERE c.id = %s::uuid
"""

# Of all conversations of a person, or of one.
MINE = f"""
SELECT c.id::text, c.members_rev, c.kind, c.last_seq, c.last_rev, c.floor_seq, {SPANS.format(user="s.user_id")}
FROM chat_membership s JOIN chat_conversation c ON c.id = s.conversation_id
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND (%s::uuid IS NULL OR s.conversation_id = %s::uuid)
"""

# Of everyone named, for a room: kept in step with members_rev.
ROOM = f"""
SELECT c.members_rev, {ROSTER_REV}, c.floor_seq, u.id::text, {SPANS.format(user="u.id")}
FROM chat_conversation c CROSS JOIN unnest(%s::uuid[]) AS u(id) WHERE c.id = %s::uuid
"""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, from which device and which address (empty: not known): lower-case UUID texts. `access_rev`: the
    device's when it was let in; None: whoever asks has just looked."""

    user: str
    device: str
    access_rev: int | None = None
    address: str = ""

    @property
    def acting(self) -> list[str | int | None]:
        """Parameters of MAY_ACT."""
        return [self.device, self.user, self.access_rev]


@dataclass(frozen=True, slots=True)
class Access:
    """Of a member with an open stay. True as long as the conversation's members_rev is this one."""

    members_rev: int
    kind: str
    head: int
    rev: int
    floor: int
    stays: tuple[Stay, ...]
    lapsed: tuple[Span, ...]
    readable: Readable

    def allows(self, seq: int) -> bool:
        return seq <= self.head and self.readable.allows(seq)


def stays_of(pairs: Iterable[Sequence[int]] | None) -> tuple[Stay, ...]:
    """Of the first column of SPANS."""
    return tuple(Stay(first, None if last < 0 else last) for first, last in pairs or ())


def spans_of(pairs: Iterable[Sequence[int]] | None) -> tuple[Span, ...]:
    """Of its second."""
    return tuple((first, last) for first, last in pairs or ())


def parameters(conv: str, user: str) -> list[str]:
    """Of ACCESS."""
    return [user, user, conv]


def to_access(row: Sequence[Any] | None) -> Access | None:
    """Of a row of ACCESS: None for no conversation as for no member."""
    if row is None:
        return None
    members_rev, kind, head, rev, floor, stays, lapsed = row
    own, gone = stays_of(stays), spans_of(lapsed)
    may = readable(own, gone, floor)
    return Access(members_rev, kind, head, rev, floor, own, gone, may) if may else None


async def mine(connection: AsyncConnection[Any], user: str, conv: str | None = None) -> dict[str, Access]:
    """Of the conversations that `user` is in, or of `conv` alone, if they are in it."""
    rows = await (await connection.execute(MINE, [user, conv, conv])).fetchall()
    found = ((row[0], to_access(row[1:])) for row in rows)
    return {each: may for each, may in found if may is not None}


async def room(database: Database, conv: str, users: Iterable[str]) -> tuple[int, int, dict[str, Readable]]:
    """members_rev, what of it is told, and what each of `users` may read; who may read nothing is left out."""
    rows = await database.rows(ROOM, [list(users), conv])
    found: dict[str, Readable] = {}
    for _, _, floor, user, stays, lapsed in rows:
        if may := readable(stays_of(stays), spans_of(lapsed), floor):
            found[user] = may
    return (*rows[0][:2], found) if rows else (0, 0, found)
