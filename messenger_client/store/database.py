"""One SQLite file, one thread, one transaction at a time.

What waits while a transaction is written goes into the next one together (group commit), each piece under a savepoint
of its own: a piece that fails takes nothing else with it. A piece that was begun is carried out, whoever stops waiting.
"""

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from messenger_client.errors import StoreFailed, StoreInUse
from messenger_client.store.schema import SCHEMA, VERSION

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]
# A program that is just ending lets go of the file within this time.
LOCK_S = 2.0
# What is wrong with the values, not with the file.
CALLERS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError)


class Database:
    """`path`: of the file, made for its owner's eyes only. Raises StoreInUse, StoreFailed."""

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="messenger-store")
        self._connection: sqlite3.Connection | None = None
        self._waiting: list[tuple[Work, asyncio.Future[Any]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._is_closed = False

    async def open(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            self._thread.shutdown(wait=False)
            raise

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """`work` in a transaction that is on disk when this returns. What it raises takes back what it did."""
        if self._is_closed:
            raise StoreFailed("The client is closed.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._worker is None:
            self._worker = asyncio.create_task(self._drain())
        return await future

    async def close(self) -> None:
        """What was begun is done."""
        self._is_closed = True
        if self._worker is not None:
            await self._worker
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, connection.close)
        self._thread.shutdown()

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            works = [work for work, _ in batch]
            outcomes = await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, works)
            for (_, future), (value, error) in zip(batch, outcomes, strict=True):
                if future.done():
                    continue
                if error is None:
                    future.set_result(value)
                else:
                    future.set_exception(error)
        self._worker = None

    def _open(self) -> None:
        if self._path != ":memory:":
            # The token is in it.
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            self._connection = _connect(self._path)
        except sqlite3.OperationalError as error:
            # Of a lock there is no other word than this in Python 3.10's sqlite3.
            raise StoreInUse() if "locked" in str(error) else _failed(error) from error
        except sqlite3.Error as error:
            raise _failed(error) from error

    def _commit(self, works: list[Work]) -> list[tuple[Any, BaseException | None]]:
        connection = self._connection
        if connection is None:
            return [(None, StoreFailed("The database is not open."))] * len(works)
        try:
            connection.execute("BEGIN IMMEDIATE")
            outcomes = [_try(connection, work) for work in works]
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            # SQLite has rolled back by itself after some errors: then there is nothing to roll back.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            return [(None, _failed(error))] * len(works)
        return outcomes


def _try(connection: sqlite3.Connection, work: Work) -> tuple[Any, BaseException | None]:
    connection.execute("SAVEPOINT work")
    try:
        outcome = work(connection), None
    except Exception as error:
        if isinstance(error, sqlite3.Error) and not isinstance(error, CALLERS):
            raise
        connection.execute("ROLLBACK TO work")
        connection.execute("RELEASE work")
        return None, error
    connection.execute("RELEASE work")
    return outcome


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=LOCK_S, isolation_level=None, check_same_thread=False)
    # Nobody else may write: two programs on one device would acknowledge for each other.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    # What was committed survives the loss of power, too: a tick vouches for it.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN EXCLUSIVE")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == 0:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
    if found not in (0, VERSION):
        connection.close()
        raise StoreFailed(f"The database was made by another release (its version is {found}, this one's {VERSION}).")
    return connection


def _failed(error: sqlite3.Error) -> StoreFailed:
    return StoreFailed(f"{StoreFailed.__doc__} ({error})")
