"""Once a second: what happened lately that no hint told us of?

One exchange over the change table, exact (chat/log/changes.py), for the whole process. With a channel layer that
drops everything all still arrives within two seconds.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any, Protocol

import psycopg
from psycopg.errors import QueryCanceled
from psycopg_pool import PoolTimeout

from chat.delivery import lapses
from chat.delivery.lapses import Range
from chat.log.access import ASKED, ROSTER_REV
from chat.log.changes import ChangeReader, ChangeRow
from chat.log.pool import Database
from chat.policy.privacy import TELLS_SEEN
from receipts.ledger import NEWEST, tick

logger = logging.getLogger(__name__)

INTERVAL_S = 1.0
# Change rows are looked at for a minute. Cut off from the database for longer, a process cannot know what it missed:
# its clients are sent away to come back and say where they are.
LOST_TRACK_S = 45.0

# Ticks after which others have their turn.
PORTION = 2_000

# Where everyone stands in some conversations and since when (now, should the receipt be gone): told to each of the
# others who wrote something below, with the newest own entry it covers, of what they have seen to whom they tell it;
# that also to themselves, for their other devices. Of everyone, or only of what is between some people and the others.
#
# Writers are looked for once a position, not once a reader, and not below NEWEST: a thousand members stand at a few
# positions, and who never wrote would be looked for through the whole history. Of everyone, who got there within an
# hour: what others were told of long ago is not told again with every rise of somebody. Of a 1:1 whose reader was not
# there all the time, only what was for them counts, as in the ledger.
TICKS = f"""
WITH asked AS MATERIALIZED (SELECT %s::uuid[] AS convs, %s::uuid[] AS users), apart AS MATERIALIZED (
    SELECT c.id AS conv, s.user_id AS reader, {ROSTER_REV} AS roster_rev, {ASKED} AS asked
    FROM asked, chat_conversation c
    CROSS JOIN LATERAL (SELECT * FROM chat_membership WHERE conversation_id = c.id OFFSET 0) s
    WHERE c.id = ANY(asked.convs) AND c.kind = 'direct' GROUP BY c.id, s.user_id HAVING count(s.left_seq) > 0
), marks AS MATERIALIZED (
    SELECT w.conversation_id AS conv, w.user_id AS reader, k.type, k.upto, r.at, a.roster_rev, a.asked
    FROM asked, receipts_watermark w
    CROSS JOIN LATERAL (VALUES ('DELIVERED', w.delivered_seq), ('SEEN', w.seen_seq)) AS k(type, upto)
    LEFT JOIN apart a ON a.conv = w.conversation_id AND a.reader = w.user_id
    LEFT JOIN receipts_receipt r ON r.conversation_id = w.conversation_id AND r.user_id = w.user_id
      AND r.kind = lower(k.type) AND r.upto_seq = k.upto
    WHERE w.conversation_id = ANY(asked.convs) AND k.upto > 0
      AND (asked.users IS NOT NULL OR r.at IS NULL OR r.at > now() - interval '1 hour')
), writers AS MATERIALIZED (
    SELECT p.conv, p.upto, p.asked, m.writer, m.id FROM (SELECT DISTINCT conv, upto, asked FROM marks) p
    CROSS JOIN LATERAL (
        SELECT DISTINCT ON (sender_id) sender_id AS writer, id FROM (
            SELECT sender_id, id, seq FROM chat_message
            WHERE conversation_id = p.conv AND seq <= p.upto ORDER BY seq DESC LIMIT {NEWEST} OFFSET 0) newest
        WHERE p.asked IS NULL OR p.asked @> seq
        ORDER BY sender_id, seq DESC OFFSET 0) m
), told AS MATERIALIZED (
    SELECT m.conv, m.reader, m.type, m.upto, m.at, w.writer AS viewer, w.id, m.roster_rev FROM asked, marks m
    JOIN writers w ON w.conv = m.conv AND w.upto = m.upto AND w.asked IS NOT DISTINCT FROM m.asked
      AND w.writer <> m.reader
    WHERE asked.users IS NULL OR m.reader = ANY(asked.users) OR w.writer = ANY(asked.users)
    UNION ALL
    SELECT m.conv, m.reader, m.type, m.upto, m.at, m.reader, NULL, NULL FROM asked, marks m
    WHERE m.type = 'SEEN' AND (asked.users IS NULL OR m.reader = ANY(asked.users))
)
SELECT t.conv::text, t.reader::text, t.type, t.upto, t.viewer::text, t.id::text,
       (extract(epoch FROM coalesce(t.at, now())) * 1000)::bigint, t.roster_rev
