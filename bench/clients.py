"""The load process from the outside: started, connected, let go, asked for its result."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from bench.load import Plan
from tests.acceptance.template import CLONE

GRACE_S = 120.0


class Clients:
    """All calls block; raises RuntimeError when the load process fails."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.pid = process.pid

    def go(self) -> dict[str, Any]:
        """Begins, and gives back what came of it."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the load ended early")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def connected(plan: Plan) -> Iterator[Clients]:
    """All of the plan's sockets are connected and greeted."""
    command = [sys.executable, "-m", "bench.load"]
    with subprocess.Popen(command, cwd=CLONE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            process.stdin.write(plan.to_json() + "\n")
            process.stdin.flush()
            clients = Clients(process)
            clients.hear()
            yield clients
        finally:
            process.stdin.close()
            process.wait(GRACE_S)
