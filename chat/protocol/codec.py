"""The encodings of the frames, and what each of them can do. The WebSocket's subprotocol says which one is spoken.

The frames are the same in all of them, and so is every rule: what a client sends is validated by the models of
frames.py, what the server sends are the dicts that docs/protocol.md shows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from chat.protocol import codec_json, codec_proto
from chat.protocol.frames import PROTO_SUBPROTOCOL, SUBPROTOCOL, Absence, Changed, ClientFrame
from chat.protocol.packed import Packed

Encoded = str | bytes
"""What is written to a socket: a text frame or a binary one."""


class Codec(Protocol):
    """A module of functions."""

    def decode(self, data: str | bytes, /) -> ClientFrame:
        """Raises FrameError: BAD_FRAME, UNKNOWN_FRAME, or INVALID_MESSAGE for a send whose body cannot be taken."""

    def encode(self, frame: dict[str, Any], /) -> Encoded:
        """A frame of the server."""

    def ack_frame(self, acks: Sequence[Mapping[str, Any]], /) -> Encoded: ...

    def frames_of(self, entries: Sequence[Packed], /) -> Iterator[Sequence[Packed]]:
        """A run of entries in runs that fit into a frame each (MAX_FRAME_BYTES, as everyone is told)."""

    def messages_frame(self, conv: str, entries: Sequence[Packed], absent: Sequence[Absence] = (), /) -> Encoded:
        """A `messages` frame of entries that may be encoded already."""

    def changes_frames(self, conv: str, changes: Sequence[Changed], upto: int, /) -> Iterator[Encoded]:
        """`changes` frames that fit; each says up to which revision all is told, the last one `upto`."""

    def conversations_frames(self, items: Iterable[Mapping[str, Any]], most: int, /) -> Iterator[Encoded]:
        """`conversations` frames of at most `most` conversations and MAX_PART_BYTES, or of a single larger one; at
        least one frame. Encoded as they are taken."""


JSON: Codec = codec_json
CODECS: dict[str, Codec] = {SUBPROTOCOL: codec_json, PROTO_SUBPROTOCOL: codec_proto}


class Shared:
    """One frame for many sockets, encoded once for each encoding among them."""

    __slots__ = ("_encoded", "_frame")

    def __init__(self, frame: dict[str, Any]) -> None:
        self._frame = frame
        self._encoded: dict[Codec, Encoded] = {}

    def by(self, codec: Codec) -> Encoded:
        if codec not in self._encoded:
            self._encoded[codec] = codec.encode(self._frame)
        return self._encoded[codec]
