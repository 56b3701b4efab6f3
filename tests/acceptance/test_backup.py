"""A backup made while people write, restored into a fresh cluster: what was in it is there, under a new epoch; what
was accepted later is honestly missing; what waited in an outbox goes out under the same id."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from messenger_client import Status
from tests.acceptance.conftest import Cast, enrol_cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.wire import connect
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module", params=one_server("backup"))
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with House(server=request.param) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


def lose_everything_and_restore(house: House, backup: Path) -> str:
    """The machine is gone: another cluster, and nothing in it but the backup."""
    house.end("postgres")
    shutil.rmtree(house.folder / "postgres")
    house.restart("postgres")
    house.postgres.create_database("messenger")
    told = house.manage("restore", str(backup))
    house.restart("redis")
    for name in ("web-1", "celery"):
        house.restart(name)
    return told


async def test_restored_into_a_fresh_cluster(house: House, cast: Cast, tmp_path: Path) -> None:
    backup = house.folder / "messenger.dump"
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        chat = await alice.client.open(cast.bob.username)
        before = await alice.client.send(chat, "before")
        await before.reached(Status.SENT, 30)
        told = await asyncio.to_thread(house.manage, "backup", str(backup))
        assert "bytes" in told and backup.stat().st_mode & 0o777 == 0o600
        await (await alice.client.send(chat, "accepted later")).reached(Status.SENT, 30)
        for name in ("celery", "web-1", "redis"):
            await asyncio.to_thread(house.end, name)
        waiting = await alice.client.send(chat, "still waiting")
        told = await asyncio.to_thread(lose_everything_and_restore, house, backup)
        await waiting.reached(Status.SENT, 90)
    async with connect(house.addresses[0], cast.bob) as bob:
        assert bob.welcome["epoch"] in told
        page = await bob.ask({"t": "fetch", "conv": chat.id, "from": 1, "to": 5}, "page")
        entries = page["entries"]
        assert [(entry["body"], entry["seq"]) for entry in entries] == [("before", 1), ("still waiting", 2)]
        assert [entry["client_id"] for entry in entries] == [before.client_id, waiting.client_id]
    with psycopg.connect(house.dsn) as connection:
        [[epochs]] = connection.execute("SELECT count(*) FROM chat_epoch").fetchall()
    assert epochs == 2


def test_neither_writes_over_anything(house: House) -> None:
    backup = house.folder / "another.dump"
    house.manage("backup", str(backup))
    with pytest.raises(RuntimeError, match="exists already"):
        house.manage("backup", str(backup))
    with pytest.raises(RuntimeError, match="not empty"):
        house.manage("restore", str(backup))
    with pytest.raises(RuntimeError, match="is not there"):
        house.manage("restore", str(house.folder / "nothing"))
