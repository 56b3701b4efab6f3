"""messenger.v1.proto says what messenger.v1.json says: the same frames in, the same frames out, the same refusals."""

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.protocol import codec_json, codec_proto, wire
from chat.protocol.codec import CODECS, Shared
from chat.protocol.codec_json import FrameError
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import MAX_ACKS, MAX_FRAME_BYTES, MAX_POSITIONS, MAX_SEQ, Absence, Changed, Entry, Send
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.packed import Packed, pack
from tests.chat.protocol.messages import plain, server_frames
from tests.chat.protocol.strategies import client_frames, ids, instances

CONV = "01a20d51-c834-714c-b108-1217ce6921fc"
OTHER = "01a20d51-c834-714c-b108-1217ce6921fd"
SEND: dict[str, Any] = {"t": "send", "client_id": "a_1_2", "conv": CONV, "body": "hi"}

Frame = dict[str, Any]


def said(frame: Frame) -> bytes:
    """By a client."""
    return wire.write(pb.ClientFrame, frame)


def heard(data: bytes) -> Frame:
    """By a client."""
    return wire.read(pb.ServerFrame, data)


def refusal(data: str | bytes, decode: Callable[[Any], Any] = codec_proto.decode) -> FrameError:
    with pytest.raises(FrameError) as caught:
        decode(data)
    return caught.value


# The same frames


@given(client_frames)
def test_every_client_frame_is_the_same_in_both_encodings(frame: Frame) -> None:
    """Also for the log: what is sent again in the other encoding is the same message."""
    assert codec_proto.decode(said(frame)) == codec_json.decode(json.dumps(frame))


@given(server_frames)
def test_every_server_frame_comes_back_as_it_was(frame: Frame) -> None:
    assert heard(codec_proto.encode(frame)) == frame


entries = instances(Entry).map(lambda entry: cast(Entry, entry))
runs = st.lists(entries, max_size=5)
absences = st.lists(instances(Absence), max_size=3)


@given(ids, runs, absences)
def test_a_messages_frame_of_pieces_is_that_of_a_whole(conv: str, run: list[Entry], absent: list[Absence]) -> None:
    whole = {"t": "messages", "conv": conv, "entries": run, "absent": absent}
    told = heard(codec_proto.encode(whole))
    assert heard(codec_proto.messages_frame(conv, [pack(entry) for entry in run], absent)) == told
    # As another process hints at it.
    hinted = [Packed(entry["seq"], pack(entry).text, entry["at"]) for entry in run]
    assert heard(codec_proto.messages_frame(conv, hinted, absent)) == told


@given(ids, st.lists(instances(Changed), max_size=5), st.integers(0, MAX_SEQ))
def test_a_changes_frame_of_pieces_is_that_of_a_whole(conv: str, changes: list[Changed], upto: int) -> None:
    whole = {"t": "changes", "conv": conv, "upto": upto, "changes": changes}
    assert [heard(frame) for frame in codec_proto.changes_frames(conv, changes, upto)] == [whole]


@given(st.lists(plain(pb.Conversation), max_size=5))
def test_conversations_of_pieces_are_those_of_a_whole(items: list[Frame]) -> None:
    frames = [heard(frame) for frame in codec_proto.conversations_frames(items, 2)]
    assert [item for frame in frames for item in frame["items"]] == items
    assert [frame["more"] for frame in frames] == [True] * (len(frames) - 1) + [False]


def test_nothing_lapsed_any_more_is_told_apart_from_nothing_said() -> None:
    failed = {"type": "FAILED", "conv": CONV, "timestamp": 1, "sender_id": OTHER, "message_id": CONV, "lapsed": []}
    (ack,) = heard(codec_proto.encode({"t": "ack", "acks": [failed]}))["acks"]
    assert ack == failed
    (ack,) = heard(codec_proto.encode({"t": "ack", "acks": [{**failed, "lapsed": None}]}))["acks"]
    assert "lapsed" not in ack


def test_what_is_null_is_not_sent() -> None:
    """As in a group without a title, of which nothing is known yet."""
    frame = {"t": "members", "conv": CONV, "title": None, "members": [], "count": 0, "members_rev": 1}
    del frame["title"]
    assert heard(codec_proto.encode(frame | {"title": None})) == frame
    frame = {"t": "sync_done", "as_of": 5}
    assert heard(codec_proto.encode(frame)) == frame


