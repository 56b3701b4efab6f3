"""Whose a bearer token is: looked up for all who ask at the same time together.

Every request brings one, and a token that has just ended is not good any more. So that a thousand requests a second are
not a thousand look-ups, what is asked while one is on its way shares the next one. Sends, which the committer decides
again from facts under lock, take what was found within the last second: a device that sends a lot is not looked up each
time.
"""

import asyncio
from collections import OrderedDict
from contextvars import Context
from dataclasses import dataclass

from psycopg import OperationalError

from chat.log.pool import Database

# By their tokens, and by those that are to come in their places; two parts, for two indexes.
_FOUND = """
SELECT d.{column}, d.id::text, u.id::text, u.username, coalesce(nullif(u.name, ''), u.username), d.access_rev, {current}
FROM chat_device d JOIN chat_user u ON u.id = d.user_id
WHERE d.{column} = ANY(%s) AND d.kind = 'app' AND d.token_rev = d.access_rev AND d.revoked_at IS NULL AND u.is_active
"""
BEARERS = (
    _FOUND.format(column="token_hash", current="true")
    + " UNION ALL "
    + _FOUND.format(column="next_token_hash", current="false")
)
SUCCEED = """
UPDATE chat_device SET token_hash = next_token_hash, next_token_hash = NULL WHERE next_token_hash = %s RETURNING id
"""


RECENT_S = 1.0
# Remembered at most; whose token was looked up longest ago is forgotten first.
MOST_RECENT = 10_000


@dataclass(frozen=True, slots=True)
class Bearer:
    """`is_current` false: its token is the one to come, used for the first time."""

    device: str
    user: str
    username: str
    name: str
    access_rev: int
    is_current: bool


Waiting = dict[bytes, "asyncio.Future[Bearer | None]"]


class Bearers:
    """`find` raises psycopg.Error. `database`: its connections need not be checked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: Waiting = {}
        self._recent: OrderedDict[bytes, tuple[float, Bearer]] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    async def find(self, hashed: bytes, recent: bool = False) -> Bearer | None:
        """By the hash of a token. None: it is nobody's, or not any more. `recent`: as it was RECENT_S ago at most, for
        who has it looked at again before anything is done (access_rev)."""
        at, known = self._recent.get(hashed, (0.0, None))
        if recent and known is not None and asyncio.get_running_loop().time() - at < RECENT_S:
            return known
        self._recent.pop(hashed, None)
        found = await self._find(hashed)
        if found is not None:
            self._remember(hashed, found)
        return found

    def _remember(self, hashed: bytes, found: Bearer) -> None:
        self._recent[hashed] = asyncio.get_running_loop().time(), found
        self._recent.move_to_end(hashed)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)

    async def _find(self, hashed: bytes) -> Bearer | None:
        found = await self._look_up(hashed)
        if found is None or found.is_current:
            return found
        # It takes over. Unless it was replaced in this moment, it is the one now.
        await self._database.rows(SUCCEED, [hashed])
        for old in [old for old, (_, known) in self._recent.items() if known.device == found.device]:
            del self._recent[old]
        found = await self._look_up(hashed)
        return found if found is not None and found.is_current else None

    async def _look_up(self, hashed: bytes) -> Bearer | None:
        loop = asyncio.get_running_loop()
        if hashed not in self._waiting:
            self._waiting[hashed] = loop.create_future()
        waiting = self._waiting[hashed]
        if self._task is None or self._task.done():
            # For everyone who waits: not under the ids of the request that happened to ask.
            self._task = loop.create_task(self._run(), name="bearers", context=Context())
        # Whoever gives up leaves the others waiting.
        return await asyncio.shield(waiting)

    async def _run(self) -> None:
        while self._waiting:
            asked, self._waiting = self._waiting, {}
            await self._answer(asked)

    async def _answer(self, asked: Waiting) -> None:
        hashes = list(asked)
        try:
            try:
                rows = await self._database.rows(BEARERS, [hashes, hashes])
            except OperationalError:
                # The connection may have been an old one.
                rows = await self._database.rows(BEARERS, [hashes, hashes])
        except Exception as error:
            for waiting in asked.values():
                waiting.set_exception(error)
                # Nobody may be waiting any more.
                waiting.exception()
            return
        found = {bytes(row[0]): Bearer(*row[1:]) for row in rows}
        for hashed, waiting in asked.items():
            waiting.set_result(found.get(hashed))
