"""messenger.v1.json: text to client frame, server frame to text. An entry is encoded once for all sockets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from chat.protocol.errors import ErrorCode
from chat.protocol.frames import ClientFrame, Entry, client_frame

_TAGS = frozenset({"hello", "ping", "send", "ack", "fetch", "info", "open"})


class FrameError(Exception):
    """A frame that is not the protocol's. `text` names the field at fault, never its value; `ref` is what of the
    frame may be repeated to its sender so that it knows which one is meant."""

    def __init__(self, code: ErrorCode, text: str, ref: dict[str, str] | None = None) -> None:
        super().__init__(code.value)
        self.code = code
        self.text = text
        self.ref = ref or {}


def decode(text: str | bytes) -> ClientFrame:
    """Raises FrameError: BAD_FRAME, UNKNOWN_FRAME, or INVALID_MESSAGE for a send whose body cannot be taken."""
    try:
        return client_frame.validate_json(text)
    except ValidationError as error:
        raise _frame_error(error) from None


def _frame_error(error: ValidationError) -> FrameError:
    first = error.errors(include_url=False, include_context=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return FrameError(ErrorCode.UNKNOWN_FRAME, ErrorCode.UNKNOWN_FRAME.text)
    if first["type"] in ("json_invalid", "model_attributes_type"):
        return FrameError(ErrorCode.BAD_FRAME, "Not a JSON object.")
    where = [str(part) for part in first["loc"] if part != "function-after"]
    frame = first["loc"][0] if first["loc"] and first["loc"][0] in _TAGS else ""
    ref = {"t": str(frame)} if frame else {}
    if frame == "send" and where[-1:] == ["body"]:
        return FrameError(ErrorCode.INVALID_MESSAGE, ErrorCode.INVALID_MESSAGE.text, ref)
    return FrameError(ErrorCode.BAD_FRAME, f"Not valid: {'.'.join(where)}", ref)


def encode(frame: dict[str, Any]) -> str:
    """Compact JSON."""
    return to_json(frame).decode()


@dataclass(frozen=True, slots=True)
class Packed:
    """An entry with its encoding, made once and written to every socket."""

    seq: int
    text: str


def pack(entry: Entry) -> Packed:
    return Packed(entry["seq"], to_json(entry).decode())


def messages_frame(conv: str, entries: Sequence[Packed]) -> str:
    """A `messages` frame of entries already encoded."""
    return '{"t":"messages","conv":"%s","entries":[%s]}' % (conv, ",".join([entry.text for entry in entries]))


def ack_frame(acks: Iterable[dict[str, Any]]) -> str:
    return encode({"t": "ack", "acks": list(acks)})
