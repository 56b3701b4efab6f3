"""GIF, written anew without comments and what programs have added; pixels stay as they are."""

from typing import BinaryIO

from chat.media.reading import exactly
from chat.media.refused import RefusedFile

SIGNATURES = (b"GIF87a", b"GIF89a")
EXTENSION, IMAGE, END = 0x21, 0x2C, 0x3B
CONTROL, APPLICATION = 0xF9, 0xFF
# How often an animation repeats.
LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def rewrite(file: BinaryIO, out: BinaryIO) -> None:
    """From the beginning to the picture's end. Raises RefusedFile."""
    head = exactly(file, 13)
    out.write(head + _colours(file, head[10]))
    images = 0
    while (kind := exactly(file, 1)[0]) != END:
        if kind == EXTENSION:
            _extension(file, out)
        elif kind == IMAGE:
            images += 1
            place = exactly(file, 9)
            out.write(bytes([IMAGE]) + place + _colours(file, place[8]) + exactly(file, 1))
            _sub_blocks(file, out)
        else:
            raise RefusedFile("The picture is broken.")
    if not images:
        raise RefusedFile("There is no picture in it.")
    out.write(bytes([END]))


def _colours(file: BinaryIO, flags: int) -> bytes:
    return exactly(file, 3 << (flags & 7) + 1) if flags & 0x80 else b""


def _extension(file: BinaryIO, out: BinaryIO) -> None:
    label = exactly(file, 1)[0]
    if label not in (CONTROL, APPLICATION):
        _sub_blocks(file, None)
        return
    size = exactly(file, 1)
    first = exactly(file, size[0])
    kept = out if label == CONTROL or first in LOOPS else None
    if kept is not None:
        kept.write(bytes([EXTENSION, label]) + size + first)
    if size[0]:
        _sub_blocks(file, kept)


def _sub_blocks(file: BinaryIO, out: BinaryIO | None) -> None:
    """Up to the empty one. `out` None: they are left out."""
    while True:
        size = exactly(file, 1)
        data = size + exactly(file, size[0])
        if out is not None:
            out.write(data)
        if not size[0]:
            return
