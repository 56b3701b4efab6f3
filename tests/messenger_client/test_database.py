"""One file, one program, one transaction at a time; what was run is on disk."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from messenger_client.errors import StoreFailed, StoreInUse
from messenger_client.store import meta
from messenger_client.store.database import Database

CLONE = Path(__file__).parents[2]
# Says when it has written, then waits to be killed.
HOLDER = """
import asyncio, sys
from messenger_client.store import meta
from messenger_client.store.database import Database

async def hold():
    database = Database(sys.argv[1])
    await database.open()
    await database.run(lambda db: meta.put(db, {"fact": "kept"}))
    print("written", flush=True)
    await asyncio.sleep(600)

asyncio.run(hold())
"""


async def opened(path: Path) -> Database:
    database = Database(path)
    await database.open()
    return database


async def fact(database: Database, name: str = "fact") -> str | None:
    return await database.run(lambda db: meta.get(db, name))


async def test_what_was_run_is_there_after_kill_9_and_nobody_else_may_open_it(path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=CLONE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == "written\n"
        with pytest.raises(StoreInUse):
            await Database(path).open()
        holder.kill()
    database = await opened(path)
    assert await fact(database) == "kept"
    await database.close()


async def test_only_its_owner_may_read_it(path: Path) -> None:
    database = await opened(path)
    await database.run(lambda db: meta.put(db, {"token": "secret"}))
    files = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    assert len(files) > 1 and {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    await database.close()


async def test_work_that_fails_is_taken_back_and_takes_nothing_with_it(path: Path) -> None:
    database = await opened(path)

    def half(db: sqlite3.Connection) -> None:
        meta.put(db, {"half": "written"})
        raise ValueError("no")

    def clash(db: sqlite3.Connection) -> None:
        meta.put(db, {"clash": "written"})
        db.execute("INSERT INTO meta VALUES ('counter', 7)")

    # All of them meet in one transaction, but for the first.
    works = [database.run(lambda db, n=n: meta.put(db, {f"fact{n}": "kept"})) for n in range(3)]
    outcomes = await asyncio.gather(
        *works, database.run(half), database.run(clash), fact(database), return_exceptions=True
    )
    assert [type(each) for each in outcomes[3:5]] == [ValueError, sqlite3.IntegrityError]
    assert [await fact(database, name) for name in ("fact0", "fact2", "half", "clash")] == ["kept", "kept", None, None]
    await database.close()


async def test_work_goes_in_the_order_it_came(path: Path) -> None:
    database = await opened(path)
    numbers = await asyncio.gather(*(database.run(meta.count) for _ in range(500)))
    assert numbers == list(range(1, 501))
    await database.close()


async def test_whoever_stops_waiting_the_work_is_done(path: Path) -> None:
    database = await opened(path)
    first = asyncio.create_task(database.run(lambda db: meta.put(db, {"fact": "kept"})))
    await asyncio.sleep(0)
    first.cancel()
    assert await fact(database) == "kept"
    await database.close()


async def test_a_failing_disk_is_said_once_and_is_not_the_end(path: Path) -> None:
    database = await opened(path)
    await database.run(lambda db: db.execute("PRAGMA max_page_count = 20").fetchall())
    with pytest.raises(StoreFailed):
        await database.run(lambda db: meta.put(db, {"fact": "x" * 1_000_000}))
    assert await fact(database) is None
    await database.run(lambda db: meta.put(db, {"fact": "small"}))
    assert await fact(database) == "small"
    await database.close()


async def test_what_is_no_database_is_left_as_it_is(path: Path) -> None:
    path.write_text("a letter to grandmother " * 100)
    with pytest.raises(StoreFailed):
        await Database(path).open()
    assert path.read_text().startswith("a letter")


async def test_a_database_of_another_release_is_left_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreFailed, match="99"):
        await Database(path).open()


async def test_a_closed_one_is_said_to_be_closed(path: Path) -> None:
    database = await opened(path)
    writing = asyncio.create_task(database.run(lambda db: meta.put(db, {"fact": "kept"})))
    await asyncio.sleep(0)
    await database.close()
    await database.close()
    await writing
    with pytest.raises(StoreFailed, match="closed"):
        await fact(database)
    again = await opened(path)
    assert await fact(again) == "kept"
    await again.close()
