"""A few connections a process for everything that is not appending: handshakes, fills, reconcile, history."""

from collections.abc import Sequence
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

Row = tuple[Any, ...]


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    await connection.execute("SET statement_timeout = '10s'")


class Database:
    """`dsn` is a libpq conninfo string. Waiting for a free connection is bounded: then PoolTimeout."""

    def __init__(self, dsn: str, size: int = 4) -> None:
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=5,
            max_waiting=2_000,
            reconnect_timeout=5,
            kwargs={"connect_timeout": 2},
            configure=_configure,
            check=AsyncConnectionPool.check_connection,
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of one statement. Raises psycopg.Error."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall()

    async def many(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        """Several reads in one exchange; each statement has its own snapshot."""
        async with self._pool.connection() as connection:
            async with connection.pipeline():
                cursors = [await connection.execute(query, parameters) for query, parameters in queries]
            return [await cursor.fetchall() for cursor in cursors]
