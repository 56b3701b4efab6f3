"""JPEG, written anew without what tells of its maker: pixels stay as they are, bit by bit.

Kept: what is needed to decode it, its colour profile, which way up it is. Left out: EXIF (with the place), XMP, IPTC,
comments, previews, and whatever stands after the picture's end.
"""

import re
import struct
from typing import BinaryIO

from chat.media import exif
from chat.media.reading import exactly, until
from chat.media.refused import RefusedFile

SIGNATURE = b"\xff\xd8\xff"
END, SCAN, COMMENT = 0xD9, 0xDA, 0xFE
APPS = range(0xE0, 0xF0)
EXIF_HEAD, PROFILE_HEAD = b"Exif\0\0", b"ICC_PROFILE\0"
# In a scan these follow 0xFF without ending it: a 0xFF of the data, restarts, filling.
SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}


def rewrite(file: BinaryIO, out: BinaryIO) -> None:
    """From the beginning to the picture's end. Raises RefusedFile."""
    exactly(file, 2)
    out.write(b"\xff\xd8")
    marker, has_frame, turned = _marker(exactly(file, 2)), False, 1
    while marker != END:
        payload = _payload(file)
        if marker in APPS and payload.startswith(EXIF_HEAD) and turned == 1:
            turned = exif.orientation(payload[len(EXIF_HEAD) :])
            if kept := exif.only(turned):
                _write(out, 0xE1, EXIF_HEAD + kept)
        elif _is_kept(marker, payload):
            _write(out, marker, payload)
        has_frame = has_frame or marker in FRAMES
        marker = _marker(until(file, SCAN_END, out) if marker == SCAN else exactly(file, 2), file)
    if not has_frame:
        raise RefusedFile("There is no picture in it.")
    out.write(b"\xff\xd9")


def _marker(two: bytes, file: BinaryIO | None = None) -> int:
    while two == b"\xff\xff" and file is not None:
        two = two[1:] + exactly(file, 1)
    if two[0] != 0xFF or two[1] in (0x00, 0x01) or 0xD0 <= two[1] <= 0xD8:
        raise RefusedFile("The picture is broken.")
    return two[1]


def _payload(file: BinaryIO) -> bytes:
    (size,) = struct.unpack(">H", exactly(file, 2))
    if size < 2:
        raise RefusedFile("The picture is broken.")
    return exactly(file, size - 2)


def _is_kept(marker: int, payload: bytes) -> bool:
    """JFIF, the colour profile, Adobe's word on colours; of what is no APP or comment, all."""
    if marker in APPS:
        return marker in (0xE0, 0xEE) or (marker == 0xE2 and payload.startswith(PROFILE_HEAD))
    return marker != COMMENT


def _write(out: BinaryIO, marker: int, payload: bytes) -> None:
    out.write(struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload)
