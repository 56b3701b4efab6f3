"""Filling holes from the database: one reader a conversation, however many sockets lack the entries.

A fill reads the page after the lowest position that is waiting and offers it to the whole room; it goes on while
someone with an open window is behind. Then come changes (edits, deletions), in the same way. Few run at once, the
rest wait in line, so that a thousand devices coming back share a handful of connections.
"""

import asyncio
import logging
from collections import OrderedDict
from contextvars import Context

import psycopg
from django.db import DatabaseError
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery.hub import Hub
from chat.delivery.places import Places
from chat.delivery.room import Room
from chat.delivery.session import Session
from chat.log import delta, history
from chat.log.attached import withhold
from chat.log.pool import Database
from chat.metrics.web import FILLS
from chat.protocol.packed import pack

logger = logging.getLogger(__name__)

PAGE = 100
CONCURRENT = 3


class Filler:
    """`want(conv)` is cheap and may be called any number of times."""

    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
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
            except (psycopg.Error, DatabaseError, PoolTimeout, TooManyRequests) as error:
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
        room = self.hub.rooms.get(conv)
        if room is None:
            return False
        waiting = room.waiting()
        apart = [session for session in waiting if session.cursors[conv].is_apart]
        if apart:
            return await self._apart(room, apart[0])
        if waiting:
            return await self._entries(room, waiting)
        return await self._changes(room)

    async def _entries(self, room: Room, waiting: list[Session]) -> bool:
        """For everyone who lacks them: the page after the lowest position."""
        assert self.hub is not None
        FILLS.add()
        first = min(session.cursors[room.conv].pushed for session in waiting) + 1
        last = min(first + PAGE - 1, room.head)
        entries, members_rev = await history.entries(self._database, room.conv, first, last)
        if not entries or entries[0]["seq"] > first:
            # They expired meanwhile: what each may read now is looked up, and the rest told as absent.
            self.hub.need_members(room.conv)
            return False
        self.hub.deliver(room.conv, members_rev, [pack(entry) for entry in entries])
        # Members newer than the room's: they are read first, and then the room asks again.
        return members_rev <= room.members_rev and self._is_wanted(room)

    async def _apart(self, room: Room, session: Session) -> bool:
        """For one person alone: entries of an earlier stay, around what expired for them, without withheld media."""
        cursor = session.cursors[room.conv]
        first = cursor.pushed + 1
        # A gap counts for nothing, however long it is.
        last = min(cursor.readable.next(first) + PAGE - 1, cursor.apart_upto, room.head)
        page = await history.page(self._database, room.conv, session.user, first, last)
        if page is None or room.conv not in session.cursors:
            return False
        expired = next((gap["from"] for gap in page.absent if gap["why"] == "expired"), last + 1)
        if expired == first:
            if cursor.on_its_way:
                cursor.hold()
            else:
                await self._places.pass_expired(session, room.conv, page.absent)
            return self._is_wanted(room)
        # Up to there; what expired is next.
        last = min(last, expired - 1)
        page = page.upto(last)
        withhold(page.entries, cursor.media_horizon)
        session.offer_apart(room.conv, last, [pack(entry) for entry in page.entries], page.absent)
        return self._is_wanted(room)

    async def _changes(self, room: Room) -> bool:
        assert self.hub is not None
        untold = room.untold()
        if not untold:
            return False
        above = min(session.cursors[room.conv].rev_told for session in untold)
        users = {session.user for session in untold}
        changes = await delta.since(self._database, room.conv, above, list(users), PAGE)
        if changes.members_rev > room.members_rev:
            self.hub.need_members(room.conv)
            return False
        room.tell(above, changes, users)
        return self._is_wanted(room)

    def _is_wanted(self, room: Room) -> bool:
        return bool(room.waiting() or room.untold())