def test_an_entry_is_encoded_once_for_each_encoding() -> None:
    entry = Entry(seq=1, id=CONV, sender=OTHER, client_id="a", body="hi", at=5)
    packed = pack(entry)
    assert packed.wire is packed.wire and packed.text is packed.text
    shared = Shared({"t": "left", "conv": CONV})
    first = {name: shared.by(codec) for name, codec in CODECS.items()}
    assert all(shared.by(codec) is first[name] for name, codec in CODECS.items())
    assert {name: type(frame) for name, frame in first.items()} == {
        "messenger.v1.json": str,
        "messenger.v1.proto": bytes,
    }


# What fits


def test_runs_fit_into_a_frame_whatever_the_characters() -> None:
    absent = [Absence({"from": MAX_SEQ - n, "to": MAX_SEQ - n, "why": "no_access"}) for n in range(100)]
    for letter in "a\N{FIRE}":
        run = [Entry(seq=n, id=CONV, sender=OTHER, client_id="x" * 64, body=letter * 4096, at=2**45) for n in range(99)]
        packed = [pack(entry) for entry in run]
        found = list(codec_proto.frames_of(packed))
        assert [entry for part in found for entry in part] == packed and len(found) > 1
        assert all(len(codec_proto.messages_frame(CONV, part, absent)) <= MAX_FRAME_BYTES for part in found)
        changes = [Changed(seq=n, rev=n + 1, type="edit", body=letter * 4096, edited_at=2**45) for n in range(99)]
        told = list(codec_proto.changes_frames(CONV, changes, 500))
        assert all(len(frame) <= MAX_FRAME_BYTES for frame in told)
        read = [heard(frame) for frame in told]
        assert [change for frame in read for change in frame["changes"]] == changes
        assert [frame["upto"] for frame in read] == [*(frame["changes"][-1]["rev"] for frame in read[:-1]), 500]


# Bad input


@given(st.binary(max_size=300))
def test_any_bytes_are_a_frame_or_refused_with_a_code(data: bytes) -> None:
    try:
        codec_proto.decode(data)
    except FrameError as error:
        assert error.code in (ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_FRAME, ErrorCode.INVALID_MESSAGE)


@given(client_frames, st.data())
def test_a_frame_that_was_damaged_is_a_frame_or_refused_with_a_code(frame: Frame, data: st.DataObject) -> None:
    raw = bytearray(said(frame))
    at = data.draw(st.integers(0, len(raw) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "more"]))
    if damage == "cut":
        del raw[at:]
    elif damage == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        raw[at:at] = data.draw(st.binary(min_size=1, max_size=8))
    try:
        codec_proto.decode(bytes(raw))
    except FrameError as error:
        assert error.code in (ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_FRAME, ErrorCode.INVALID_MESSAGE)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ErrorCode.UNKNOWN_FRAME),
        # Field 200, which is none of this version.
        (b"\xc2\x0c\x00", ErrorCode.UNKNOWN_FRAME),
        (b"\xff", ErrorCode.BAD_FRAME),
        (b"\x1a\x05ab", ErrorCode.BAD_FRAME),
        # No UTF-8.
        (b"\x1a\x04\x0a\x02\xff\xfe", ErrorCode.BAD_FRAME),
        (json.dumps(SEND), ErrorCode.BAD_FRAME),
        (json.dumps(SEND).encode(), ErrorCode.BAD_FRAME),
        ("", ErrorCode.BAD_FRAME),
    ],
)
def test_what_is_no_frame(data: str | bytes, code: ErrorCode) -> None:
    error = refusal(data)
    assert (error.code, error.ref) == (code, {})


