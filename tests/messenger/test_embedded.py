"""The servers that `make run` and the tests start themselves: private, durable, and never left behind."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
from redis import Redis as RedisClient

from messenger.binaries import has_postgres
from messenger.embedded import Postgres, Redis, ServerFailed, private_folder
from messenger.processes import await_gone
from tests.servers import copy_folder, made_once, new_folder

OWNER = """
import sys, time
from pathlib import Path
from messenger.embedded import Postgres, Redis
servers = [Postgres(Path(sys.argv[1]) / "postgres", sys.argv[2]), Redis(Path(sys.argv[1]) / "redis")]
for server in servers: server.start()
print(*(server.pid for server in servers), flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Path:
    return new_folder("messenger-embedded-")


@pytest.fixture(params=["18", "15"])
def version(request: pytest.FixtureRequest) -> str:
    if not has_postgres(request.param):
        pytest.skip(f"PostgreSQL {request.param} is not installed")
    return str(request.param)


def _initdb(folder: Path, version: str) -> None:
    Postgres(folder / "postgres", version).prepare()


INITDB = {version: partial(_initdb, version=version) for version in ("18", "15")}


@pytest.fixture
def postgres(folder: Path, version: str) -> Iterator[Postgres]:
    copy_folder(made_once(f"initdb-{version}", INITDB[version]) / "postgres", folder / "postgres")
    server = Postgres(folder / "postgres", version)
    server.start()
    yield server
    server.stop()


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def write(uri: str) -> None:
    with psycopg.connect(uri) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def read(uri: str) -> list[tuple[int]]:
    with psycopg.connect(uri) as connection:
        return connection.execute("SELECT number FROM kept").fetchall()


def test_commits_survive_kill_nine(postgres: Postgres) -> None:
    write(postgres.uri())
    processes = family(postgres.pid)
    postgres.kill()
    assert await_gone(processes, 0)
    postgres.start()
    assert read(postgres.uri()) == [(1,)]


def test_a_stop_leaves_no_process(postgres: Postgres) -> None:
    processes = family(postgres.pid)
    postgres.stop()
    assert await_gone(processes, 1)


def test_the_version_asked_for_runs_with_utf8_and_its_safe_defaults(postgres: Postgres) -> None:
    expected = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "listen_addresses": ""}
    with psycopg.connect(postgres.create_database("somewhere")) as connection:
        assert str(connection.info.server_version)[:2] == postgres.version
        assert connection.execute("SELECT lower('ÉA')").fetchone() == ("éa",)
        query = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        assert dict(connection.execute(query, [list(expected)]).fetchall()) == expected


def test_only_its_user_can_enter(postgres: Postgres) -> None:
    for place in (postgres.folder, postgres.socket_folder):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_a_pid_file_that_names_somebody_else_does_not_stop_a_start(postgres: Postgres) -> None:
    postgres.kill()
    pid_file = postgres.data / "postmaster.pid"
    rest = pid_file.read_text().split("\n", 1)[1]
    pid_file.write_text(f"{os.getpid()}\n{rest}")
    (postgres.socket_folder / ".s.PGSQL.5432.lock").write_text(f"{os.getpid()}\n{rest}")
    postgres.start()
    assert postgres.answers()


def test_a_folder_made_by_another_version_is_refused(postgres: Postgres) -> None:
    postgres.stop()
    (postgres.data / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(ServerFailed, match=r"made by PostgreSQL 9\.6"):
        postgres.start()


def test_a_second_one_on_the_same_folder_is_refused(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messenger.embedded.STOP_S", 0.1)
    with pytest.raises(ServerFailed, match="is using"):
        Postgres(postgres.folder, postgres.version).start()
    assert postgres.answers()


def test_an_interrupted_initdb_is_done_again(folder: Path) -> None:
    postgres = Postgres(folder / "postgres")
    (postgres.folder / "data.partial").mkdir(parents=True)
    (postgres.folder / "data.partial" / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert postgres.answers()
    postgres.stop()


def test_a_long_path_gets_a_short_socket(folder: Path) -> None:
    redis = Redis(folder / ("long" * 30))
    redis.start()
    assert len(redis.url) < 100
    assert RedisClient.from_url(redis.url).ping()
    redis.stop()
    assert not redis.socket_folder.exists()


def test_redis_starts_again_after_kill_nine(folder: Path) -> None:
    redis = Redis(folder / "redis")
    redis.start()
    redis.kill()
    assert not redis.answers()
    redis.start()
    assert redis.answers()
    redis.stop()


def test_a_failed_start_shows_the_log(folder: Path) -> None:
    with pytest.raises(ServerFailed, match="nonsense"):
        Postgres(folder / "postgres", options={"nonsense": "1"}).start()


def test_a_link_planted_in_a_shared_folder_is_not_followed(folder: Path) -> None:
    (folder / "target").mkdir(mode=0o755)
    (folder / "planted").symlink_to(folder / "target")
    with pytest.raises(ServerFailed, match="belongs to someone else"):
        private_folder(folder / "planted", None)
    assert stat.S_IMODE((folder / "target").stat().st_mode) == 0o755


def test_killing_the_owner_ends_its_servers_and_the_next_start_waits_for_them(folder: Path, version: str) -> None:
    command = [sys.executable, "-c", OWNER, str(folder), version]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[2], text=True) as owner:
        assert owner.stdout is not None
        processes = [each for pid in owner.stdout.readline().split() for each in family(int(pid))]
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    started = time.monotonic()
    successor = Postgres(folder / "postgres", version)
    successor.start()
    assert await_gone(processes, 5)
    assert successor.answers()
    assert time.monotonic() - started < 10
    successor.stop()
