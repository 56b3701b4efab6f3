"""Finding messages by their words, for one person: of the conversations they are in, the entries they may read.

Work is bounded by what is looked at, never by what there is: by the windows of chat/policy/search.py, and by a time
limit a statement. Who may read what is said by access.py and visibility.py; nothing here adds to it but what the person
has deleted for themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, OperationalError, errors

from chat.log import access
from chat.log.access import Access
from chat.log.arrays import numbers, words
from chat.log.history import ENTRY, READINGS, to_entry
from chat.log.pool import Database, Row
from chat.log.refusal import Refusal
from chat.policy.search import (
    Cursor,
    Dated,
    Window,
    Words,
    in_text,
    pieces,
    windows,
    words_of,
)
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Entry

STATEMENT_MS = 900
# Whatever PostgreSQL believes of the tables: one that is read as a whole, or a plan made for any parameters, would be a
# hundred times slower, and compiling one takes longer than running it.
SETTINGS = """
SELECT set_config('statement_timeout', %s, true), set_config('plan_cache_mode', 'force_custom_plan', true),
       set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)
"""

PIECES = "unnest(%(convs)s::uuid[], %(firsts)s::bigint[], %(lasts)s::bigint[])"

# When each piece ends; one that was purged meanwhile has no end. And when it begins, where a page goes on: the first
# page of all asks for every piece, of which none is too new.
ENDS = f"""
SELECT p.n, (SELECT m.id FROM chat_message m WHERE m.conversation_id = p.conv AND m.seq = p.last),
       CASE WHEN %(before)s::uuid IS NOT NULL
       THEN (SELECT m.id FROM chat_message m WHERE m.conversation_id = p.conv AND m.seq = p.first) END
FROM {PIECES} WITH ORDINALITY AS p(conv, first, last, n)
"""

PART = "AND strpos(lower(m.body), lower(%(part{n})s)) > 0"

# By the words that begin so, in the blocks of the pieces. A block may hold more than its piece, and another block may
# have its hash. The conditions are those of the index chat_message_search, as they are written there.
BY_INDEX = f"""
SELECT m.id, m.conversation_id, m.seq FROM chat_message m
WHERE to_tsvector('simple', m.body) @@ to_tsquery('simple', %(tsquery)s)
  AND ARRAY[uuid_hash_extended(m.conversation_id, m.seq >> 10)] && (
      SELECT array_agg(uuid_hash_extended(p.conv, p.first >> 10)) FROM {PIECES} AS p(conv, first, last))
  AND m.body <> ''
