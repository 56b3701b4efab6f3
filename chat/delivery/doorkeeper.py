"""Who may be in which room: conversations that come to be, people who join and leave, what expires for them, devices
that are revoked. Read from the database whenever a change row or a hint says that something is new.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import psycopg

from chat.delivery.coalesced import Coalesced
from chat.delivery.hub import Hub
from chat.delivery.places import Places
from chat.delivery.room import Room
from chat.delivery.session import Session
from chat.inbox import sync
from chat.inbox.roster import Roster, roster
from chat.log import access, history
from chat.log.between import BARRED
from chat.log.pool import Database
from chat.protocol.codec import Shared
from chat.protocol.errors import CloseCode

logger = logging.getLogger(__name__)

# Sockets introduced to a conversation with one reading.
TOGETHER = 200
NOTHING: Mapping[str, Any] = MappingProxyType({})

BARRED_NOW = f"SELECT {BARRED.format(c='c')} FROM chat_conversation c WHERE c.id = %s::uuid"

# None: may not act any more.
ACCESS_REVS = """
SELECT d.id::text, CASE WHEN d.revoked_at IS NULL AND u.is_active THEN d.access_rev END
FROM chat_device d JOIN chat_user u ON u.id = d.user_id WHERE d.user_id = ANY(%s::uuid[])
"""


class Doorkeeper:
    def __init__(self, database: Database, places: Places) -> None:
        self._database = database
        self._places = places
        self._rooms = Coalesced(self._reload)
        self.hub: Hub

    async def members_changed(self, conv: str, users: list[str]) -> None:
        """People joined or left: their sockets are told of the conversation, or leave it."""
        strangers = []
        for session in self._sessions(users):
            if not session.ready:
                session.joined.append(conv)
            elif conv not in session.cursors:
                strangers.append(session)
        for first in range(0, len(strangers), TOGETHER):
            await self._introduce(strangers[first : first + TOGETHER], conv)
        # Others may wait for the same reading.
        await asyncio.shield(self._rooms.ask(conv))

    async def introduce_joined(self, session: Session) -> None:
        """Conversations that came to be while the session's others were read."""
        while session.joined:
            conv = session.joined.pop()
            if conv not in session.cursors:
                await self.introduce(session, conv)

    async def retell(self, conv: str, users: list[str]) -> None:
        """What is theirs of the conversation has changed: their sockets are told of it once more."""
        if sessions := [session for session in self._sessions(users) if conv in session.cursors]:
            await self._introduce(sessions, conv, again=True)

    async def blocked(self, conv: str, user: str) -> None:
        """By this person, or not any more: their sockets alone are told."""
        for (is_barred,) in await self._database.rows(BARRED_NOW, [conv]):
            self.hub.bar(conv, is_barred)
        # Of one that is silent, what this person may read has changed.
        await asyncio.shield(self._rooms.ask(conv))
        await self.retell(conv, [user])

    async def introduce(self, session: Session, conv: str, opened: bool = False) -> None:
        """The session is told of the conversation, and enters it. `opened`: because it asked, so also once more."""
        await self._introduce([session], conv, again=opened, more={"opened": True} if opened else {})

    def _sessions(self, users: Sequence[str]) -> list[Session]:
        return [session for user in users for session in self.hub.people.get(user, ())]

    async def _introduce(
        self, sessions: Sequence[Session], conv: str, again: bool = False, more: Mapping[str, Any] = NOTHING
    ) -> None:
        """Read once for all of them. `again`: also to whom it is known."""
        with self.hub.reading():
            asking = sorted({(session.device, session.user) for session in sessions})
            found = await sync.introductions(self._database, conv, asking)
            for session in sessions:
                summary = found.get(session.device)
                if summary is None:
                    continue
                if again or conv not in session.cursors:
                    told = {"t": "conversations", "items": [summary.frame()], "more": False}
                    session.write({**told, **more})
                cursor = session.cursors.get(conv) or (await self._places.cursors(session, [summary], {}))[conv]
                self.hub.enter(session, summary, cursor)

    def reload(self, conv: str) -> None:
        """What is known of the room's members is not true any more."""
        self._rooms.ask(conv).add_done_callback(_note_failure)

    async def _reload(self, conv: str) -> None:
        room = self.hub.rooms.get(conv)
        if room is None:
            return
        users = {session.user for session in room.sessions}
        members_rev, roster_rev, readable = await access.room(self._database, conv, users)
        gone = users - readable.keys()
        endings = await history.endings(self._database, conv, gone) if gone else {}
        news = await roster(self._database, conv) if roster_rev > room.roster_rev else None
        # Perhaps another one: all may have left meanwhile, and others come.
        room = self.hub.rooms.get(conv)
        if room is None:
            return
        if any(session.user not in users for session in room.sessions):
            # Someone came in meanwhile, of whom nothing was asked.
            await self._reload(conv)
        elif members_rev >= room.members_rev:
            self.hub.members(conv, members_rev, readable, endings)
            if news:
                # At once: what is pushed or ticked from now on is for who is in it.
                room.roster_rev = max(room.roster_rev, roster_rev)
                self._tell_roster(room, news)

    def _tell_roster(self, room: Room, members: Roster) -> None:
        """Read once for all who are in the room, and written once for all who are told the same."""
        told: dict[str | None, Shared] = {}
        for session in list(room.sessions) if members.rows else []:
            alike = None if members.open is None or session.user in members.open else session.user
            if alike not in told:
                told[alike] = Shared(members.frame(session.user))
            session.write_shared(told[alike])

    async def revoked(self, users: list[str]) -> None:
        revs: dict[str, int | None] = dict(await self._database.rows(ACCESS_REVS, [users]))
        for user in users:
            for session in list(self.hub.people.get(user, ())):
                # A device that is not there any more is of an account that was deleted.
                if session.access_rev != revs.get(session.device):
                    session.end(CloseCode.AUTHENTICATION_FAILED)


def _note_failure(reading: "asyncio.Future[None]") -> None:
    if not reading.cancelled() and (error := reading.exception()):
        # Whoever is still kept waiting by it asks again, once a second.
        unforeseen = None if isinstance(error, psycopg.Error) else error
        logger.warning("members not read: %s", type(error).__name__, exc_info=unforeseen)
