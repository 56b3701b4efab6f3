"""One of the messenger's own processes, its output in a log file."""

import contextlib
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from messenger.processes import signal_group, spawn
from tests.acceptance.template import CLONE

STOP_S = 15.0
TAIL_LINES = 30


class Program:
    """`environment` may change between starts."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.environment = dict(environment)
        self.log = log
        self._command = command
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = spawn(self._command, signal.SIGKILL, log, env=self.environment, cwd=CLONE)

    def stop(self) -> None:
        """SIGTERM, as a deployment does; SIGKILL after STOP_S."""
        if self.process is not None and self.is_running:
            signal_group(self.process, signal.SIGCONT)
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_S)
        self.kill()

    def kill(self) -> None:
        if self.process is not None and self.is_running:
            signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def log_tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]) if self.log.exists() else ""
