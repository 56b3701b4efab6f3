"""The sync point: what was put in comes out, and nothing that is put in by anyone else does harm."""

import base64
import zlib
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import point as points
from chat.protocol.codec_json import FrameError
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import MAX_POINT_CHARS
from chat.protocol.point import MAX_BYTES, MAX_PLACES, VERSION, Point, Stand

EPOCH = UUID("0199c1f0-0000-7000-8000-0000000e90c4")
CONV = UUID("0199c1f0-6b00-7c0e-8f00-0000000c0e5a")

numbers = st.integers(0, 2**63 - 1)
ids = st.uuids().map(str)
stands = st.builds(Stand, numbers, numbers, numbers, numbers, numbers)


def packed(raw: bytes) -> str:
    """A point that holds these bytes."""
    return base64.urlsafe_b64encode(zlib.compress(raw)).decode().rstrip("=")


def refused(text: str) -> None:
    with pytest.raises(FrameError) as caught:
        points.decode(text)
    assert (caught.value.code, caught.value.ref) == (ErrorCode.BAD_POINT, {"t": "sync"})


@given(ids, st.dictionaries(ids, stands, max_size=20))
def test_a_point_comes_back_as_it_was(epoch: str, places: dict[str, Stand]) -> None:
    point = points.decode(points.encode(Point(epoch, places)))
    assert (point.epoch, list(point.places.items())) == (epoch, list(places.items()))


def test_beyond_its_size_the_oldest_conversations_are_left_out_and_it_fits_into_a_frame() -> None:
    """With numbers as large as years of a busy group make them."""
    far = Stand(2**28 - 1, 2**28 - 1, 2**14 - 1, 2**35 - 1, 2**21 - 1)
    places = {str(UUID(bytes=zlib.crc32(b"%d" % n).to_bytes(4, "big") * 4)): far for n in range(MAX_PLACES + 300)}
    text = points.encode(Point(str(EPOCH), places))
    assert len(text) <= MAX_POINT_CHARS
    assert list(points.decode(text).places) == list(places)[:MAX_PLACES]


@given(st.text(max_size=200))
def test_any_text_is_a_bad_point(text: str) -> None:
    refused(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_bad_point(raw: bytes) -> None:
    refused(base64.urlsafe_b64encode(raw).decode())


@given(st.binary(max_size=120))
def test_any_bytes_well_packed_are_a_point_or_a_bad_one(raw: bytes) -> None:
    try:
        point = points.decode(packed(raw))
    except FrameError as error:
        assert error.code is ErrorCode.BAD_POINT
    else:
        assert raw[0] == VERSION and all(0 <= stand.seq < 2**63 for stand in point.places.values())


@given(st.integers(0, 400))
def test_a_point_cut_short_is_a_bad_one(length: int) -> None:
    whole = points.encode(Point(str(EPOCH), {str(UUID(int=n)): Stand(n, n) for n in range(99)}))
    refused(whole[: min(length, len(whole) - 2)])


BEGIN = bytes([VERSION]) + EPOCH.bytes


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        bytes([VERSION]),
        bytes([VERSION + 1]) + EPOCH.bytes,
        BEGIN + CONV.bytes,
        BEGIN + CONV.bytes + b"\x01\x01\x01\x01",
        BEGIN + CONV.bytes + b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" * 5,
        BEGIN + CONV.bytes + b"\x81" + b"\x80" * 20 + b"\x00" * 5,
    ],
    ids=[
        "empty",
        "no epoch",
        "another version",
        "no numbers",
        "four numbers",
        "beyond 63 bits",
        "a number without end",
    ],
)
def test_what_is_not_whole_is_refused(raw: bytes) -> None:
    refused(packed(raw))


def test_a_bomb_is_not_inflated() -> None:
    bomb = packed(BEGIN + bytes(50_000_000))
    assert len(bomb) > MAX_POINT_CHARS, "the frame would be refused already"
    refused(bomb)
    refused(packed(BEGIN + b"\x80" * MAX_BYTES))


def test_what_follows_a_point_is_not_overlooked() -> None:
    whole = base64.urlsafe_b64encode(zlib.compress(BEGIN) + b"more").decode()
    refused(whole)
