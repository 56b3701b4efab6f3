"""Where in a folder a file is saved that somebody else has named. The name is only a hint: nothing of it leads out of
the folder, hides the file, or takes the place of one that is there."""

import os
import re
import unicodedata
from itertools import count
from pathlib import Path

UNNAMED = "file"
# Of a name on common file systems; some of it is left for a number.
MAX_NAME_BYTES = 255
NUMBER_BYTES = 20
MAX_ENDING_BYTES = 20
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# What Windows takes for devices, whatever the ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def safe_name(name: str) -> str:
    """The last part of it, as a plain file's name on any system; the ending is kept."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(each for each in last if unicodedata.category(each)[0] != "C")
    shown = _FORBIDDEN.sub("_", " ".join(shown.split())).strip(". ")
    if _DEVICES.fullmatch(shown):
        shown = f"_{shown}"
    return _shortened(shown) or UNNAMED


def reserve(folder: Path, name: str) -> Path:
    """An empty file in the folder, made now, of that name or with a number after it. Raises OSError."""
    wanted = Path(safe_name(name))
    for number in count(1):
        path = folder / (wanted.name if number == 1 else f"{wanted.stem} ({number}){wanted.suffix}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")


def readable(size: int) -> str:
    """Bytes as people read them."""
    if size < 1_000:
        return f"{size} B"
    for unit, one in (("kB", 1e3), ("MB", 1e6)):
        if size < one * 999.5:
            return f"{size / one:.3g} {unit}"
    return f"{size / 1e9:.3g} GB"


def _shortened(name: str) -> str:
    most = MAX_NAME_BYTES - NUMBER_BYTES
    if len(name.encode()) <= most:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > MAX_ENDING_BYTES:
        stem, dot, ending = name, "", ""
    return stem.encode()[: most - len(f"{dot}{ending}".encode())].decode(errors="ignore") + dot + ending
