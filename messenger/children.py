"""Child processes with a name, a log and an end."""

import contextlib
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from messenger.processes import signal_group, spawn

TAIL_LINES = 20


class Child:
    """One process in a session of its own. `on_line` gets each line it prints; the last few are remembered."""

    def __init__(
        self, name: str, command: list[str], env: Mapping[str, str], cwd: Path, on_line: Callable[[str, str], None]
    ) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._cwd = cwd
        self._on_line = on_line
        self.process: subprocess.Popen[bytes] | None = None
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def start(self) -> None:
        self.process = spawn(self._command, signal.SIGTERM, subprocess.PIPE, env=self._env, cwd=self._cwd)
        threading.Thread(target=self._copy, args=[self.process], daemon=True).start()

    def _copy(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip()
                self.tail.append(line)
                self._on_line(self.name, line)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def stop(self, timeout: float) -> None:
        """SIGTERM, and SIGKILL after `timeout` seconds; then nothing of it is left."""
        if self.process is None:
            return
        if self.is_running:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
        self.kill()

    def kill(self) -> None:
        """kill -9 of the process and whatever it started."""
        if self.process is not None:
            signal_group(self.process, signal.SIGKILL)
            self.process.wait()

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            signal_group(self.process, number)
