"""WebP, written anew without EXIF and XMP; pixels stay as they are."""

import struct
from typing import BinaryIO

from chat.media import exif
from chat.media.reading import blocks, exactly
from chat.media.refused import RefusedFile

KEPT = frozenset([b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"])
PICTURES = frozenset([b"VP8 ", b"VP8L", b"ANMF"])
MAX_EXIF_BYTES = 65_536
# Of the flags of VP8X: there is EXIF, there is XMP.
HAS_EXIF, HAS_XMP = 0x08, 0x04


def is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


def rewrite(file: BinaryIO, out: BinaryIO) -> None:
    """As long as the file says that it is. Raises RefusedFile."""
    _, size, _ = struct.unpack("<4sI4s", exactly(file, 12))
    out.write(b"RIFF\0\0\0\0WEBP")
    left, seen, flags_at, turned = size - 4, set(), 0, 1
    while left >= 8:
        kind, length = struct.unpack("<4sI", exactly(file, 8))
        padded = length + length % 2
        left -= 8 + padded
        if left < 0 or padded > 1 << 31:
            raise RefusedFile("The picture is broken.")
        seen.add(kind)
        if kind == b"EXIF" and length <= MAX_EXIF_BYTES:
            turned = exif.orientation(exactly(file, padded)[:length].removeprefix(b"Exif\0\0"))
            continue
        if kind == b"VP8X":
            flags_at = out.tell() + 8
        _copy(file, kind, length, out if kind in KEPT else None)
    if not seen & PICTURES:
        raise RefusedFile("There is no picture in it.")
    _finish(out, flags_at, exif.only(turned))


def _copy(file: BinaryIO, kind: bytes, length: int, out: BinaryIO | None) -> None:
    """`out` None: it is left out."""
    if out is not None:
        out.write(struct.pack("<4sI", kind, length))
    for piece in blocks(file, length + length % 2):
        if out is not None:
            out.write(piece)


def _finish(out: BinaryIO, flags_at: int, kept: bytes) -> None:
    """Which way up it is, if it can be said; and what the file's head says of it."""
    if flags_at and kept:
        out.write(struct.pack("<4sI", b"EXIF", len(kept)) + kept + b"\0" * (len(kept) % 2))
    end = out.tell()
    out.seek(4)
    out.write(struct.pack("<I", end - 8))
    if flags_at:
        out.seek(flags_at)
        [flags] = out.read(1)
        out.seek(flags_at)
        out.write(bytes([flags & ~(HAS_EXIF | HAS_XMP) | (HAS_EXIF if kept else 0)]))
    out.seek(end)
