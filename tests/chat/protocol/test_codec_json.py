"""Bad frames at the door: each its code, never a value of the frame in the answer."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol.codec_json import (
    FrameError,
    conversations_frames,
    decode,
    fitting,
    frames_of,
    messages_frame,
)
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import MAX_FRAME_BYTES, MAX_PART_BYTES, MAX_SEQ, Absence, Entry, Send
from chat.protocol.packed import Packed, pack

SHARED = Path(__file__).parents[2] / "shared"
CONV = "01a20d51-c834-714c-b108-1217ce6921fc"
SEND: dict[str, Any] = {"t": "send", "client_id": "a_1_2", "conv": CONV, "body": "hi"}


def refused(frame: Any) -> FrameError:
    text = frame if isinstance(frame, str | bytes) else json.dumps(frame)
    with pytest.raises(FrameError) as caught:
        decode(text)
    return caught.value


@pytest.mark.parametrize(
    "client_id",
    [
        "1f2e3d4c_17_1790000000000",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "0191b5a2-7c7e-7c3e-9d3a-2f1e4b5c6d7e",
        "1541815603606036480",
    ],
)
def test_client_ids_of_all_kinds_are_taken(client_id: str) -> None:
    frame = decode(json.dumps(SEND | {"client_id": client_id}))
    assert isinstance(frame, Send) and frame.client_id == client_id


def test_client_ids_as_our_clients_make_them_are_taken_and_told_apart() -> None:
    """The browser's protocol.js is held to the same cases."""
    made = [case["client_id"] for case in json.loads((SHARED / "client_ids.json").read_text())]
    assert len({*made}) == len(made) > 3
    for client_id in made:
        frame = decode(json.dumps(SEND | {"client_id": client_id}))
        assert isinstance(frame, Send) and frame.client_id == client_id


@pytest.mark.parametrize("text", ["", "nope", "[]", "3", '"hello"', "null", b"\xff\xfe", "{"])
def test_what_is_not_an_object(text: str | bytes) -> None:
    assert refused(text).code in (ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_FRAME)


@pytest.mark.parametrize("frame", [{}, {"t": "dance"}, {"t": 7}, {"t": None}])
def test_unknown_kinds(frame: Any) -> None:
    assert refused(frame).code is ErrorCode.UNKNOWN_FRAME


@pytest.mark.parametrize("body", ["", "   ", "a\x00b", "x" * 4097])
def test_bodies_that_cannot_be_taken_name_the_send(body: str) -> None:
    error = refused(SEND | {"body": body})
    assert error.code is ErrorCode.INVALID_MESSAGE
    assert error.ref == {"t": "send", "conv": CONV, "client_id": "a_1_2"}


def test_a_lone_surrogate_is_refused() -> None:
    assert refused('{"t":"send","client_id":"a","conv":"%s","body":"\\ud800"}' % CONV).code in (
        ErrorCode.INVALID_MESSAGE,
        ErrorCode.BAD_FRAME,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "x" * 65},
        {"client_id": ""},
        {"client_id": "a b"},
        {"client_id": "é"},
        {"client_id": 5},
        {"conv": "not-a-uuid"},
        {"conv": CONV.upper()},
        {"reply_to": 2**63},
        {"reply_to": 0},
        {"reply_to": "1"},
        {"reply_to": 1.5},
        {"body": 3},
        {"after": ""},
    ],
)
def test_fields_of_the_wrong_kind(wrong: dict[str, Any]) -> None:
    assert refused(SEND | wrong).code in (ErrorCode.BAD_FRAME, ErrorCode.INVALID_MESSAGE)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    error = refused(SEND | {"reply_to": "secret words"})
    assert "secret" not in error.text and "secret" not in str(error.ref)


def test_unknown_fields_are_ignored() -> None:
    assert isinstance(decode(json.dumps(SEND | {"shiny": True})), Send)


words = st.sampled_from(["", "a", "DELIVERED", CONV, "\x00", "é" * 70, "-1", "x" * 5000])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words
json_values = (
    scalars | st.lists(scalars, max_size=3) | st.lists(st.dictionaries(words, scalars, max_size=2), max_size=2)
)
kinds = st.sampled_from(["hello", "ping", "send", "ack", "fetch", "info", "open"])
fields = st.sampled_from(["conv", "client_id", "body", "acks", "from", "to", "seq", "positions", "epoch", "username"])


@given(kinds, st.dictionaries(fields, json_values, max_size=6))
def test_anything_is_taken_or_refused_with_a_code(kind: str, frame: dict[str, Any]) -> None:
    try:
        decode(json.dumps({"t": kind} | frame))
    except FrameError as error:
        assert error.code in ErrorCode


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_noise_is_refused(noise: bytes | str) -> None:
    try:
        decode(noise)
    except FrameError as error:
        assert error.code in (ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_FRAME)


def test_runs_fit_into_a_frame_whatever_the_characters() -> None:
    entries = [Packed(seq, "\N{FIRE}" * size) for seq, size in enumerate((10, 9_000, 9_000, 40, 16_000, 30_000, 5), 1)]
    runs = [[entry.seq for entry in run] for run in frames_of(entries)]
    # What alone is too large goes alone: nothing is left out.
    assert runs == [[1, 2], [3, 4], [5], [6], [7]]
    assert all(
        len(messages_frame(CONV, run).encode()) <= MAX_FRAME_BYTES for run in frames_of(entries) if run[0].seq != 6
    )
    assert list(frames_of(entries[:2])) == [entries[:2]]


def test_what_is_absent_between_entries_of_any_characters_fits_as_well() -> None:
    absent = [Absence({"from": MAX_SEQ - n, "to": MAX_SEQ - n, "why": "no_access"}) for n in range(101)]
    entries = [
        pack(Entry(seq=n, id=CONV, sender=CONV, client_id="x" * 64, body="\N{FIRE}" * size, at=2**45))
        for n, size in enumerate([4_096, 4_096, 4_096, 3_500, *[3_000] * 95], 1)
    ]
    assert all(len(messages_frame(CONV, run, absent).encode()) <= MAX_FRAME_BYTES for run in frames_of(entries))


def test_conversations_are_cut_by_number_and_by_size_and_only_the_last_frame_ends_the_list() -> None:
    def cut(sizes: list[int], most: int) -> list[tuple[list[int], bool]]:
        items = [{"id": n, "title": "\N{FIRE}" * (size // 4)} for n, size in enumerate(sizes)]
        read = [json.loads(frame) for frame in conversations_frames(items, most)]
        return [([item["id"] for item in frame["items"]], frame["more"]) for frame in read]

    third = MAX_PART_BYTES // 3
    assert cut([], 100) == [([], False)]
    assert cut([9, 9, 9, 9, 9], 2) == [([0, 1], True), ([2, 3], True), ([4], False)]
    assert cut([third] * 5, 100) == [([0, 1], True), ([2, 3], True), ([4], False)]
    # What alone is too large goes alone: nothing is left out.
    assert cut([9, MAX_PART_BYTES * 2, 9], 100) == [([0], True), ([1], True), ([2], False)]


def test_as_many_as_fit_and_at_least_one() -> None:
    things = [{"body": "\x01" * 100}] * 4
    each = len('{"body":""}') + 600
    assert fitting(things, 4 * each) == (4, 4 * each)
    assert fitting(things, 4 * each - 1) == (3, 3 * each)
    assert fitting(things, 1) == (1, each)
    assert fitting([], 1) == (0, 0)
