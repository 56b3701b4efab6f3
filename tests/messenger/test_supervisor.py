"""`make run`, really run: what it prints, who can sign in, and that nothing is left of it however it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import psutil
import pytest

from messenger.processes import await_gone
from tests.acceptance.servers import free_ports
from tests.acceptance.template import copy_template
from tests.servers import new_folder

# Two runs, on a machine that is busy with others.
pytestmark = pytest.mark.timeout(900)

CLONE = Path(__file__).resolve().parents[2]
START_S = 300.0
OURS = ("MODE", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "LOG_LEVEL", "STATIC_ROOT", "PG_VERSION", "HOST")


class Run:
    """One `make run`. `folder` is kept between runs."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.log = folder.with_suffix(".log")
        clean = {name: value for name, value in os.environ.items() if name not in OURS}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "messenger.supervisor"],
                cwd=CLONE,
                env=clean | {"MESSENGER_DATA": str(folder)} | environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def await_address(self) -> str:
        eventually(lambda: any("open http" in line for line in self.lines) or self.process.poll() is not None)
        match = re.fullmatch(r"messenger: open (http://\S+/)", self.lines[-1])
        assert match, self.log.read_text()
        return match[1]

    def password(self) -> str:
        match = re.search(r"sign in as alice, bob or carol, password (\S+)", self.log.read_text())
        assert match
        return match[1]

    def family(self) -> dict[str, psutil.Process]:
        """Its children by what they are."""
        words = {"postgres": "/postgres -D", "redis": "redis-server", "web": "messenger.asgi:application"}
        words |= {"receipts": "-Q receipts", "worker": "-Q default", "media": "-Q media"}
        words |= {"beat": "messenger beat"}
        found = {}
        for child in psutil.Process(self.process.pid).children():
            line = " ".join(child.cmdline())
            found |= {name: child for name, word in words.items() if word in line}
        return found

    def everyone(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(180)


def eventually(check: Callable[[], bool], timeout: float = START_S) -> None:
    end = time.monotonic() + timeout
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)


def sign_in(address: str, username: str, password: str) -> str:
    """The address one ends at."""
    cookies = CookieJar()
    browser = build_opener(HTTPCookieProcessor(cookies))
    browser.open(f"{address}sign-in/").read()
    token = next(str(cookie.value) for cookie in cookies if cookie.name == "csrftoken")
    form = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": token}).encode()
    return str(browser.open(f"{address}sign-in/", form).url)


def free_port() -> str:
    """Of the run's own: several at once that all find the same one free would fight for it."""
    return str(free_ports(1)[0])


@pytest.fixture
def folder() -> Iterator[Path]:
    yield new_folder("messenger-run-") / "data"


@pytest.fixture
def prepared(folder: Path) -> Path:
    """As an earlier run left it: what the first one does is looked at in the tests with an empty `folder`."""
    folder.mkdir(mode=0o711)
    copy_template(folder)
    return folder


def order_of_end(family: dict[str, psutil.Process], run: Run) -> list[str]:
    """The names in the order in which they ended after Ctrl-C."""
    run.process.send_signal(signal.SIGINT)
    ended: list[str] = []
    while len(ended) < len(family):
        ended += [name for name, each in family.items() if name not in ended and await_gone([each], 0)]
        time.sleep(0.002)
    return ended


@pytest.mark.acceptance
def test_a_run_from_its_first_line_to_its_last(folder: Path) -> None:
    with socket.socket() as taken, Run(folder, PORT=str(_take(taken))) as run:
        address = run.await_address()
        assert not address.endswith(f":{taken.getsockname()[1]}/")
        for person in ("alice", "bob", "carol"):
            assert sign_in(address, person, run.password()) == address
        assert "sign-in" in sign_in(address, "alice", "wrong password")

        with Run(folder.parent / "data") as second:
            assert second.process.wait(120) == 1
            assert second.lines == [f"messenger: another run is using {folder}"]

        everyone = run.everyone()
        ended = order_of_end(run.family(), run)
        assert ended[0] == "web"
        assert set(ended[1:5]) == {"receipts", "worker", "media", "beat"}
        assert run.process.wait(60) == 0
        assert await_gone(everyone, 10)


def _take(listener: socket.socket) -> int:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return int(listener.getsockname()[1])


@pytest.mark.acceptance
@pytest.mark.parametrize("victim", ["web", "redis"])
def test_a_child_that_dies_ends_the_run_and_is_named(prepared: Path, victim: str) -> None:
    with Run(prepared, SERVER="uvicorn", PORT=free_port()) as run:
        run.await_address()
        everyone = run.everyone()
        run.family()[victim].kill()
        assert run.process.wait(180) == 1
        assert any(line.startswith(f"messenger: {victim} died") for line in run.lines), run.log.read_text()
        assert await_gone(everyone, 10)


@pytest.mark.acceptance
def test_nothing_outlives_a_killed_run_and_the_next_one_finds_its_data(folder: Path) -> None:
    port = free_port()
    with Run(folder, PORT=port) as run:
        run.await_address()
        everyone = run.everyone()
        password = run.password()
        run.process.kill()
        assert await_gone(everyone, 10)
    with Run(folder, PORT=port) as run:
        address = run.await_address()
        assert run.password() == password
        assert sign_in(address, "alice", password) == address
        everyone = run.everyone()
        # A web process that does not end when asked is waited for, unless the person is in a hurry.
        run.family()["web"].suspend()
        run.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            run.process.wait(2)
        assert run.end() == 0
        assert await_gone(everyone, 10)


@pytest.mark.acceptance
def test_production_refuses_to_start_without_its_settings(folder: Path) -> None:
    with Run(folder, MODE="production", SECRET_KEY="s" * 50, ALLOWED_HOSTS="chat.example") as run:
        assert run.process.wait(180) == 1
        wanted = "DATABASE_URL is not set: it must be an address starting with postgres:// or postgresql://."
        assert run.lines[-2:] == [f"  manage | messenger: {wanted}", "messenger: manage.py migrate failed"]
