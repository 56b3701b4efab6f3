"""A whole messenger of its own for one test: PostgreSQL, Redis, web processes, Celery, beat, and one address in front.

Everything is the real thing, started with the command lines of `make run`. Any part can be killed, paused and
started again by name: postgres, redis, web0, web1…, receipts, worker, beat.
"""

import atexit
import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from messenger import commands
from messenger.children import Child
from messenger.embedded import Postgres, Redis, Server
from messenger.supervisor import free_port
from tests.acceptance.balancer import Balancer

CLONE = Path(__file__).resolve().parents[2]
START_S = 60.0
STOP_S = 10.0
PASSWORD = "correct horse battery"
FIRST_PORT = 20_000
# Migrated once a run, copied for each house.
_template: Path | None = None


def eventually(what: str, check: Callable[[], object], timeout: float = 30.0, pause: float = 0.05) -> None:
    """Waits until `check` is true; AssertionError naming `what` when it does not come to be."""
    end = time.monotonic() + timeout
    while not check():
        if time.monotonic() > end:
            raise AssertionError(f"not in {timeout:.0f} s: {what}")
        time.sleep(pause)


class House:
    """`with House(webs=2, server="daphne") as house:`. `address` is host:port of the balancer."""

    def __init__(
        self, webs: int = 1, server: str = "daphne", celery: bool = True, env: dict[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="messenger-house-"))
        self.folder.chmod(0o755)
        self.server = server
        self._webs = webs
        self._celery = celery
        self._extra = env or {}
        self.postgres = Postgres(
            self.folder / "postgres", os.environ.get("PG_VERSION", "18"), {"shared_buffers": "64MB"}
        )
        self.redis = Redis(self.folder / "redis")
        self.children: dict[str, Child] = {}
        self.ports: dict[str, int] = {}
        self.balancer = Balancer(self._live_ports)
        self.log: list[str] = []

    # Life

    def __enter__(self) -> "House":
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if error is not None:
            print(f"--- {self.folder.name}\n" + "\n".join(self.log[-60:]), file=sys.stderr)

    def start(self) -> None:
        self._from_template()
        self.postgres.start()
        self.redis.start()
        for number in range(self._webs):
            name = f"web{number}"
            self.ports[name] = free_port("127.0.0.1", FIRST_PORT + os.getpid() % 8000 + 10 * number)
            self._add(name, commands.web(self.server, "127.0.0.1", self.ports[name]))
        if self._celery:
            self._add("receipts", commands.worker("receipts"))
            self._add("worker", commands.worker("default"))
            self._add("beat", commands.beat(self.folder))
        for name in self.ports:
            self.await_web(name)
        self.balancer.start()

    def stop(self) -> None:
        self.balancer.stop()
        for child in self.children.values():
            child.signal(signal.SIGCONT)
            child.stop(STOP_S)
        self.redis.stop()
        if self.postgres.process is not None and self.postgres.process.poll() is None:
            self._resume_postgres()
            self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _from_template(self) -> None:
        """A fresh data folder, migrated: copied from one made once in this process."""
        global _template
        if _template is None:
            folder = Path(tempfile.mkdtemp(prefix="messenger-template-"))
            folder.chmod(0o755)
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            postgres = Postgres(folder / "postgres", self.postgres.version, {"shared_buffers": "64MB"})
            postgres.start()
            env = self.environment() | {"DATABASE_URL": postgres.create_database("messenger")}
            subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=CLONE, env=env, check=True)
            collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
            subprocess.run(collect, cwd=CLONE, env=env | {"STATIC_ROOT": str(folder / "static")}, check=True)
            postgres.stop()
            _template = folder
        # cp keeps owners; PostgreSQL insists on them.
        subprocess.run(["/bin/cp", "-a", str(_template / "postgres"), str(self.folder)], check=True)

    def environment(self) -> dict[str, str]:
        """For manage.py and children of this house."""
        static = str(_template / "static") if _template is not None else str(self.folder / "static")
        return (
            {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "COV"))}
            | {
                "MODE": "demo",
                "SECRET_KEY": "only-for-tests",
                "DATABASE_URL": self.postgres.uri("messenger"),
                "REDIS_URL": self.redis.url,
                "STATIC_ROOT": static,
                "LOG_LEVEL": "WARNING",
            }
            | self._extra
        )

    def _add(self, name: str, command: list[str]) -> None:
        child = Child(name, command, self.environment(), CLONE, lambda who, line: self.log.append(f"{who} | {line}"))
        self.children[name] = child
        child.start()

    def await_web(self, name: str) -> None:
        eventually(f"{name} answers", lambda: self.answers(name), START_S)

    def answers(self, name: str) -> bool:
        if not self.children[name].is_running:
            raise AssertionError(f"{name} died:\n" + "\n".join(self.children[name].tail))
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _live_ports(self) -> list[int]:
        return [port for name, port in self.ports.items() if self.children[name].is_running]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.balancer.port}"

    # Faults

    def _server(self, name: str) -> Server | None:
        return {"postgres": self.postgres, "redis": self.redis}.get(name)

    def kill(self, name: str) -> None:
        """kill -9 of the part and all its children."""
        server = self._server(name)
        if server is not None:
            server.kill()
        else:
            self.children[name].kill()

    def restart(self, name: str, wait: bool = True) -> None:
        """Starts a part that was killed."""
        server = self._server(name)
        if server is not None:
            server.start()
            return
        self.children[name].start()
        if wait and name in self.ports:
            self.await_web(name)

    def terminate(self, name: str) -> None:
        """SIGTERM, as an operator would; returns when it has gone."""
        self.children[name].stop(STOP_S)

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        """SIGSTOP and SIGCONT: there, but answering nothing."""
        pids = self._family(name)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _family(self, name: str) -> list[int]:
        import psutil

        server = self._server(name)
        pid = server.pid if server is not None else self.children[name].pid
        return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]

    def _resume_postgres(self) -> None:
        for pid in self._family("postgres"):
            os.kill(pid, signal.SIGCONT)

    # People

    def people(self, *usernames: str) -> None:
        """Makes accounts, all with PASSWORD."""
        script = (
            "from django.contrib.auth.hashers import make_password as m; from chat.models import User;"
            f"User.objects.bulk_create([User(username=u, name=u.title(), password=m({PASSWORD!r})) for u in {list(usernames)!r}])"
        )
        subprocess.run(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", script],
            cwd=CLONE,
            env=self.environment(),
            check=True,
        )
