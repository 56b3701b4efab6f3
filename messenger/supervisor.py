"""`make run`: everything the messenger needs, in one terminal, started in order and ended in order.

Servers, then migrations and static files, then web, Celery workers and beat. Ctrl-C ends web first (it still needs
the others to settle what it holds), then Celery, then the servers; a second Ctrl-C ends at once. A child that dies
by itself ends the run, naming it. Data is kept between runs in a folder keyed by the clone's path.
"""

import contextlib
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

from chat.wakeup.vapid import new_key
from messenger import commands, env
from messenger.binaries import NotInstalled
from messenger.children import Child
from messenger.data_folder import (
    CLONE,
    VAPID_KEY,
    FolderInUse,
    claim,
    data_folder,
    kept,
    kept_secret,
    make_data_folder,
)
from messenger.embedded import Postgres, Redis, Server, ServerFailed

START_S = 60.0
STOP_S = 10.0
POLL_S = 0.1
DEMO_PEOPLE = "alice, bob or carol"


class RunFailed(Exception):
    """Why the run ended; the text is for the person at the terminal."""


class Interrupted(Exception):
    """Ctrl-C, or a signal that means the same."""


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
    raise RunFailed(f"no free port on {host} from {wanted} on")


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

    def run(self) -> None:
        """Until interrupted. Raises RunFailed, FolderInUse, ServerFailed or NotInstalled, all being stopped then."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._interrupted)
        make_data_folder(self.folder)
        with claim(self.folder), contextlib.suppress(Interrupted):
            try:
                self._run()
            finally:
                self._stop()

    def _run(self) -> None:
        environment = self._environment()
        self._prepare(environment)
        self.port = free_port(self.host, self.port)
        for name, command in self._commands().items():
            self._start_child(name, command, environment)
        self._await_web()
        self._announce(environment["MODE"] == "demo")
        while True:
            self._pause()

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        # A signal handler may come in the middle of a print, so it does not print.
        self._interrupts += 1
        os.write(1, b"messenger: stopping\n" if self._interrupts == 1 else b"messenger: stopping at once\n")
        if self._interrupts > 1:
            for child in self.children:
                child.signal(signal.SIGKILL)
            for server in self.servers:
                server.hurry()

    def _pause(self) -> None:
        """A moment. Raises Interrupted, and RunFailed when something has died."""
        if self._interrupts:
            raise Interrupted
        for server in self.servers:
            if not server.is_running:
                raise RunFailed(f"{server.name} died:\n{server.log_tail()}")
        for child in self.children:
            if child.process is not None and not child.is_running:
                raise RunFailed(f"{child.name} died (status {child.process.returncode}):\n{child.last_words()}")
        time.sleep(POLL_S)

    def _environment(self) -> dict[str, str]:
        """Ours, and in demo mode what nobody has said: a secret, a database, a Redis. In production the settings
        insist on all of them."""
        environment = {"MODE": "demo", "STATIC_ROOT": str(self.folder / "static"), **os.environ}
        environment.setdefault("MEDIA_ROOT", str(self.folder / "media"))
        if environment["MODE"] != "demo":
            return environment
        # What it says stays readable: a line for each page that is loaded would push the address out of sight.
        environment.setdefault("LOG_LEVEL", "WARNING")
        environment.setdefault("SECRET_KEY", kept_secret(self.folder / "secret-key", 48))
        environment.setdefault("VAPID_PRIVATE_KEY", kept(self.folder / VAPID_KEY, new_key))
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
        self._pause()

    def _prepare(self, environment: dict[str, str]) -> None:
        _say("preparing the database and static files")
        self._manage(environment, "migrate", "--verbosity", "0")
        self._manage(environment, "collectstatic", "--noinput", "--verbosity", "0")
        if environment["MODE"] == "demo":
            self._manage(environment | {"DEMO_PASSWORD": self._password()}, "seed_demo_people")

    def _manage(self, environment: dict[str, str], *arguments: str) -> None:
        step = Child("manage", [sys.executable, "manage.py", *arguments], environment, CLONE, _show)
        step.start()
        try:
            while step.is_running:
                self._pause()
        finally:
            step.stop(STOP_S)
        if step.process is not None and step.process.returncode:
            step.last_words()
            raise RunFailed(f"manage.py {arguments[0]} failed")

    def _password(self) -> str:
        return kept_secret(self.folder / "demo-password", 9)

    def _commands(self) -> dict[str, list[str]]:
        """In the order of their end: what the web still holds goes through the others."""
        return {
            "web": commands.web(self.server, self.host, self.port),
            "receipts": commands.worker("receipts"),
            "worker": commands.worker("default"),
            "wakeups": commands.worker("wakeups"),
            "media": commands.worker("media"),
            "beat": commands.beat(self.folder),
        }

    def _start_child(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        child = Child(name, command, environment, CLONE, _show)
        self.children.append(child)
        child.start()

    @property
    def _address(self) -> str:
        return f"http://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}/"  # noqa: S104

    def _await_web(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            self._pause()
            try:
                with urllib.request.urlopen(f"{self._address}healthz", timeout=2):  # noqa: S310 (ours)
                    return
            except urllib.error.HTTPError:
                # It answers; what it thinks of our Host header is not the question.
                return
            except OSError:
                continue
        raise RunFailed("web did not answer in time")

    def _announce(self, demo: bool) -> None:
        if demo:
            _say(f"sign in as {DEMO_PEOPLE}, password {self._password()}")
        _say(f"open {self._address}")

    def _stop(self) -> None:
        """Web, then Celery, then the servers, last started first."""
        for child in self.children:
            child.stop(STOP_S)
        for server in reversed(self.servers):
            server.stop()


def _say(text: str) -> None:
    print(f"messenger: {text}", flush=True)


def _show(name: str, line: str) -> None:
    print(f"{name:>8} | {line}", flush=True)


def main() -> int:
    server = env.choice("SERVER", ("daphne", "uvicorn"), "daphne")
    port = env.number("PORT", 8000, low=1, high=65_000)
    try:
        Supervisor(data_folder(), server, env.text("HOST", "127.0.0.1"), port).run()
    except (RunFailed, FolderInUse, ServerFailed, NotInstalled) as error:
        _say(str(error))
        return 1
    _say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
