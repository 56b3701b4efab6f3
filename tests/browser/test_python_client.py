"""Someone at a page and someone at a terminal: one conversation, and the same ticks on both sides."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.servers import PASSWORD, House
from tests.browser.person import Person

CLONE = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Terminal:
    """The terminal client. What it prints is collected by a thread: Playwright's calls block."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def types(self, line: str) -> None:
        assert self.process.stdin is not None
        print(line, file=self.process.stdin, flush=True)

    def expect(self, text: str) -> None:
        """A line that holds it; those before it are passed over."""
        while text not in self._lines.get(timeout=PATIENCE_S):
            pass


@contextmanager
def terminal(house: House, me: str, other: str, folder: Path) -> Iterator[Terminal]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLONE), "HOME": str(folder), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "messenger_client", "chat", other, "--server", house.address, "--as", me]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(
        command, env=environment | {"MESSENGER_PASSWORD": PASSWORD}, cwd=folder, text=True, **pipes
    ) as process:
        try:
            yield Terminal(process)
        finally:
            process.kill()


def test_a_terminal_and_a_browser_talk(house: House, alice: Person, tmp_path: Path) -> None:
    [dave] = house.enrol(f"dave{alice.username}")
    with terminal(house, dave.username, alice.username, tmp_path) as typist:
        typist.expect("/help for help")
        typist.types("hello from the terminal")
        typist.expect("✓✓ hello from the terminal")
        alice.page.locator(".conversation").filter(has_text=dave.username.capitalize()).click()
        typist.expect("✓✓ read hello from the terminal")
        alice.send("hello from the page")
        typist.expect("Alice")
        alice.expect_tick("hello from the page", "seen")
        alice.expect_texts("hello from the terminal", "hello from the page")
