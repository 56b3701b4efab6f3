"""Frames of messenger.proto put together of pieces that were encoded before. The bytes say the same as those of a frame
encoded whole: a field of a message may stand anywhere in it, and the elements of a list one by one.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.message import Message

from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.varint import varint
from chat.protocol.wire import Shape, fields_of, message_of

# The wire type of all that has a length.
LENGTH_DELIMITED = 2


def element(owner: type[Message], name: str) -> Callable[[Mapping[str, Any]], bytes]:
    """Encodes one element of a list in `owner`."""
    field = next(field for field in fields_of(owner) if field.name == name)
    tag, encode = _tag(field.number), Shape(message_of(field)).encode

    def encoded(plain: Mapping[str, Any]) -> bytes:
        inner = encode(plain)
        return b"".join((tag, varint(len(inner)), inner))

    return encoded


def rest(t: str, plain: Mapping[str, Any]) -> bytes:
    """Of a frame of the server, what is not in the list that is encoded apart."""
    return _FRAMES[t][1].encode(plain)


def joined(t: str, *pieces: bytes) -> bytes:
    """A whole frame of the server."""
    inner = b"".join(pieces)
    return b"".join((_FRAMES[t][0], varint(len(inner)), inner))


def _tag(number: int) -> bytes:
    return varint(number << 3 | LENGTH_DELIMITED)


_FRAMES = {field.name: (_tag(field.number), Shape(message_of(field))) for field in fields_of(pb.ServerFrame)}
