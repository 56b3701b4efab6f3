"""`make run`: everything the messenger needs, in one terminal, started in order and ended in order.

Servers, then migrations and static files, then web, Celery workers and beat. Ctrl-C ends web first (it still needs
the others to settle what it holds), then Celery, then the servers; a second Ctrl-C ends at once. A child that dies
by itself ends the run, naming it. Data is kept between runs in a folder keyed by the clone's path.
"""

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import IO

from messenger import commands, env
from messenger.children import Child
from messenger.embedded import Postgres, Redis, Server

CLONE = Path(__file__).resolve().parent.parent
START_S = 60.0
STOP_S = 10.0
DEMO_PEOPLE = "alice, bob and carol"


class RunFailed(Exception):
    """Why the run ended; the text is for the person at the terminal."""


def data_folder(clone: Path = CLONE) -> Path:
    """$MESSENGER_DATA, or a folder of this clone's own, outside the home of root (PostgreSQL must reach it)."""
    given = os.environ.get("MESSENGER_DATA")
    if given:
        return Path(given).resolve()
    key = sha256(str(clone).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        return Path("/var/lib/messenger") / key
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "messenger" / key


def kept_secret(path: Path, length: int) -> str:
    """A random text made once and kept, readable by its owner only."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(length))
    return path.read_text()


def free_port(host: str, wanted: int) -> int:
    """`wanted`, or the next one up to 50 above it that is free."""
    for port in range(wanted, wanted + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise RunFailed(f"no free port from {wanted} on")


class Supervisor:
    """One run."""

    def __init__(self, folder: Path, server: str, host: str, port: int) -> None:
        self.folder = folder
        self.server = server
        self.host = host
        self.port = port
        self.servers: list[Server] = []
        self.children: list[Child] = []
        self._interrupts = 0
        self._lock: IO[str] | None = None

    def run(self) -> None:
        """Until interrupted. Raises RunFailed, or embedded.ServerFailed, after everything has been stopped."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupted)
        self._claim_folder()
        try:
            environment = self._environment()
            self._prepare(environment)
            if not self._interrupts:
                self._start_children(environment)
                self._await_web()
                self._announce()
            self._watch()
        finally:
            self._stop()

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._interrupts == 1:
            _say("stopping")
        else:
            for child in self.children:
                child.signal(signal.SIGKILL)

    def _claim_folder(self) -> None:
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._lock = (self.folder / "run.lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunFailed(f"another run is using {self.folder}") from None

    def _environment(self) -> dict[str, str]:
        """Ours, and what the embedded servers add to it."""
        environment = dict(os.environ)
        environment.setdefault("MODE", "demo")
        if environment["MODE"] == "demo":
            environment.setdefault("SECRET_KEY", kept_secret(self.folder / "secret-key", 48))
        environment.setdefault("STATIC_ROOT", str(self.folder / "static"))
        if "DATABASE_URL" not in environment:
            postgres = Postgres(self.folder / "postgres")
            self._start_server(postgres)
            environment["DATABASE_URL"] = postgres.create_database("messenger")
        if "REDIS_URL" not in environment:
            redis = Redis(self.folder / "redis")
            self._start_server(redis)
            environment["REDIS_URL"] = redis.url
        return environment

    def _start_server(self, server: Server) -> None:
        _say(f"starting {server.name}")
        self.servers.append(server)
        server.start()

    def _prepare(self, environment: dict[str, str]) -> None:
        steps = [["migrate", "--verbosity", "0"], ["collectstatic", "--noinput", "--verbosity", "0"]]
        if environment["MODE"] == "demo":
            environment = environment | {"DEMO_PASSWORD": self._password()}
            steps.append(["seed_demo_people"])
        for step in steps:
            if self._interrupts:
                return
            command = [sys.executable, "manage.py", *step]
            if subprocess.run(command, cwd=CLONE, env=environment, stdin=subprocess.DEVNULL).returncode:
                raise RunFailed(f"manage.py {step[0]} failed")

    def _password(self) -> str:
        return kept_secret(self.folder / "demo-password", 9)

    def _start_children(self, environment: dict[str, str]) -> None:
        self.port = free_port(self.host, self.port)
        lines = {
            "web": commands.web(self.server, self.host, self.port),
            "receipts": commands.worker("receipts"),
            "worker": commands.worker("default"),
            "beat": commands.beat(self.folder),
        }
        for name, command in lines.items():
            child = Child(name, command, environment, CLONE, lambda who, line: print(f"{who:>8} | {line}", flush=True))
            self.children.append(child)
            child.start()

    def _await_web(self) -> None:
        end = time.monotonic() + START_S
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host  # noqa: S104 (compared, not bound)
        while time.monotonic() < end and not self._interrupts:
            self._check_children()
            try:
                with urllib.request.urlopen(f"http://{host}:{self.port}/healthz", timeout=2):
                    return
            except urllib.error.HTTPError:
                # It answers; what it thinks of our Host header is not the question.
                return
            except OSError:
                time.sleep(0.1)
        if not self._interrupts:
            raise RunFailed("web did not answer in time")

    def _announce(self) -> None:
        if self._interrupts:
            return
        if os.environ.get("MODE", "demo") == "demo":
            _say(f"sign in as {DEMO_PEOPLE}, password {self._password()}")
        _say(f"open http://{self.host}:{self.port}/")

    def _watch(self) -> None:
        while not self._interrupts:
            self._check_children()
            time.sleep(0.2)

    def _check_children(self) -> None:
        for server in self.servers:
            if server.process is not None and server.process.poll() is not None:
                raise RunFailed(f"{server.name} died (status {server.process.returncode}):\n{server.log_tail()}")
        for child in self.children:
            if not child.is_running and child.process is not None:
                tail = "\n".join(child.tail)
                raise RunFailed(f"{child.name} died (status {child.process.returncode}):\n{tail}")

    def _stop(self) -> None:
        """Web, then Celery (the workers before the clock does not matter), then the servers, last started first."""
        for child in self.children:
            child.stop(STOP_S)
        for server in reversed(self.servers):
            server.stop()


def _say(text: str) -> None:
    print(f"messenger: {text}", flush=True)


def main() -> int:
    server = env.choice("SERVER", ("daphne", "uvicorn"), "daphne")
    port = env.number("PORT", 8000, low=1, high=65_000)
    try:
        Supervisor(data_folder(), server, env.text("HOST", "127.0.0.1"), port).run()
    except Exception as error:
        _say(str(error) or type(error).__name__)
        return 1
    _say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
