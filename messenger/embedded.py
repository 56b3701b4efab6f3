"""PostgreSQL and Redis from wheels, started and ended by whoever needs them: `make run`, tests, the bench.

Both listen on Unix sockets in a folder that only the user they run as can enter (that is the whole of their access
control: no passwords); no port is taken. PostgreSQL refuses to run as root and then runs as an unprivileged system
user. Nothing here ends a process it did not start: a server left over from a killed owner is told to end by the
kernel, and is waited for.
"""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import psutil
import psycopg
import redis
from psycopg import sql

from messenger.binaries import WHEEL_VERSION, postgres_programs, redis_server, unprivileged_user
from messenger.processes import await_gone, kill_family, spawn

# Crash recovery reads back what was written since the last checkpoint; that may take its time.
START_S = 120.0
STOP_S = 30.0
LOG_BYTES = 5_000_000
# The address of a Unix socket holds 107 bytes.
LONGEST_FOLDER = 80


class ServerFailed(Exception):
    """A server did not come up; the text ends with its log."""


class Server:
    """What both have in common: a folder of their own, a process, a log."""

    name = "server"
    stop_signal = signal.SIGTERM
    # For an owner in a hurry: at once, and still without harm to what is stored.
    hurry_signal = signal.SIGKILL
    user: str | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._log_path = folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def socket_folder(self) -> Path:
        """Inside the folder when that path is short enough for a socket, else a short name of its own."""
        if len(str(self.folder)) <= LONGEST_FOLDER:
            return self.folder
        return Path("/tmp") / f"messenger-{sha256(str(self.folder).encode()).hexdigest()[:16]}"  # nosec B108

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> None:
        """Before each start."""
        for folder in {self.folder, self.socket_folder}:
            private_folder(folder, self.user)

    def start(self) -> None:
        """Returns when the server answers. Raises ServerFailed."""
        self.prepare()
        too_long = self._log_path.exists() and self._log_path.stat().st_size > LOG_BYTES
        with self._log_path.open("wb" if too_long else "ab") as log:
            self.process = spawn(self.command(), self.stop_signal, log, self.user)
        end = time.monotonic() + START_S
        while not self.answers():
            if not self.is_running or time.monotonic() > end:
                raise ServerFailed(f"{self.name} did not start:\n{self.log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Orderly; killed if it takes too long. Harmless when not running."""
        if self.process is not None and self.is_running:
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
            self.kill()
        if self.socket_folder != self.folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def hurry(self) -> None:
        """Asks for a quicker end than `stop`; does not wait."""
        if self.process is not None and self.is_running:
            self.process.send_signal(self.hurry_signal)

    def kill(self) -> None:
        """kill -9 of the server and its children (PostgreSQL's are in groups of their own)."""
        if self.process is not None:
            kill_family(self.process)

    def log_tail(self) -> str:
        text = self._log_path.read_text(errors="replace") if self._log_path.exists() else ""
        return "\n".join(text.splitlines()[-15:])


class Redis(Server):
    """For hints, the receipts buffer and the broker. It writes nothing to disk: what it holds may be lost at any
    time, and heals."""

    name = "redis"

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        return self.socket_folder / "redis.sock"

    def command(self) -> list[str]:
        options = ["--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700", "--save", ""]
        return [str(redis_server()), *options, "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]

    def prepare(self) -> None:
        super().prepare()
        self._socket.unlink(missing_ok=True)

    def answers(self) -> bool:
        try:
            with redis.Redis(unix_socket_path=str(self._socket)) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


class Postgres(Server):
    """`version` "18" comes with a wheel, "15" is Debian's. Durability settings stay at their safe defaults."""

    name = "postgres"
    # Fast shutdown (sessions are ended) and immediate shutdown (the next start recovers): nothing is lost.
    stop_signal = signal.SIGINT
    hurry_signal = signal.SIGQUIT

    def __init__(self, folder: Path, version: str = WHEEL_VERSION, options: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.version = version
        self.data = folder / "data"
        self.user = unprivileged_user()
        self._options = {
            "shared_buffers": "128MB",
            "max_connections": "100",
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "max_wal_size": "2GB",
        } | dict(options or {})

    def uri(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    @property
    def binaries(self) -> Path:
        """The folder with postgres, initdb, pgbench and psql."""
        return postgres_programs(self.version, self.user)

    def command(self) -> list[str]:
        options = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *options]

    def prepare(self) -> None:
        super().prepare()
        made_by = self.data / "PG_VERSION"
        if not made_by.exists():
            self._initdb()
        elif made_by.read_text().strip() != self.version:
            raise ServerFailed(f"{self.data} was made by PostgreSQL {made_by.read_text().strip()}, not {self.version}")
        self._clear_leftovers()

    def _initdb(self) -> None:
        """Beside its place and then renamed: one that was interrupted is not taken for a database."""
        partial = self.folder / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]
        command = [str(self.binaries / "initdb"), "-D", str(partial), *options]
        with self._log_path.open("ab") as log:
            if spawn(command, signal.SIGKILL, log, self.user).wait(START_S) != 0:
                raise ServerFailed(f"initdb failed:\n{self.log_tail()}")
        partial.rename(self.data)

    def _clear_leftovers(self) -> None:
        """After an owner's death its PostgreSQL may still be shutting down; after kill -9 its pid file is left, and
        by now the pid in it may be anybody's, which PostgreSQL would take for itself."""
        here = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(self.data.resolve())]
        if not await_gone(here, STOP_S):
            raise ServerFailed(f"another PostgreSQL (process {here[0].pid}) is using {self.data}")
        for leftover in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            leftover.unlink(missing_ok=True)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.uri(), connect_timeout=2).close()
        except psycopg.Error:
            return False
        return True

    def create_database(self, name: str) -> str:
        """Its URI. Harmless when it exists."""
        with psycopg.connect(self.uri(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.uri(name)


def private_folder(folder: Path, user: str | None) -> None:
    """Makes the folder if need be and gives it to `user` (None: us) alone. Raises ServerFailed when it is not ours
    to give, as a folder under /tmp might be, or when `user` cannot get there."""
    owner = os.geteuid() if user is None else pwd.getpwnam(user).pw_uid
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), owner):
        raise ServerFailed(f"{folder} belongs to someone else")
    os.chown(folder, owner, -1, follow_symlinks=False)
    folder.chmod(0o700)
    closed = [parent for parent in folder.resolve().parents if not parent.stat().st_mode & stat.S_IXOTH]
    if user is not None and closed:
        raise ServerFailed(f"PostgreSQL runs as {user}, who cannot enter {closed[0]}: set MESSENGER_DATA elsewhere")
