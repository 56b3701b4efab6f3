"""Where a clone keeps its data between runs, and what is kept there beside the servers' own folders."""

import fcntl
import os
import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import IO

CLONE = Path(__file__).resolve().parent.parent
VAPID_KEY = "vapid-key"


class FolderInUse(Exception):
    """Two runs on one database would fight."""


def data_folder(clone: Path = CLONE) -> Path:
    """$MESSENGER_DATA, or a folder of this clone's own. Root's is outside its home, which PostgreSQL, running as
    another user, could not enter."""
    given = os.environ.get("MESSENGER_DATA")
    if given:
        return Path(given).resolve()
    key = sha256(str(clone).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        return Path("/var/lib/messenger") / key
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "messenger" / key


def make_data_folder(folder: Path) -> None:
    """Root's can be passed through but not listed, whatever the umask: PostgreSQL's folder is inside."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    mode = 0o711 if os.geteuid() == 0 else 0o700
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(mode)


def claim(folder: Path) -> IO[str]:
    """Ours until the file is closed or this process ends. Raises FolderInUse."""
    lock = (folder / "run.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise FolderInUse(f"another run is using {folder}") from None
    return lock


def kept_secret(path: Path, length: int) -> str:
    """A random text of `length` bytes' worth, made once and kept, for its owner's eyes only."""
    return kept(path, lambda: secrets.token_urlsafe(length))


def kept(path: Path, make: Callable[[], str], again: bool = False) -> str:
    """What `make` made once, kept for its owner's eyes only. `again`: made anew, and the former one is gone."""
    if again or not path.exists():
        # Renamed into place whole: an interrupted start must not leave an empty secret behind.
        partial = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        partial.rename(path)
    return path.read_text()
