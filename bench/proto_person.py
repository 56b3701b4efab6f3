"""A device that speaks messenger.v1.proto: as honest as the others, and as cheap, since it reads the messages as they
are."""

from typing import Any
from uuid import UUID

from bench.person import BODY, Person, Seat
from bench.tally import Tally
from bench.websocket import BINARY
from chat.protocol.frames import PROTO_SUBPROTOCOL
from chat.protocol.messenger.v1 import messenger_pb2 as pb

TYPES = {number: name.removeprefix("ACK_") for name, number in pb.AckType.items()}


class ProtoPerson(Person):
    SUBPROTOCOL = PROTO_SUBPROTOCOL
    KIND = BINARY
    HELLO = pb.ClientFrame(hello=pb.Hello()).SerializeToString()
    PING = pb.ClientFrame(ping=pb.Ping()).SerializeToString()

    def __init__(self, seat: Seat, tally: Tally) -> None:
        super().__init__(seat, tally)
        self._user, self._conv = UUID(seat.user).bytes, UUID(seat.conv).bytes

    def _send_frame(self, key: str, after: str | None) -> bytes:
        send = pb.Send(client_id=key, conv=self._conv, after=after, body=BODY)
        return pb.ClientFrame(send=send).SerializeToString()

    def _ack_frame(self, seq: int) -> bytes:
        kinds = (pb.ACK_DELIVERED, pb.ACK_SEEN) if self.seat.says_seen else (pb.ACK_DELIVERED,)
        acks = [pb.Acknowledgment(type=kind, conv=self._conv, seq=seq, cumulative=True) for kind in kinds]
        return pb.ClientFrame(ack=pb.BatchAcknowledgment(acks=acks)).SerializeToString()

    def _read(self, data: bytes) -> dict[str, Any]:
        """What a person looks at."""
        frame = pb.ServerFrame.FromString(data)
        kind = frame.WhichOneof("frame")
        inner = getattr(frame, kind)
        if kind == "ack":
            acks = [{"type": TYPES[ack.type], "client_id": ack.client_id, "seq": ack.seq} for ack in inner.acks]
            return {"t": kind, "acks": acks}
        if kind == "messages":
            return {"t": kind, "entries": [self._entry(entry) for entry in inner.entries]}
        if kind == "retry":
            return {"t": kind, "retry_after_ms": inner.retry_after_ms, "client_id": inner.client_id}
        return {"t": kind, "more": kind == "conversations" and inner.more}

    def _entry(self, entry: pb.Entry) -> dict[str, Any]:
        sender = self.seat.user if entry.sender == self._user else ""
        return {"seq": entry.seq, "sender": sender, "client_id": entry.client_id}
