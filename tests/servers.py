"""The PostgreSQL and the Redis of one test run, shared by all its workers.

Started by the pytest process that controls the run, before Django's settings are read; each worker has a database
and a Redis number of its own.
"""

import atexit
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from messenger.embedded import Postgres, Redis

POSTGRES = "TEST_POSTGRES_URI"
REDIS = "TEST_REDIS_URL"
# Whatever else the run needs on disk goes here too, and is gone after it.
FOLDER = "TEST_FOLDER"
# For tests only.
VAPID_PRIVATE_KEY = "KhXYaB3vAQxkJzGmqkR0HcVKrKbHTLxT1NwzqZ3YcTo"
# Everybody comes from one address and does as much as they can: limits are there, and far away.
PLENTY = dict.fromkeys(
    (
        *("LIMIT_SENDS", "LIMIT_SENDS_ADDRESS", "LIMIT_CONVERSATIONS", "LIMIT_CONVERSATIONS_ADDRESS"),
        *("LIMIT_CONNECTS", "LIMIT_CONNECTS_ADDRESS", "LIMIT_SYNC_MEGABYTES", "LIMIT_SYNC_MEGABYTES_ADDRESS"),
        *("LIMIT_UPLOAD_MEGABYTES", "LIMIT_UPLOAD_MEGABYTES_ADDRESS", "LIMIT_SIGN_INS_ADDRESS"),
        *("LIMIT_SIGN_UPS_ADDRESS", "LIMIT_PASSWORDS", "LIMIT_RESETS", "LIMIT_RESETS_ADDRESS", "LIMIT_EXPORTS"),
        *("LIMIT_SEARCHES", "LIMIT_SEARCHES_ADDRESS", "LIMIT_ACTS", "LIMIT_ACTS_ADDRESS"),
        *("LIMIT_STRANGERS", "LIMIT_STRANGERS_ADDRESS"),
    ),
    "1000000000",
)


def new_folder(prefix: str) -> Path:
    """A folder for this run, gone after it; PostgreSQL's own user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=os.environ.get(FOLDER)))
    folder.chmod(0o711)
    return folder


@cache
def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder filled by `make`. In a run of tests it is one for all workers: the first that wants it makes it, the
    others wait; else it is this process's own."""
    if FOLDER not in os.environ:
        folder = new_folder(f"messenger-{name}-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        make(folder)
        return folder
    folder = Path(os.environ[FOLDER]) / name
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = new_folder(f"{name}-")
            make(partial)
            partial.rename(folder)
    return folder


def copy_folder(source: Path, target: Path) -> None:
    """With owners and modes, which matter to PostgreSQL."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(source), str(target)], check=True)


class TestServers:
    """`start` leaves their addresses in the environment, which workers inherit."""

    __test__ = False

    def __init__(self) -> None:
        self.folder = new_folder("messenger-tests-")
        version = os.environ.get("PG_VERSION", "18")
        # Tests are about what happens, not about a test machine's disk surviving a power cut: but fsync stays on.
        self.postgres = Postgres(self.folder / "postgres", version, {"shared_buffers": "64MB"})
        self.redis = Redis(self.folder / "redis")

    def start(self) -> None:
        self.postgres.start()
        self.redis.start()
        os.environ[POSTGRES] = self.postgres.uri()
        os.environ[REDIS] = self.redis.url
        os.environ[FOLDER] = str(self.folder)

    def stop(self) -> None:
        self.redis.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def environment_for(worker: str) -> dict[str, str]:
    """Settings of one pytest worker ("gw0", "gw1"… or "master")."""
    number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 15
    return {
        "MODE": "demo",
        "SECRET_KEY": "only-for-tests",
        "DATABASE_URL": os.environ[POSTGRES],
        "REDIS_URL": f"{os.environ[REDIS]}?db={number}",
        "LOG_LEVEL": "WARNING",
        "VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY,
        "MESSENGER_PUSH_LOOPBACK": "true",
    } | PLENTY
