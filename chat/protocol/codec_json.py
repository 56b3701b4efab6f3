"""messenger.v1.json: text to client frame, server frame to text. An entry is encoded once for all sockets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from chat.protocol.errors import ErrorCode
from chat.protocol.frames import (
    MAX_FRAME_BYTES,
    MAX_PART_BYTES,
    Absence,
    Changed,
    ClientFrame,
    ClientId,
    Id,
    client_frame,
)
from chat.protocol.packed import Packed
from chat.protocol.portions import parts, revisions, runs

# A character takes up to four bytes; some room is left for what stands around the entries, and for what is absent
# between the entries of a page.
MAX_RUN_CHARS = (MAX_FRAME_BYTES - 8_192) // 4

_REFERENCES: dict[str, TypeAdapter[str]] = {
    "conv": TypeAdapter(Id),
    "user": TypeAdapter(Id),
    "client_id": TypeAdapter(ClientId),
}


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
        raise frame_error(error, lambda: from_json(text)) from None


def frame_error(error: ValidationError, read: Callable[[], Any]) -> FrameError:
    """What is wrong, as the client is told. `read` gives the frame in its plain form, or raises ValueError."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        return FrameError(ErrorCode.UNKNOWN_FRAME, ErrorCode.UNKNOWN_FRAME.text)
    if not first["loc"]:
        return FrameError(ErrorCode.BAD_FRAME, "Not a JSON object.")
    frame, *where = (str(part) for part in first["loc"])
    ref = _reference(frame, read)
    if frame == "send" and where[:1] == ["body"]:
        return FrameError(ErrorCode.INVALID_MESSAGE, ErrorCode.INVALID_MESSAGE.text, ref)
    return FrameError(ErrorCode.BAD_FRAME, f"Not valid: {'.'.join([frame, *where])}", ref)


def _reference(frame: str, read: Callable[[], Any]) -> dict[str, str]:
    """The kind of the frame, and those of its ids that are well formed."""
    ref = {"t": frame}
    try:
        raw = read()
    except ValueError:
        return ref
    for name, adapter in _REFERENCES.items():
        try:
            ref[name] = adapter.validate_python(raw.get(name), strict=True)
        except ValidationError:
            continue
    return ref


def encode(frame: dict[str, Any]) -> str:
    """Compact JSON."""
    return to_json(frame).decode()


def ack_frame(acks: Sequence[Mapping[str, Any]]) -> str:
    return encode({"t": "ack", "acks": acks})


def frames_of(entries: Sequence[Packed]) -> Iterator[Sequence[Packed]]:
    """A run of entries in runs that fit into a frame each (MAX_FRAME_BYTES, as everyone is told)."""
    return runs(entries, [len(entry.text) for entry in entries], MAX_RUN_CHARS)


def messages_frame(conv: str, entries: Sequence[Packed], absent: Sequence[Absence] = ()) -> str:
    """A `messages` frame of entries already encoded."""
    text = '{"t":"messages","conv":"%s","entries":[%s]' % (conv, ",".join([entry.text for entry in entries]))
    return f'{text},"absent":{to_json(list(absent)).decode()}}}' if absent else text + "}"


def changes_frames(conv: str, changes: Sequence[Changed], upto: int) -> Iterator[str]:
    """`changes` frames that fit; each says up to which revision all is told, the last one `upto`."""
    texts = [to_json(change).decode() for change in changes]
    for run, told in revisions(changes, texts, upto, MAX_RUN_CHARS):
        yield '{"t":"changes","conv":"%s","upto":%d,"changes":[%s]}' % (conv, told, ",".join(run))


def conversations_frames(items: Iterable[Mapping[str, Any]], most: int) -> Iterator[str]:
    """`conversations` frames of at most `most` conversations and MAX_PART_BYTES, or of a single larger one; at least
    one frame. Encoded as they are taken."""
    for run, more in parts((to_json(item) for item in items), most, MAX_PART_BYTES):
        text = b",".join(run).decode()
        yield '{"t":"conversations","items":[%s],"more":%s}' % (text, "true" if more else "false")


def fitting(things: Iterable[Mapping[str, Any]], most: int = MAX_PART_BYTES) -> tuple[int, int]:
    """How many of them, from the first on, are `most` bytes or less, and how many bytes these are. At least one is
    taken, if there is one."""
    count = size = 0
    for thing in things:
        more = len(to_json(thing))
        if count and size + more > most:
            break
        count, size = count + 1, size + more
    return count, size
