"""Files on their way out, as they are on this disk. A file goes as it was when the message was written: one that is
gone or has changed since is not sent. All of it blocks; in a thread."""

import os
import stat
from pathlib import Path

from messenger_client.errors import InvalidMessage, Refused
from messenger_client.model import UnsentFile

GONE = ("FILE_GONE", "The file is not there any more, or cannot be read.")
CHANGED = ("FILE_CHANGED", "The file has changed since the message was written.")


def look(path: str | Path) -> UnsentFile:
    """As it is now; it has no key yet. Raises InvalidMessage for what is no file or empty, OSError."""
    found = Path(path).absolute()
    with found.open("rb") as file:
        status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise InvalidMessage("Only a file can be sent.")
    if not status.st_size:
        raise InvalidMessage("An empty file cannot be sent.")
    return UnsentFile("", str(found), found.name, status.st_size, status.st_mtime_ns)


def read(file: UnsentFile, offset: int, count: int) -> bytes:
    """Up to `count` bytes from there. Raises Refused: FILE_GONE, FILE_CHANGED."""
    try:
        with Path(file.path).open("rb") as source:
            source.seek(offset)
            piece = source.read(count)
            status = os.fstat(source.fileno())
    except OSError:
        raise Refused(GONE[1], GONE[0]) from None
    wanted = min(count, file.size - offset)
    if (status.st_size, status.st_mtime_ns, len(piece)) != (file.size, file.modified, wanted):
        raise Refused(CHANGED[1], CHANGED[0])
    return piece