@pytest.mark.parametrize(
    "frame",
    [
        SEND | {"body": ""},
        SEND | {"body": " \t"},
        SEND | {"body": "a\x00b"},
        SEND | {"body": "x" * 4097},
        SEND | {"client_id": ""},
        SEND | {"client_id": "x" * 65},
        SEND | {"client_id": "é"},
        SEND | {"after": ""},
        SEND | {"reply_to": 0},
        SEND | {"reply_to": -1},
        SEND | {"reply_to_id": "a b"},
        {"t": "hello", "epoch": "x" * 65},
        {"t": "hello", "positions": [{"conv": CONV, "received": -1}]},
        {"t": "hello", "positions": [{"conv": CONV, "received": 1, "rev": -1}]},
        {"t": "ping", "positions": [{"conv": CONV, "received": 0}] * (MAX_POSITIONS + 1)},
        {"t": "ack", "acks": []},
        {"t": "ack", "acks": [{"type": "SEEN", "conv": CONV, "seq": 1}] * (MAX_ACKS + 1)},
        {"t": "ack", "acks": [{"type": "ACCEPTED", "conv": CONV, "seq": 1}]},
        {"t": "ack", "acks": [{"type": "SEEN", "conv": CONV, "seq": 0}]},
        {"t": "fetch", "conv": CONV, "from": 0, "to": 1},
        {"t": "info", "conv": CONV, "seq": -5},
        {"t": "edit", "conv": CONV, "seq": 1, "body": " "},
        {"t": "resend", "conv": CONV, "seq": 1, "client_id": "-"},
        {"t": "open", "username": ""},
        {"t": "open", "username": "x" * 151},
        {"t": "sync", "point": "x" * 60_001},
        {"t": "sync", "limit": 0},
        {"t": "sync", "limit": 101},
        {"t": "sync", "limit": 2**32 + 50},
    ],
    ids=lambda frame: f"{frame['t']} {'|'.join(key for key in frame if key != 't')}",
)
def test_the_same_is_refused_in_the_same_words(frame: Frame) -> None:
    json_error = refusal(json.dumps(frame), codec_json.decode)
    error = refusal(said(frame))
    assert (error.code, error.text, error.ref) == (json_error.code, json_error.text, json_error.ref)


@pytest.mark.parametrize("raw", [b"", b"short", b"x" * 15, b"x" * 17, CONV.encode()], ids=len)
def test_an_id_is_sixteen_bytes(raw: bytes) -> None:
    error = refusal(pb.ClientFrame(send=pb.Send(client_id="a", conv=raw, body="hi")).SerializeToString())
    assert (error.code, error.text) == (ErrorCode.BAD_FRAME, "Not valid: send.conv")
    assert error.ref == {"t": "send", "client_id": "a"}


def test_what_is_no_id_is_not_kept() -> None:
    """Ids that come again are remembered; sixty kilobytes that are none would be, too."""
    before = wire._known_texts.cache_info().currsize
    for length in (0, 17, 60_000):
        refusal(pb.ClientFrame(typing=pb.Typing(conv=b"x" * length)).SerializeToString())
    assert wire._known_texts.cache_info().currsize == before


def test_a_word_that_is_not_known_is_refused() -> None:
    for number in (pb.ACK_UNKNOWN, pb.ACK_FAILED, 77):
        ack = pb.Acknowledgment(conv=bytes(16), seq=1)
        # The numbers of an enum are open.
        ack.type = number  # type: ignore[assignment]
        error = refusal(pb.ClientFrame(ack=pb.BatchAcknowledgment(acks=[ack])).SerializeToString())
        assert (error.code, error.text) == (ErrorCode.BAD_FRAME, "Not valid: ack.acks.0.type")


def test_unknown_fields_are_ignored() -> None:
    unknown = b"\xc2\x0c\x05shiny"
    inner = pb.Send.FromString(pb.Send(client_id="a", conv=bytes(16), body="hi").SerializeToString() + unknown)
    frame = codec_proto.decode(pb.ClientFrame(send=inner).SerializeToString() + unknown)
    assert isinstance(frame, Send) and frame.client_id == "a"


def test_a_refusal_never_repeats_what_was_sent() -> None:
    error = refusal(said(SEND | {"after": "secret words"}))
    assert "secret" not in error.text and "secret" not in str(error.ref)


def test_a_frame_full_of_nothing_is_refused_without_being_read_to_its_end() -> None:
    """Two bytes an acknowledgement: thirty thousand fit into a frame."""
    count = MAX_FRAME_BYTES // 2 - 10
    data = pb.ClientFrame(ack=pb.BatchAcknowledgment(acks=[pb.Acknowledgment()] * count)).SerializeToString()
    assert len(data) <= MAX_FRAME_BYTES
    assert refusal(data).text == "Not valid: ack.acks"
    assert len(wire.read(pb.ClientFrame, data)["acks"]) == MAX_POSITIONS + 1
