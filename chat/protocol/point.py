"""The sync point: where a device stands in everything, as one opaque text. Never a time: clocks decide nothing.

It is made of positions, so the server keeps nothing for it. It is not signed: a claim in it is worth as much as a
position stated by the device itself, and what may be read is looked up each time.
"""

import base64
import binascii
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from chat.protocol.codec_json import FrameError
from chat.protocol.errors import ErrorCode
from chat.protocol.varint import read_varint, varint

VERSION = 1
# Beyond these the last conversations are left out: they are told from where the server holds the device. It fits in a
# frame.
MAX_PLACES = 1_200
MAX_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Stand:
    """In one conversation. `marks`: the sum of all watermarks that this person is told, `lapsed`: a number made of
    all ranges that lapsed. Where they differ from these, ticks have changed."""

    seq: int
    rev: int
    members_rev: int = 0
    marks: int = 0
    lapsed: int = 0

    def is_told_of(self, other: "Stand") -> bool:
        """They differ in entries and changes alone."""
        return (self.members_rev, self.marks, self.lapsed) == (other.members_rev, other.marks, other.lapsed)


@dataclass(frozen=True, slots=True)
class Point:
    """`places`: those that matter most first."""

    epoch: str
    places: Mapping[str, Stand]


def encode(point: Point) -> str:
    parts = [bytes([VERSION]), UUID(point.epoch).bytes]
    for conv, stand in list(point.places.items())[:MAX_PLACES]:
        numbers = (stand.seq, stand.rev, stand.members_rev, stand.marks, stand.lapsed)
        parts += [UUID(conv).bytes, *(varint(number) for number in numbers)]
    packed = zlib.compress(b"".join(parts))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode(text: str) -> Point:
    """Raises FrameError: BAD_POINT."""
    try:
        packed = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), b"-_", validate=True)
        inflate = zlib.decompressobj()
        raw = inflate.decompress(packed, MAX_BYTES)
        if not inflate.eof or inflate.unused_data or raw[0] != VERSION:
            raise ValueError
        return Point(str(UUID(bytes=raw[1:17])), dict(_places(memoryview(raw)[17:])))
    except (ValueError, IndexError, binascii.Error, zlib.error):
        raise FrameError(ErrorCode.BAD_POINT, ErrorCode.BAD_POINT.text, {"t": "sync"}) from None


def _places(raw: memoryview) -> Iterator[tuple[str, Stand]]:
    at = 0
    while at < len(raw):
        conv, at = str(UUID(bytes=bytes(raw[at : at + 16]))), at + 16
        numbers = []
        for _ in range(5):
            number, at = read_varint(raw, at)
            numbers.append(number)
        yield conv, Stand(*numbers)
