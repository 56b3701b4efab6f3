"""A message the program has sent, and what becomes of it."""

import asyncio
import sqlite3

from messenger_client.engine import Engine
from messenger_client.errors import MessageFailed
from messenger_client.store import outbox
from messenger_client.store.roster import EXPIRED
from messenger_client.ticks import Status

# FAILED for who waits to be sent; later it is what an expired one shows.
_ORDER = (Status.PENDING, Status.SENT, Status.DELIVERED, Status.SEEN)
OWN = "SELECT status FROM entries WHERE sender = ? AND client_id = ?"

Standing = tuple[Status, str | None, str | None]


class Outgoing:
    """On disk since it exists: it will be sent, whatever happens to this program."""

    def __init__(self, engine: Engine, client_id: str, conversation_id: str) -> None:
        self.client_id = client_id
        self.conversation_id = conversation_id
        self._engine = engine

    async def status(self) -> Status | None:
        """None: it was discarded."""
        standing = await self._standing()
        return standing[0] if standing else None

    async def reached(self, status: Status = Status.SENT, timeout: float | None = None) -> None:
        """Until it has come so far. Raises MessageFailed, with code and reason, when it will not by itself, and
        TimeoutError after `timeout` seconds; it is on its way all the same."""
        with self._engine.watchers.watch(self.client_id) as changed:
            async with asyncio.timeout(timeout):
                while not _has_reached(await self._standing(), status):
                    await changed.wait()
                    changed.clear()

    async def _standing(self) -> Standing | None:
        return await self._engine.database.run(self._read)

    def _read(self, db: sqlite3.Connection) -> Standing | None:
        if (item := outbox.find(db, self.client_id)) is not None:
            return item.status, item.code, item.reason
        row = db.execute(OWN, [self._engine.me, self.client_id]).fetchone()
        if row is None:
            return None
        return Status(row[0]), *(EXPIRED if row[0] == Status.FAILED.value else (None, None))


def _has_reached(standing: Standing | None, wanted: Status) -> bool:
    if standing is None:
        raise MessageFailed("The message was discarded.")
    status, code, reason = standing
    if status in _ORDER:
        return _ORDER.index(status) >= _ORDER.index(wanted)
    raise MessageFailed(reason, code)
