"""A whole messenger of real processes: its own PostgreSQL and Redis, web processes, Celery workers and beat.

For end-to-end and browser tests, fault injection and the bench. Parts have names: postgres, redis, web-1, web-2, …,
celery; or, with Celery apart as a deployment has it, receipts, default, media, beat; and wakeups, if `environment` has
a VAPID_PRIVATE_KEY. The first house of a run fills a template folder (initdb, migrations, static files); the next ones
copy it.

    with House(web=2) as house:
        alice, bob = house.enrol("alice", "bob")
        house.kill("web-1")
        house.restart("web-1")

All calls block. In an event loop, `await asyncio.to_thread(house.restart, "web-1")`.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from typing import Any, Self

import psutil

from messenger import commands
from messenger.embedded import Postgres, Redis, Server
from messenger.processes import signal_group
from tests.acceptance import people
from tests.acceptance.balancer import Balancer
from tests.acceptance.people import SignedIn
from tests.acceptance.program import Program
from tests.acceptance.template import copy_template, environment_of, manage
from tests.servers import new_folder

SERVERS = ("daphne", "uvicorn")
PASSWORD = "correct horse battery staple"
START_S = 180.0
# Below the range the kernel takes for outgoing connections: a port must still be free when its process restarts.
PORTS = range(20_000, 30_000)

Part = Program | Server


class Celery(Enum):
    """Every program costs a second or two of a core to start: most tests are content with one."""

    NONE = auto()
    TOGETHER = auto()
    APART = auto()


class House:
    """`web` processes of `server` (daphne or uvicorn); `environment` is added to theirs; `options` to PostgreSQL's."""

    def __init__(
        self,
        web: int = 1,
        server: str = "daphne",
        celery: Celery = Celery.TOGETHER,
        environment: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = new_folder("messenger-house-")
        self.postgres = Postgres(self.folder / "postgres", os.environ.get("PG_VERSION", "18"), options)
        self.redis = Redis(self.folder / "redis")
        self.environment = environment_of(self.postgres, self.redis, self.folder / "static") | dict(environment or {})
        self._ports = free_ports(web + 1)
        self._balancer = Balancer(self._ports[0], self._ports[1:])
        # The kernel ends children with the thread that made them: one thread, as long-lived as the house.
        self._owner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="house")
        lines = {f"web-{n}": commands.web(server, "127.0.0.1", port) for n, port in enumerate(self._ports[1:], 1)}
        lines |= self._celery(celery)
        self.programs = {name: self._program(name, line) for name, line in lines.items()}
        self.parts: dict[str, Part] = {"postgres": self.postgres, "redis": self.redis} | self.programs

    def _celery(self, celery: Celery) -> dict[str, list[str]]:
        queues = ["receipts", "default", "media"] + ["wakeups"] * bool(self.environment["VAPID_PRIVATE_KEY"])
        match celery:
            case Celery.NONE:
                return {}
            case Celery.TOGETHER:
                return {"celery": commands.worker(*queues, clock=self.folder)}
            case Celery.APART:
                return {queue: commands.worker(queue) for queue in queues} | {"beat": commands.beat(self.folder)}

    def _program(self, name: str, command: list[str]) -> Program:
        return Program(name, command, self.environment, self.folder / f"{name}.log")

    # Where it is

    @property
    def address(self) -> str:
        """One address in front of all web processes."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def addresses(self) -> list[str]:
        """Each web process's own."""
        return [f"http://127.0.0.1:{port}" for port in self._ports[1:]]

    @property
    def dsn(self) -> str:
        return self.environment["DATABASE_URL"]

    # From start to end

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.print_logs()
        self.stop()

    def start(self) -> None:
        """Returns when every web process answers."""
        try:
            self._by_owner(self._start)
        except BaseException:
            self.print_logs()
            self.stop()
            raise
        self._balancer.start()

    def _start(self) -> None:
        copy_template(self.folder)
        for part in self.parts.values():
            part.start()
        for name in self.programs:
            self._await(name)

    def stop(self) -> None:
        """Web, Celery, then the servers; the folder goes too."""
        self._balancer.stop()
        for program in self.programs.values():
            if program.is_running and program.process is not None:
                signal_group(program.process, signal.SIGCONT)
                program.process.terminate()
        for program in self.programs.values():
            program.stop()
        self.resume("postgres")
        self.resume("redis")
        self.redis.stop()
        self.postgres.stop()
        self._owner.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def print_logs(self) -> None:
        for name, part in self.parts.items():
            print(f"--- {name}\n{part.log_tail()}", flush=True)

    def log(self, name: str, since: int = 0) -> str:
        """What a program has written, from that many bytes on."""
        return self.programs[name].log.read_bytes()[since:].decode(errors="replace")

    def log_size(self, name: str) -> int:
        return self.programs[name].log.stat().st_size

    # Faults

    def kill(self, name: str) -> None:
        """kill -9 of the part and everything it started; returns when it is gone."""
        self.parts[name].kill()

    def end(self, name: str) -> None:
        """SIGTERM and wait, as a deployment does."""
        self.parts[name].stop()

    def restart(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """Starts a part that was killed or ended; a web process answers afterwards. `environment` is added to its."""
        part = self.parts[name]
        if isinstance(part, Program):
            part.environment = self.environment | dict(environment or {})
        self._by_owner(part.start)
        self._await(name)

    def pause(self, name: str) -> None:
        """SIGSTOP: alive for the kernel, deaf for everyone else."""
        for process in self._family(name):
            # One that has just ended by itself needs no stopping.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()

    def resume(self, name: str) -> None:
        for process in self._family(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def is_running(self, name: str) -> bool:
        process = self.parts[name].process
        return process is not None and process.poll() is None

    def _family(self, name: str) -> Iterator[psutil.Process]:
        """The part and what it started, the parent first: then it cannot start more of them meanwhile."""
        if self.is_running(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                parent = psutil.Process(self.parts[name].pid)
                yield parent
                yield from parent.children(recursive=True)

    # People and commands

    def enrol(self, *usernames: str, password: str = PASSWORD) -> list[SignedIn]:
        """New people, each with a signed-in device."""
        return people.enrol(self.dsn, usernames, password)

    def sign_in(self, username: str) -> SignedIn:
        """One more device of theirs."""
        return people.sign_in(self.dsn, username)

    def person(self, username: str, password: str = PASSWORD) -> str:
        """A new user's id, for tests that sign in by themselves."""
        return self.enrol(username, password=password)[0].user

    def manage(self, *arguments: str) -> str:
        """manage.py in this house; what it printed."""
        return manage(self.environment, arguments)

    def _by_owner(self, call: Callable[[], Any]) -> None:
        self._owner.submit(call).result()

    def _await(self, name: str) -> None:
        if not name.startswith("web-"):
            return
        address = self.addresses[int(name.removeprefix("web-")) - 1]
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if not self.is_running(name):
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=2):  # noqa: S310
                return
            time.sleep(0.05)
        raise TimeoutError(f"{name} did not start:\n{self.parts[name].log_tail()}")


def free_ports(count: int) -> list[int]:
    found: list[int] = []
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise OSError("no free port")
