"""The messenger's own processes under a supervisor: each with a name, its output, and an end."""

import contextlib
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from messenger.processes import kill_family, signal_group, spawn

TAIL_LINES = 20


class Child:
    """One process. `on_line` gets its name and each line it prints, in a thread; the last lines are remembered.

    When its supervisor dies by kill -9, so does it: what has been accepted is durable, and nothing may be left.
    """

    def __init__(
        self, name: str, command: list[str], env: Mapping[str, str], cwd: Path, on_line: Callable[[str, str], None]
    ) -> None:
        self.name = name
        self._command = command
        self._env = env
        self._cwd = cwd
        self._on_line = on_line
        self._reader: threading.Thread | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)

    def start(self) -> None:
        self.process = spawn(self._command, signal.SIGKILL, subprocess.PIPE, env=self._env, cwd=self._cwd)
        self._reader = threading.Thread(target=self._read, args=[self.process], daemon=True)
        self._reader.start()

    def _read(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        with process.stdout as stream:
            for raw in stream:
                line = raw.decode(errors="replace").rstrip()
                self.tail.append(line)
                # The child must not stall because nobody reads our own output any more.
                with contextlib.suppress(OSError):
                    self._on_line(self.name, line)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def last_words(self) -> str:
        """What it printed last; of a child that has ended, all of it."""
        if self._reader is not None:
            self._reader.join(1)
        return "\n".join(self.tail)

    def stop(self, timeout: float) -> None:
        """SIGTERM, and kill -9 after `timeout` seconds."""
        if self.process is not None and self.is_running:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout)
            self.kill()

    def kill(self) -> None:
        """kill -9 of the process and whatever it started."""
        if self.process is not None:
            kill_family(self.process)

    def signal(self, number: signal.Signals) -> None:
        """To the process and whatever it started, if it still runs."""
        if self.process is not None and self.is_running:
            signal_group(self.process, number)
