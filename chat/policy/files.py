"""What a file may be called, and as what it is served. Pure.

A name is for a person to read and never a path: nothing of it reaches the file system. A type is what the server found
(chat/media/sniff.py), and only those get through that no browser runs anything in; all else is just bytes.
"""

import re
import unicodedata

MAX_NAME_CHARS = 255
UNNAMED = "file"
BYTES = "application/octet-stream"

# Characters that turn the direction of what follows: "photo\u202egpj.exe" would read as a picture.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SEPARATORS = re.compile(r"[/\\]")
_TOLD = re.compile(
    r"(image/(?!svg)|audio/|video/)[a-z0-9.-]{1,60}"
    r"|application/(pdf|zip|gzip|x-7z-compressed|epub\+zip|msword|rtf|vnd\.(ms-|openxmlformats-|oasis\.)[a-z0-9.-]{1,80})"
    r"|text/plain"
)


def clean_name(name: str) -> str:
    """Without a path, control characters and turns of direction; at most 255 characters, the ending kept."""
    last = _SEPARATORS.split(name)[-1]
    shown = "".join(each for each in last if each not in _TURNING and unicodedata.category(each) not in _UNSHOWN)
    shown = " ".join(shown.split()).strip(". ")
    if len(shown) <= MAX_NAME_CHARS:
        return shown or UNNAMED
    stem, dot, ending = shown.rpartition(".")
    if not dot or len(ending) > 20:
        return shown[:MAX_NAME_CHARS]
    return stem[: MAX_NAME_CHARS - len(ending) - 1] + dot + ending


# Controls, lone halves of characters, unassigned ones, ends of lines and paragraphs. Formats stay: emoji have some.
_UNSHOWN = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


def told_type(found: str) -> str:
    """As it is told and served."""
    return found if _TOLD.fullmatch(found) and "xml" not in found.partition("/")[2][:4] else BYTES
