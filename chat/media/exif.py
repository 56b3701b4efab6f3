"""Of all that a camera writes into a picture, which way up it is: the one thing that is kept."""

import struct

ORIENTATION = 0x0112
# Entries of a directory that are looked at: a real one has a few dozen.
MOST = 500


def orientation(tiff: bytes) -> int:
    """1 to 8, from EXIF data (a TIFF header first); 1 when there is none, or when it cannot be read."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * min(count, MOST), 12):
            tag, kind, values, value = struct.unpack_from(f"{order}HHIH", tiff, at)
            if (tag, kind, values) == (ORIENTATION, 3, 1):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def only(turned: int) -> bytes:
    """EXIF data that says this and nothing else; none for a picture that is the right way up."""
    if turned == 1:
        return b""
    return b"MM\x00\x2a\x00\x00\x00\x08" + struct.pack(">HHHIHHI", 1, ORIENTATION, 3, 1, turned, 0, 0)
