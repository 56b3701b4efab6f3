"""The README's echo bot as a process of its own, as a user runs it: it knows nothing of this project's settings."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.acceptance.servers import PASSWORD

CLONE = Path(__file__).parents[2]
README = CLONE / "messenger_client" / "README.md"
# Kills itself before or after the N-th transaction of the bot.
KILLER = """
import os, runpy, signal, sys
from messenger_client.store.database import Database

at, when, script = int(sys.argv[1]), sys.argv[2], sys.argv[3]
commit, count = Database._commit, 0

def counted(self, works):
    global count
    count += 1
    if (count, when) == (at, "before"):
        os.kill(os.getpid(), signal.SIGKILL)
    outcomes = commit(self, works)
    if (count, when) == (at, "after"):
        os.kill(os.getpid(), signal.SIGKILL)
    return outcomes

Database._commit = counted
runpy.run_path(script, run_name="__main__")
"""


def example() -> str:
    """The README's only Python block."""
    [found] = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.S | re.M)
    return found


class Bot:
    """`folder`: where it runs, and keeps its database."""

    def __init__(self, folder: Path, server: str, username: str) -> None:
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLONE), "HOME": str(folder)}
        self.environment |= {"MESSENGER": server, "BOT_NAME": username, "BOT_PASSWORD": PASSWORD}
        self.script = folder / "bot.py"
        self.script.write_text(example())
        self.killer = folder / "killer.py"
        self.killer.write_text(KILLER)
        self.log = folder / "bot.log"

    @contextmanager
    def running(self, *killer: str) -> "Iterator[subprocess.Popen[bytes]]":
        """Killed with -9 in the end. `killer`: which transaction it dies at, "before" or "after" it."""
        command = [str(self.killer), *killer, str(self.script)] if killer else [str(self.script)]
        with self.log.open("ab") as log:
            process = subprocess.Popen([sys.executable, *command], cwd=self.folder, env=self.environment, stderr=log)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def stored(self) -> dict[str, int]:
        """Conversation -> how far its disk has it, while the bot does not run. It may have been killed before it had a
        table."""
        with sqlite3.connect(self.folder / "bot.sqlite3") as db:
            tables = db.execute("SELECT name FROM sqlite_master WHERE name = 'conversations'").fetchall()
            found = dict(db.execute("SELECT id, received FROM conversations").fetchall() if tables else [])
        db.close()
        return found
