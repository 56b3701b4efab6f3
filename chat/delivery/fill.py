"""Filling holes from the database: one reader a conversation, however many sockets lack the entries.

A fill reads the page after the lowest position that is waiting and offers it to the whole room; it goes on while
someone with an open window is behind. Few run at once, the rest wait in line, so that a thousand devices coming
back share a handful of connections.
"""

import asyncio
import logging
from collections import OrderedDict
from contextvars import Context

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery.hub import Hub
from chat.log import history
from chat.log.pool import Database
from chat.metrics.web import FILLS
from chat.protocol.codec_json import pack

logger = logging.getLogger(__name__)

PAGE = 100
CONCURRENT = 3


class Filler:
    """`want(conv)` is cheap and may be called any number of times."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._line: OrderedDict[str, None] = OrderedDict()
        self._running: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()
        self.hub: Hub | None = None

    def want(self, conv: str) -> None:
        self._line[conv] = None
        if len(self._running) < CONCURRENT:
            # For everyone who waits: not under the ids of the socket that happened to ask.
            task = asyncio.get_running_loop().create_task(self._work(), context=Context())
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _work(self) -> None:
        while conv := self._next():
            self._in_hand.add(conv)
            try:
                more = await self._page(conv)
            except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
                # Reconcile asks again once the database is back.
                logger.warning("fill failed: %s", type(error).__name__, extra={"conv": conv})
                return
            finally:
                self._in_hand.discard(conv)
            if more:
                self._line[conv] = None

    def _next(self) -> str | None:
        for conv in self._line:
            if conv not in self._in_hand:
                del self._line[conv]
                return conv
        return None

    async def _page(self, conv: str) -> bool:
        """One page for the conversation. True while someone still waits."""
        assert self.hub is not None
        waiting = self.hub.waiting(conv)
        room = self.hub.rooms.get(conv)
        if not waiting or room is None:
            return False
        first = min(session.cursors[conv].pushed for session in waiting) + 1
        FILLS.add()
        entries, members_rev = await history.entries(self._database, conv, first, min(first + PAGE - 1, room.head))
        if not entries:
            logger.warning("nothing to fill a hole with", extra={"conv": conv})
            return False
        self.hub.deliver(conv, members_rev, [pack(entry) for entry in entries])
        # Members newer than the room's: they are read first, and then the room asks again.
        return members_rev <= room.members_rev and bool(self.hub.waiting(conv))