"""

BY_TEXT = f"""
SELECT m.id, m.conversation_id, m.seq FROM {PIECES} AS p(conv, first, last)
JOIN chat_message m ON m.conversation_id = p.conv AND m.seq BETWEEN p.first AND p.last
WHERE m.body <> ''
"""

# The index is asked apart, so that no order of ids is followed instead.
HITS = f"""
WITH hit AS MATERIALIZED ({{found}}), shown AS (
    SELECT h.id FROM hit h
    JOIN {PIECES} AS p(conv, first, last) ON h.conversation_id = p.conv AND h.seq BETWEEN p.first AND p.last
    WHERE (%(before)s::uuid IS NULL OR h.id < %(before)s::uuid) AND NOT EXISTS (
        SELECT FROM chat_hidden d
        WHERE d.conversation_id = h.conversation_id AND d.user_id = %(user)s::uuid AND d.seq = h.seq)
    ORDER BY h.id DESC LIMIT %(limit)s
)
SELECT {ENTRY}, m.conversation_id::text FROM shown JOIN chat_message m ON m.id = shown.id ORDER BY m.id DESC
"""

REVS = "SELECT id::text, members_rev FROM chat_conversation WHERE id = ANY(%s::uuid[])"

Connection = AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class Hit:
    conv: str
    entry: Entry

    @property
    def order(self) -> int:
        return UUID(self.entry["id"]).int

    def told(self) -> dict[str, Any]:
        return {"conv": self.conv, "entry": self.entry}


@dataclass(frozen=True, slots=True)
class Found:
    """Newest first. `next`: where to go on, perhaps through entries of which none is found; None: that was all.
    `in_text`: the words were looked for anywhere in the text."""

    hits: list[Hit]
    next: Cursor | None
    in_text: bool = False


async def search(
    database: Database, user: str, query: str, conv: str | None, cursor: Cursor | None, limit: int
) -> Found:
    """Of one conversation, or of all. When the index finds nothing, the newest entries are looked through for what is
    asked for, inside of words too. Raises Refusal (NOT_FOUND, SEARCH_TOO_BROAD), psycopg.Error."""
    if cursor is not None and cursor.in_text:
        return await _settled(database, user, in_text(query), conv, cursor, limit)
    asked = words_of(query)
    found = await _settled(database, user, asked, conv, cursor, limit)
    if not asked.indexed or found.hits or (cursor is not None and not cursor.in_vain):
        return found
    if found.next is not None:
        return Found([], Cursor(found.next.before, in_vain=True))
    return await _settled(database, user, in_text(query), conv, None, limit)


async def _settled(
    database: Database, user: str, asked: Words, conv: str | None, cursor: Cursor | None, limit: int
) -> Found:
    """Read once more if the members of a conversation changed meanwhile: what was edited after someone left is not for
    them."""
    for _ in range(READINGS):
        try:
            async with database.transaction() as connection:
                await connection.execute(SETTINGS, [str(STATEMENT_MS)])
                may = await access.mine(connection, user, conv)
                if conv is not None and not may:
                    raise Refusal(ErrorCode.NOT_FOUND)
                found = await _Search(connection, user, asked, cursor, limit).run(may)
                convs = list({hit.conv for hit in found.hits})
                revs: list[Row] = await (await connection.execute(REVS, [convs])).fetchall()
        except errors.QueryCanceled:
            raise Refusal(ErrorCode.SEARCH_TOO_BROAD) from None
        if all(rev == may[each].members_rev for each, rev in revs):
            return found
    raise OperationalError("members keep changing")


class _Search:
    """One, by one connection."""

    def __init__(self, connection: Connection, user: str, asked: Words, cursor: Cursor | None, limit: int) -> None:
        self._connection = connection
        self._asked = asked
        self._before = cursor.before if cursor else None
        self._limit = limit
        parts = {f"part{n}": part for n, part in enumerate(asked.parts)}
        before = None if self._before is None else str(UUID(int=self._before))
        # One more tells that there is another page.
        self._fixed: dict[str, Any] = {"user": user, "before": before, "limit": limit + 1} | parts
        if asked.indexed:
            self._fixed["tsquery"] = asked.tsquery
        conditions = " ".join(PART.format(n=n) for n in range(len(asked.parts)))
        self._query = HITS.format(found=(BY_INDEX if asked.indexed else BY_TEXT) + conditions)

    async def run(self, may: dict[str, Access]) -> Found:
        hits: list[Hit] = []
        window = Window((), None)
        for window in windows(await self._dated(may), self._before, self._asked.depth.windows):
            hits = sorted(hits + await self._hits(window), key=lambda hit: hit.order, reverse=True)
            if sum(window.settles(hit.order) for hit in hits) > self._limit:
                break
        settled = [hit for hit in hits if window.settles(hit.order)]
        shown, end = settled[: self._limit], window.rest
        if len(settled) > self._limit:
            end = shown[-1].order
        in_text = not self._asked.indexed
        return Found(shown, None if end is None else Cursor(end, in_text), in_text)

    async def _dated(self, may: dict[str, Access]) -> list[Dated]:
        bits = self._asked.depth.bits
        found = [piece for conv, each in may.items() for piece in pieces(conv, each.readable, each.head, bits)]
        rows = await (await self._connection.execute(ENDS, self._fixed | _of(found))).fetchall()
        return [
            Dated(found[n - 1], 0 if oldest is None else oldest.int, newest.int)
            for n, newest, oldest in rows
            if newest is not None
        ]

    async def _hits(self, window: Window) -> list[Hit]:
        rows = await (await self._connection.execute(self._query, self._fixed | _of(window.pieces))).fetchall()
        return [Hit(row[-1], to_entry(row)) for row in rows]


def _of(found: Sequence[Any]) -> dict[str, Any]:
    """Parameters of PIECES."""
    return {
        "convs": words([piece.conv for piece in found]),
        "firsts": numbers([piece.first for piece in found]),
        "lasts": numbers([piece.last for piece in found]),
    }
