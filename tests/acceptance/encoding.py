"""What a client writes and reads, by the subprotocol it speaks."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from chat.protocol import wire
from chat.protocol.frames import PROTO_SUBPROTOCOL, SUBPROTOCOL
from chat.protocol.messenger.v1 import messenger_pb2 as pb

Frame = dict[str, Any]


class Encoding(NamedTuple):
    write: Callable[[Frame], str | bytes]
    read: Callable[[Any], Frame]


ENCODINGS = {
    SUBPROTOCOL: Encoding(json.dumps, json.loads),
    PROTO_SUBPROTOCOL: Encoding(
        lambda frame: wire.write(pb.ClientFrame, frame), lambda data: wire.read(pb.ServerFrame, data)
    ),
}
