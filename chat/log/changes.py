"""Following the change table, exactly.

A row carries the id of the transaction that wrote it. Everything below a snapshot's xmin has ended, so a reader
that asks next time for xid >= that xmin meets each committed row at least once, in whatever order transactions
commit. A clock decides nothing; the bound of a minute only caps the work while some foreign transaction keeps
xmin back, and our own transactions are cut off long before.
"""

from dataclasses import dataclass

from chat.log.pool import Database

SNAPSHOT = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"

SINCE = """
SELECT id, kind, conversations::text[], heads, users::text[] FROM chat_change
WHERE xid >= %s::text::xid8 AND at > now() - interval '60 seconds' ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """`heads` runs parallel to `conversations` for appends, and is (first, last) of what lapsed; `users` are those a
    membership change, a revocation or a lapse is about."""

    id: int
    kind: str
    conversations: list[str]
    heads: list[int]
    users: list[str]


class ChangeReader:
    """Starts now. `read` gives what was committed since the last `advance`, possibly with rows given before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._since: str | None = None
        self._next: str | None = None

    async def read(self) -> list[ChangeRow]:
        """Raises psycopg.Error; then nothing is lost, the next read covers it."""
        if self._since is None:
            self._next = (await self._database.rows(SNAPSHOT))[0][0]
            return []
        # The snapshot is taken before the rows are read: what it calls ended is visible to the second statement.
        snapshot, rows = await self._database.many([(SNAPSHOT, ()), (SINCE, [self._since])])
        self._next = snapshot[0][0]
        return [ChangeRow(*row) for row in rows]

    def advance(self) -> None:
        """What was read has been dealt with."""
        self._since = self._next

    def restart(self) -> None:
        """Forgets the position: the next read starts at that moment."""
        self._since = None
