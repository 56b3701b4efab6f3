"""messenger.v1 as this client speaks it: frames out, and the limits they keep to. Shapes: docs/protocol.md. No I/O."""

import json
import re
from collections.abc import Sequence
from typing import Any

SUBPROTOCOL = "messenger.v1.json"
PATH = "/ws/v1"
MAX_BODY_CHARS = 4_096
MAX_ATTACHMENTS = 10
MAX_ACKS = 100
# As many as a frame of the largest size holds.
MAX_POSITIONS = 500
MAX_RANGE = 100
# An answer may be up to 1 MiB; what is larger is not from our server.
MAX_FRAME_BYTES = 4 * 1024 * 1024

Frame = dict[str, Any]

_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}")
_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(frame: Frame) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def decode(text: str | bytes) -> Frame:
    """Raises ValueError for what is no frame."""
    frame = json.loads(text)
    if not isinstance(frame, dict) or not isinstance(frame.get("t"), str):
        raise ValueError("not a frame")
    return frame


def is_client_id(text: str) -> bool:
    return _CLIENT_ID.fullmatch(text) is not None


def is_storable(body: str) -> bool:
    """Whether the server takes it as a message's text: 1 to 4,096 code points, not only white space, no NUL, no lone
    surrogates."""
    return bool(body.strip()) and len(body) <= MAX_BODY_CHARS and "\0" not in body and not _SURROGATE.search(body)


def is_sendable(body: str, attachments: int) -> bool:
    """A message with files needs no text."""
    return attachments <= MAX_ATTACHMENTS and (is_storable(body) or (body == "" and attachments > 0))


def hello(epoch: str | None, positions: Sequence[Frame]) -> Frame:
    return {"t": "hello", "epoch": epoch, "positions": list(positions)}


def ping(positions: Sequence[Frame]) -> Frame:
    return {"t": "ping", "positions": list(positions)}


def send(
    client_id: str, conv: str, body: str, reply_to: int | None, after: str | None, attachments: Sequence[str] = ()
) -> Frame:
    frame: Frame = {"t": "send", "client_id": client_id, "conv": conv, "body": body}
    if after is not None:
        frame["after"] = after
    if reply_to is not None:
        frame["reply_to"] = reply_to
    if attachments:
        frame["attachments"] = list(attachments)
    return frame


def resend(client_id: str, conv: str, seq: int) -> Frame:
    return {"t": "resend", "conv": conv, "seq": seq, "client_id": client_id}


def up_to(kind: str, conv: str, seq: int) -> Frame:
    return {"type": kind, "conv": conv, "seq": seq, "cumulative": True}


def ack(acks: Sequence[Frame]) -> Frame:
    return {"t": "ack", "acks": list(acks)}


def fetch(conv: str, first: int, last: int) -> Frame:
    return {"t": "fetch", "conv": conv, "from": first, "to": last}


def info(conv: str, seq: int) -> Frame:
    return {"t": "info", "conv": conv, "seq": seq}


def edit(conv: str, seq: int, body: str) -> Frame:
    return {"t": "edit", "conv": conv, "seq": seq, "body": body}


def delete(conv: str, seq: int, whom: str) -> Frame:
    """`whom`: "me" or "all"."""
    return {"t": "delete", "conv": conv, "seq": seq, "for": whom}


def open_direct(username: str) -> Frame:
    return {"t": "open", "username": username}


def create(client_id: str, title: str, users: Sequence[str], rules: Frame) -> Frame:
    return {"t": "create", "client_id": client_id, "title": title, "users": list(users)} | rules


def in_group(t: str, conv: str, **more: Any) -> Frame:
    """A change of a group, or a question about it."""
    return {"t": t, "conv": conv} | more


def search(kind: str, query: str, conv: str | None, cursor: str | None, limit: int) -> Frame:
    frame: Frame = {"t": "search", "q": query, "kind": kind, "limit": limit}
    if conv is not None:
        frame["conv"] = conv
    if cursor is not None:
        frame["cursor"] = cursor
    return frame


def join(token: str) -> Frame:
    return {"t": "join", "token": token}


def typing(conv: str) -> Frame:
    return {"t": "typing", "conv": conv}
