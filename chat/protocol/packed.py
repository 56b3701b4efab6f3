"""An entry on its way to many sockets, encoded once for each encoding that some of them speak, when first needed."""

from pydantic_core import from_json, to_json

from chat.protocol.frames import Entry
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.pieces import element

_wire = element(pb.Messages, "entries")


class Packed:
    """`text`: JSON; `wire`: as an element of `entries` in messenger.proto. `at`: when it was accepted, in milliseconds
    since 1970, 0 if nobody asks."""

    __slots__ = ("_entry", "_text", "_wire", "at", "seq")

    def __init__(self, seq: int, text: str = "", at: int = 0, entry: Entry | None = None) -> None:
        """Either of `text` and `entry`."""
        self.seq = seq
        self.at = at
        self._entry = entry
        self._text = text
        self._wire = b""

    @property
    def text(self) -> str:
        if not self._text:
            self._text = to_json(self._entry).decode()
        return self._text

    @property
    def wire(self) -> bytes:
        if not self._wire:
            self._wire = _wire(self._entry or from_json(self._text))
        return self._wire


def pack(entry: Entry) -> Packed:
    return Packed(entry["seq"], at=entry["at"], entry=entry)
