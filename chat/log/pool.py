"""A few connections a process for everything that is not appending: handshakes, fills, reconcile, history."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")
Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]

# A connection, and then an answer, are waited for this long.
CONNECTION_S = 5.0
ANSWER_S = 5.0


class TooSlow(OperationalError):
    """Given up by `bounded`."""


async def bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    """What `work` returns; TooSlow when that takes longer. It is cancelled then but not waited for: psycopg
    tries for seconds to tell a server that does not answer."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        done, _ = await asyncio.wait([task], timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.add_done_callback(lambda late: late.cancelled() or late.exception())
        task.cancel()
        raise TooSlow("no answer in time")
    return task.result()


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)
    await connection.execute("SET statement_timeout = '10s'")


class Database:
    """`dsn` is a libpq conninfo string. Waiting for a connection and for an answer is bounded: OperationalError.
    `checked`: a connection is tried before it is used, which costs an exchange; otherwise its user tries again."""

    def __init__(self, dsn: str, size: int = 4, checked: bool = True) -> None:
        self._pool = AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            open=False,
            timeout=CONNECTION_S,
            max_waiting=2_000,
            reconnect_timeout=5,
            kwargs={"connect_timeout": 2, "tcp_user_timeout": 5_000, "keepalives_idle": 5},
            configure=_configure,
            check=AsyncConnectionPool.check_connection if checked else None,
        )

    async def open(self) -> None:
        await self._pool.open()

    async def close(self) -> None:
        await self._pool.close()

    async def rows(self, query: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of one statement. Raises psycopg.Error."""
        return await bounded(self._rows(query, parameters), CONNECTION_S + ANSWER_S)

    async def many(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        """Several reads in one exchange; each statement has its own snapshot."""
        return await bounded(self._many(queries), CONNECTION_S + ANSWER_S)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection[Any]]:
        """A connection inside a transaction that ends with the block. Bound it from outside. Raises psycopg.Error."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    async def _rows(self, query: str, parameters: Parameters) -> list[Row]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(query, parameters)
            return await cursor.fetchall()

    async def _many(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        async with self._pool.connection() as connection:
            async with connection.pipeline():
                cursors = [await connection.execute(query, parameters) for query, parameters in queries]
            return [await cursor.fetchall() for cursor in cursors]
