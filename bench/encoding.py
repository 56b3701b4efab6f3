"""Protocol Buffers against JSON, frame by frame: how large, and how long the server takes to read or to write one."""

import json
import timeit
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.person import BODY
from chat.protocol import codec_json, codec_proto, wire
from chat.protocol.codec import Codec
from chat.protocol.frames import Entry
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.packed import pack

CONV = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"
ALICE, BOB = "0199c1f0-5a00-7a11-8ce0-00000000a11c", "0199c1f0-5a00-7b0b-8b0b-000000000b0b"
MESSAGE = "0199c1f0-7c00-7e00-8000-00000000002b"
CLIENT_ID, AT = "a11cede51ce0_17_1790000000000", 1_790_000_000_456
BOTH = ("DELIVERED", "SEEN")

Frame = dict[str, Any]

SEND: Frame = {"t": "send", "client_id": CLIENT_ID, "conv": CONV, "body": BODY}
ENTRY = Entry(seq=4_321, id=MESSAGE, sender=ALICE, client_id=CLIENT_ID, body=BODY, at=AT)
ACCEPTED: Frame = {
    "type": "ACCEPTED",
    "conv": CONV,
    "client_id": CLIENT_ID,
    "message_id": MESSAGE,
    "seq": 4_321,
    "timestamp": AT,
    "sender_id": ALICE,
    "durability": "local",
}
RECEIPT: Frame = {"t": "ack", "acks": [{"type": kind, "conv": CONV, "seq": 4_321, "cumulative": True} for kind in BOTH]}
TICK = {"conv": CONV, "seq": 4_321, "message_id": MESSAGE, "timestamp": AT, "sender_id": BOB}
TICKS: list[Frame] = [{"type": kind, **TICK} for kind in BOTH]
# So few that on a busy machine some are not disturbed.
AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the frames of one thing: bytes, and microseconds of the server, in JSON and in Protocol Buffers."""

    name: str
    sizes: tuple[int, int]
    times: tuple[float, float]

    @property
    def smaller(self) -> float:
        """Per cent."""
        return 100 * (1 - self.sizes[1] / self.sizes[0])

    @property
    def slower(self) -> float:
        """Times."""
        return self.times[1] / self.times[0]


def measure(rounds: int) -> list[Cost]:
    """Each the best of `rounds`."""
    return [
        _cost("message sent", _said(SEND), rounds),
        _cost("message pushed", _pushed, rounds),
        _cost("message accepted", _told([ACCEPTED]), rounds),
        _cost("receipts of a device", _said(RECEIPT), rounds),
        _cost("receipts told", _told(TICKS), rounds),
    ]


Work = Callable[[Codec], tuple[int, Callable[[], object]]]
"""Of one codec: how large the frame is, and what the server does with it."""


def _cost(name: str, work: Work, rounds: int) -> Cost:
    (text, in_json), (binary, in_proto) = work(codec_json), work(codec_proto)
    return Cost(name, (text, binary), (_time(in_json, rounds), _time(in_proto, rounds)))


def _time(work: Callable[[], object], rounds: int) -> float:
    return min(timeit.repeat(work, number=AT_ONCE, repeat=rounds)) / AT_ONCE * 1e6


def _said(frame: Frame) -> Work:
    def work(codec: Codec) -> tuple[int, Callable[[], object]]:
        is_json = codec is codec_json
        data = json.dumps(frame, separators=(",", ":")) if is_json else wire.write(pb.ClientFrame, frame)
        return len(data), lambda: codec.decode(data)

    return work


def _told(acks: Sequence[Frame]) -> Work:
    return lambda codec: (len(codec.ack_frame(acks)), lambda: codec.ack_frame(acks))


def _pushed(codec: Codec) -> tuple[int, Callable[[], object]]:
    """The entry is new: it has not been encoded before."""

    def work() -> str | bytes:
        return next(codec.messages_frame(CONV, run) for run in codec.frames_of([pack(ENTRY)]))

    return len(work()), work
