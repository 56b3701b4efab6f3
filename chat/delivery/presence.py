"""Who is online: what this process knows is shared by leases (leases.py), and told to who watches (watch.py).

At most once, and never in anybody's way: a socket that comes, goes or asks touches a set here; once a second all of it
is written and read together, however many they are. When a part is away, less is said, never something else.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests
from redis import RedisError

from chat.delivery.hub import Hub
from chat.delivery.leases import Leases
from chat.delivery.session import Session
from chat.delivery.watch import Watch, look_up
from chat.log.pool import Database
from chat.policy.presence import Held

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

AWAY = (RedisError, psycopg.Error, PoolTimeout, TooManyRequests, OSError)

TURN_S = 1.0
# Between two turns when somebody has come or asked.
SOON_S = 0.1
# Who goes may come right back: a page that is loaded anew.
GRACE_S = 3.0
# How long a watch lasts.
WATCH_S = 60.0
# Chats open at a time, in as many tabs.
MOST_WATCHES = 8
# That its device was here is noted when a socket goes, and this often until then.
STAMP_S = 300.0
# Devices noted by one statement.
STAMPS = 1_000

STAMP = """
WITH noted AS (
    UPDATE chat_device d SET last_seen_at = greatest(d.last_seen_at, to_timestamp(s.at))
    FROM unnest(%s::uuid[], %s::float8[]) AS s(id, at) WHERE d.id = s.id
)
SELECT 1
"""
SWITCHES = "SELECT id::text, shows_presence FROM chat_user WHERE id = ANY(%s::uuid[])"


class Presence:
    """`came`, `left` and `watch` only touch a set. Times are the event loop's, unless they are stored."""

    def __init__(self, hub: Hub, database: Database, leases: Leases) -> None:
        self._hub = hub
        self._database = database
        self._leases = leases
        self._watches: dict[Session, dict[str, Watch]] = {}
        # People whose last socket here has gone, and when.
        self._gone: dict[str, float] = {}
        # Devices to note, and when they were here, in seconds since 1970.
        self._stamps: dict[str, float] = {}
        self._held: set[str] = set()
        self._renew_at = self._stamp_at = 0.0
        self._wake = asyncio.Event()

    def came(self) -> None:
        """Somebody has, into the hub: other processes are to know soon."""
        self._wake.set()

    def watch(self, session: Session, conv: str) -> None:
        """It is told now whether the other one is here, and at every change for WATCH_S. Who may ask is its desk's."""
        watches = self._watches.setdefault(session, {})
        watch = watches.pop(conv, None)
        if watch is None:
            watch = Watch(session, conv, self._now())
        watch.ask(self._now())
        watches[conv] = watch
        if len(watches) > MOST_WATCHES:
            del watches[next(iter(watches))]
        self._wake.set()

    def left(self, session: Session) -> None:
        """The socket is gone, and has left the hub."""
        self._watches.pop(session, None)
        if not session.ready:
            return
        self._stamps[session.device] = time.time()
        if session.user not in self._hub.people:
            self._gone[session.user] = self._now()

    def visited(self, device: str) -> None:
        """By a request: it was here, without being online. Not for every one of them."""
        self._stamps[device] = time.time()

    async def switched(self, users: list[str]) -> None:
        """Some people show when they are online, or do not any more. Raises psycopg.Error."""
        for user, shows in await self._database.rows(SWITCHES, [users]):
            for session in self._hub.people.get(user, ()):
                session.shows_presence = shows
        for watches in self._watches.values():
            for watch in watches.values():
                watch.is_stale = True
        self._wake.set()

    async def run(self) -> None:
        while True:
            self._wake.clear()
            try:
                await self.turn()
            except Exception:
                logger.exception("presence failed")
            await asyncio.sleep(SOON_S)
            try:
                async with asyncio.timeout(TURN_S - SOON_S):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def turn(self) -> None:
        await _if_there(self._note(), "last seen")
        await _if_there(self._hold(), "leases")
        if watches := self._living():
            await self._tell(watches)

    async def stop(self) -> None:
        """Every device was here until now. The leases are left to end: who comes back to another process never went."""
        self._stamp_at = 0.0
        await _if_there(self._note(), "last seen")

    async def _note(self) -> None:
        if self._now() >= self._stamp_at:
            self._stamp_at = self._now() + STAMP_S
            for session in self._hub.sessions():
                self._stamps[session.device] = time.time()
        some = dict(sorted(self._stamps.items())[:STAMPS])
        if some:
            await self._database.rows(STAMP, [list(some), list(some.values())])
        for device, at in some.items():
            if self._stamps.get(device) == at:
                del self._stamps[device]

    async def _hold(self) -> None:
        now = self._now()
        self._gone = {user: at for user, at in self._gone.items() if now - at < GRACE_S}
        people = self._hub.people.keys() | self._gone.keys()
        is_due, self._renew_at = now >= self._renew_at, self._renew_at
        if not is_due and people == self._held:
            return
        # Until it is known to have been written, all is to be written again.
        self._renew_at, due = 0.0, now + self._leases.renew_s if is_due else self._renew_at
        if is_due:
            await self._leases.renew(people)
        else:
            await self._leases.change(people - self._held, self._held - people)
        self._held, self._renew_at = set(people), due

    def _living(self) -> list[Watch]:
        """Those that last, of conversations the session is still in."""
        since = self._now() - WATCH_S
        for session, watches in list(self._watches.items()):
            for conv, watch in list(watches.items()):
                if watch.asked_at < since or conv not in session.cursors:
                    del watches[conv]
            if not watches:
                del self._watches[session]
        return [watch for watches in self._watches.values() for watch in watches.values()]

    async def _tell(self, watches: list[Watch]) -> None:
        await _if_there(look_up(self._database, [watch for watch in watches if watch.is_stale]), "watched people")
        held = await _if_there(self._leases.among({watch.peer for watch in watches if watch.peer}), "leases") or Held()
        if held.is_whole:
            # Looked up only now: what is noted before its lease ends has been noted.
            left = [
                watch for watch in watches if watch.peer and not watch.was_offline and not self._is_here(watch, held)
            ]
            await _if_there(look_up(self._database, left), "watched people")
        for watch in watches:
            # Meanwhile its conversation may have been left, and its socket gone.
            if self._watches.get(watch.session, {}).get(watch.conv) is watch and watch.conv in watch.session.cursors:
                watch.tell(watch.peer in self._hub.people, held)

    def _is_here(self, watch: Watch, held: Held) -> bool:
        return watch.peer in self._hub.people or watch.peer in held.people

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _if_there(work: Awaitable[Result], what: str) -> Result | None:
    """None: a part is away, and what it would have said is not known."""
    try:
        return await work
    except AWAY as error:
        logger.warning("%s not known: %s", what, type(error).__name__)
        return None
