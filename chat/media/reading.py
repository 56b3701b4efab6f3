"""Walking through a file piece by piece: nothing is ever held in memory as a whole."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from chat.media.refused import RefusedFile

BLOCK = 1 << 20


def exactly(file: BinaryIO, size: int) -> bytes:
    """Raises RefusedFile at the end of the file."""
    data = file.read(size)
    if len(data) != size:
        raise RefusedFile("The picture ends too early.")
    return data


def blocks(file: BinaryIO, size: int) -> Iterator[bytes]:
    """`size` bytes in pieces. Raises RefusedFile at the end of the file."""
    while size:
        piece = exactly(file, min(BLOCK, size))
        size -= len(piece)
        yield piece


def until(file: BinaryIO, end: "re.Pattern[bytes]", out: BinaryIO) -> bytes:
    """Copies what is before the two bytes that match `end`, and returns them. Raises RefusedFile."""
    held = b""
    while piece := file.read(BLOCK):
        held += piece
        if found := end.search(held):
            out.write(held[: found.start()])
            file.seek(found.end() - len(held), 1)
            return found.group()
        out.write(held[:-1])
        held = held[-1:]
    raise RefusedFile("The picture ends too early.")
