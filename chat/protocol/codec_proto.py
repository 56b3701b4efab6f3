"""messenger.v1.proto: bytes to client frame, server frame to bytes (messenger.proto). An entry is encoded once for all
sockets.

A client's frame is read into its plain form (wire.py) and validated by the same models as JSON: what is wrong with it
gets the same codes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from google.protobuf.message import DecodeError
from pydantic import TypeAdapter, ValidationError

from chat.protocol import wire
from chat.protocol.codec_json import FrameError, frame_error
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import MAX_FRAME_BYTES, MAX_PART_BYTES, Absence, Changed, ClientFrame, client_frame
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.packed import Packed
from chat.protocol.pieces import element, joined, rest
from chat.protocol.portions import parts, revisions, runs
from chat.protocol.wire import KNOWN_IDS

# Some room is left for what stands around the entries, and for what is absent between them.
MAX_RUN_BYTES = MAX_FRAME_BYTES - 4_096

# By kind of frame: a quarter faster than a choice among all of them.
_VALIDATE: dict[str, Callable[[Any], ClientFrame]] = {
    t: TypeAdapter(model).validator.validate_python for t, model in wire.MODELS.items()
}
_ack = element(pb.BatchAcknowledgment, "acks")
_change = element(pb.Changes, "changes")
_conversation = element(pb.Conversations, "items")


def decode(data: str | bytes) -> ClientFrame:
    """Raises FrameError: BAD_FRAME, UNKNOWN_FRAME, or INVALID_MESSAGE for a send whose body cannot be taken."""
    if isinstance(data, str):
        raise FrameError(ErrorCode.BAD_FRAME, "Not a binary frame.")
    try:
        plain = wire.read(pb.ClientFrame, data)
    except DecodeError:
        raise FrameError(ErrorCode.BAD_FRAME, "Not a ClientFrame.") from None
    try:
        return _VALIDATE[plain["t"]](plain)
    except (KeyError, ValidationError):
        return _in_words(plain)


def _in_words(plain: dict[str, Any]) -> ClientFrame:
    """What is wrong is said as of JSON, where the kind of the frame is not known before."""
    try:
        return client_frame.validate_python(plain)
    except ValidationError as error:
        raise frame_error(error, lambda: plain) from None


def encode(frame: dict[str, Any]) -> bytes:
    return wire.write(pb.ServerFrame, frame)


def ack_frame(acks: Sequence[Mapping[str, Any]]) -> bytes:
    return joined("ack", *map(_ack, acks))


def frames_of(entries: Sequence[Packed]) -> Iterator[Sequence[Packed]]:
    """A run of entries in runs that fit into a frame each (MAX_FRAME_BYTES, as everyone is told)."""
    return runs(entries, [len(entry.wire) for entry in entries], MAX_RUN_BYTES)


def messages_frame(conv: str, entries: Sequence[Packed], absent: Sequence[Absence] = ()) -> bytes:
    """A `messages` frame of entries already encoded."""
    head = rest("messages", {"conv": conv, "absent": absent}) if absent else _messages_of(conv)
    return joined("messages", head, *[entry.wire for entry in entries])


@lru_cache(KNOWN_IDS)
def _messages_of(conv: str) -> bytes:
    return rest("messages", {"conv": conv})


def changes_frames(conv: str, changes: Sequence[Changed], upto: int) -> Iterator[bytes]:
    """`changes` frames that fit; each says up to which revision all is told, the last one `upto`."""
    pieces = [_change(change) for change in changes]
    for run, told in revisions(changes, pieces, upto, MAX_RUN_BYTES):
        yield joined("changes", rest("changes", {"conv": conv, "upto": told}), *run)


def conversations_frames(items: Iterable[Mapping[str, Any]], most: int) -> Iterator[bytes]:
    """`conversations` frames of at most `most` conversations and MAX_PART_BYTES, or of a single larger one; at least
    one frame. Encoded as they are taken."""
    for run, more in parts(map(_conversation, items), most, MAX_PART_BYTES):
        yield joined("conversations", rest("conversations", {"more": more}), *run)
