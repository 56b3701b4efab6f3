"""SVG: drawings that may hold programs. One that does is refused; a plain one is accepted, as a download and no more.

Read by expat, with every declaration of an entity being the end of it: nothing is expanded, nothing is fetched.
"""

import re
from typing import Any, BinaryIO
from xml.parsers import expat

from chat.media.refused import RefusedFile

MAX_BYTES = 10_000_000
ACTIVE = frozenset(["script", "foreignobject", "iframe", "embed", "object", "audio", "video", "handler", "listener"])
LINKS = frozenset(["href", "src", "action", "formaction"])
# Of a link: a place in the drawing itself, or a picture in it.
INNER = re.compile(r"\s*(#|data:image/(png|jpeg|gif|webp)[;,])", re.IGNORECASE)
OUTER_STYLE = re.compile(r"@import|url\(\s*['\"]?\s*(?!#)[^)\s]|expression\(|javascript:", re.IGNORECASE)
LOOKS_LIKE = re.compile(rb"<(?:[a-z0-9]{1,20}:)?svg[\s>/]", re.IGNORECASE)


def is_svg(head: bytes) -> bool:
    """Of the beginning, in whatever encoding."""
    return bool(LOOKS_LIKE.search(head.replace(b"\0", b"")))


def check(file: BinaryIO) -> None:
    """Raises RefusedFile for what could run or fetch anything, and for what cannot be read."""
    file.seek(0)
    text = file.read(MAX_BYTES + 1)
    if len(text) > MAX_BYTES:
        raise RefusedFile("The drawing is too large to be checked.")
    parser = expat.ParserCreate()
    styles = _Styles()
    parser.StartElementHandler = styles.start
    parser.EndElementHandler = styles.end
    parser.CharacterDataHandler = styles.text
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, LookupError, ValueError):
        raise RefusedFile("The drawing is broken.") from None


def _refuse(*_: Any) -> None:
    raise RefusedFile("The drawing holds more than a drawing.")


class _Styles:
    """Sees every element, and the text of style sheets."""

    def __init__(self) -> None:
        self._inside = 0
        self._sheet = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2].lower()
        if local in ACTIVE:
            _refuse()
        self._inside += local == "style"
        for key, value in attributes.items():
            bare = key.rpartition(":")[2].lower()
            is_outer = bare in LINKS and not INNER.match(value)
            # An animation may change any attribute, a link too.
            changes = value.rpartition(":")[2].strip().lower() if bare == "attributename" else ""
            if bare.startswith("on") or changes.startswith("on") or changes in LINKS:
                _refuse()
            if is_outer or OUTER_STYLE.search(value):
                _refuse()

    def end(self, name: str) -> None:
        if name.rpartition(":")[2].lower() == "style":
            self._inside -= 1
            if OUTER_STYLE.search(self._sheet) or "\\" in self._sheet:
                _refuse()
            self._sheet = ""

    def text(self, data: str) -> None:
        if self._inside:
            self._sheet += data
