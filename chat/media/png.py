"""PNG (and animated PNG), written anew without texts, times and EXIF; pixels stay as they are."""

import struct
import zlib
from typing import BinaryIO

from chat.media import exif
from chat.media.reading import blocks, exactly
from chat.media.refused import RefusedFile

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs hIST sPLT cICP mDCV cLLI acTL fcTL fdAT".split()
)
EXIF = b"eXIf"
MAX_EXIF_BYTES = 65_536


def rewrite(file: BinaryIO, out: BinaryIO) -> None:
    """From the beginning to the picture's end; each chunk's checksum must be right. Raises RefusedFile."""
    exactly(file, len(SIGNATURE))
    out.write(SIGNATURE)
    seen = {b""}
    while b"IEND" not in seen:
        size, kind = struct.unpack(">I4s", exactly(file, 8))
        if (len(seen) == 1) != (kind == b"IHDR"):
            raise RefusedFile("The picture is broken.")
        seen.add(kind)
        if kind == EXIF and size <= MAX_EXIF_BYTES:
            kept = exif.only(exif.orientation(_checked(file, kind, size)))
            if kept and b"IDAT" not in seen:
                out.write(struct.pack(">I4s", len(kept), EXIF) + kept + struct.pack(">I", zlib.crc32(EXIF + kept)))
        else:
            _copy(file, kind, size, out if kind in KEPT else None)
    if b"IDAT" not in seen:
        raise RefusedFile("There is no picture in it.")


def _checked(file: BinaryIO, kind: bytes, size: int) -> bytes:
    data = exactly(file, size)
    _compare(zlib.crc32(kind + data), exactly(file, 4))
    return data


def _copy(file: BinaryIO, kind: bytes, size: int, out: BinaryIO | None) -> None:
    """`out` None: it is left out."""
    crc = zlib.crc32(kind)
    if out is not None:
        out.write(struct.pack(">I4s", size, kind))
    for piece in blocks(file, size):
        crc = zlib.crc32(piece, crc)
        if out is not None:
            out.write(piece)
    stated = exactly(file, 4)
    _compare(crc, stated)
    if out is not None:
        out.write(stated)


def _compare(crc: int, stated: bytes) -> None:
    if struct.pack(">I", crc) != stated:
        raise RefusedFile("The picture is broken.")