FROM told t
JOIN chat_membership s ON s.conversation_id = t.conv AND s.user_id = t.viewer AND s.left_seq IS NULL
JOIN chat_user reader ON reader.id = t.reader
JOIN chat_user viewer ON viewer.id = t.viewer
WHERE t.type = 'DELIVERED' OR {TELLS_SEEN.format(reader="reader", viewer="viewer")}
"""


class Effects(Protocol):
    """What the process does about each kind of change."""

    def appended(self, conv: str, head: int) -> None: ...

    def changed(self, conv: str, rev: int) -> None: ...

    def lapsed(self, conv: str) -> None: ...

    def rooms(self, convs: list[str]) -> list[str]: ...

    def is_here(self, user: str) -> bool: ...

    def has_heard(self, change: int) -> bool: ...

    def ticked(self, change: int | None, acks: list[tuple[str, dict[str, Any]]]) -> None: ...

    async def members_changed(self, conv: str, users: list[str]) -> None: ...

    async def retold(self, conv: str, users: list[str]) -> None: ...

    async def blocked(self, convs: list[str], users: list[str]) -> None: ...

    async def revoked(self, users: list[str]) -> None: ...

    async def switched_presence(self, users: list[str]) -> None: ...

    def lost_track(self) -> None: ...

    def housekeeping(self) -> None: ...


class Reconciler:
    def __init__(self, database: Database, effects: Effects) -> None:
        self._database = database
        self._effects = effects
        self._reader = ChangeReader(database)
        self._known: set[int] = set()
        self._read_at: float | None = None

    async def run(self) -> None:
        while True:
            try:
                await self._pass()
            except (psycopg.Error, PoolTimeout, OSError) as error:
                logger.warning("reconcile failed: %s", type(error).__name__)
            except Exception:
                logger.exception("reconcile failed")
            await asyncio.sleep(INTERVAL_S)

    @property
    def read_at(self) -> float | None:
        """When what changed was last read and dealt with, by the event loop's clock."""
        return self._read_at

    async def _pass(self) -> None:
        now = asyncio.get_running_loop().time()
        self._effects.housekeeping()
        if self._read_at is not None and now - self._read_at > LOST_TRACK_S:
            self._reader.restart()
            self._effects.lost_track()
        rows = await self._reader.read()
        fresh = [row for row in rows if row.id not in self._known]
        await self._apply(fresh)
        self._reader.advance()
        self._known = {row.id for row in rows}
        self._read_at = now

    async def _apply(self, rows: list[ChangeRow]) -> None:
        ticked: set[str] = set()
        switched: list[tuple[list[str], list[str]]] = []
        lapsed: dict[Range, set[str]] = {}
        for row in rows:
            if row.kind == "append":
                for conv, head in zip(row.conversations, row.heads, strict=True):
                    self._effects.appended(conv, head)
            elif row.kind == "receipts" and row.users:
                # Somebody lets others know again.
                switched.append((self._effects.rooms(row.conversations), row.users))
            elif row.kind == "receipts" and not self._effects.has_heard(row.id):
                ticked.update(self._effects.rooms(row.conversations))
            elif row.kind == "revised":
                for conv, rev in zip(row.conversations, row.heads, strict=True):
                    self._effects.changed(conv, rev)
            elif row.kind == "lapsed":
                for conv in self._effects.rooms(row.conversations):
                    first, last = row.heads
                    lapsed.setdefault((conv, first, last), set()).update(row.users)
            elif row.kind == "members":
                for conv in row.conversations:
                    await self._effects.members_changed(conv, row.users)
            elif row.kind == "muted":
                for conv in row.conversations:
                    await self._effects.retold(conv, row.users)
            elif row.kind == "blocked":
                await self._effects.blocked(row.conversations, row.users)
            elif row.kind == "revoked":
                await self._effects.revoked(row.users)
            elif row.kind == "presence":
                await self._effects.switched_presence(row.users)
        if lapsed:
            await self._lapsed(lapsed)
        for convs, users in switched:
            await self._tick(convs, users)
        if ticked:
            await self._tick(sorted(ticked))

    async def _lapsed(self, found: Mapping[Range, Collection[str]]) -> None:
        """Here alone: what is told is as it is now, in the order it became so."""
        told = await lapses.read(self._database, found)
        for conv in {conv for conv, _, _ in found}:
            self._effects.lapsed(conv)
        for news in told:
            for sender, message_id in news.senders:
                if self._effects.is_here(sender):
                    self._effects.ticked(None, news.acks(sender, message_id))
                    # Of a large group this is much, and others have their turn between.
                    await asyncio.sleep(0)

    async def _tick(self, convs: list[str], users: list[str] | None = None) -> None:
        """Last of a pass, and nothing else waits for it: what is too much is told by the next hello."""
        try:
            rows = await self._database.rows(TICKS, [convs, users]) if convs else []
        except QueryCanceled:
            logger.warning("ticks of %d conversations were too many to be told again", len(convs))
            return
        for at in range(0, len(rows), PORTION):
            acks = [
                (told, tick(kind, conv, upto, when, reader, message_id, roster_rev))
                for conv, reader, kind, upto, told, message_id, when, roster_rev in rows[at : at + PORTION]
            ]
            self._effects.ticked(None, acks)
            await asyncio.sleep(0)
