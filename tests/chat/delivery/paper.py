"""Sessions whose frames are kept on paper instead of being sent, and summaries as the database would give them."""

import json
from typing import Any

from chat.delivery.cursor import Cursor
from chat.delivery.session import Session
from chat.inbox.sync import Summary
from chat.policy.visibility import Readable
from chat.protocol import wire
from chat.protocol.codec import JSON, Codec
from chat.protocol.messenger.v1 import messenger_pb2 as pb
from chat.protocol.packed import Packed


class Paper:
    """An outlet that writes to a list."""

    is_crowded = False
    is_behind = False

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    def write(self, frame: str | bytes) -> bool:
        self.frames.append(json.loads(frame) if isinstance(frame, str) else wire.read(pb.ServerFrame, frame))
        return True

    def close(self, code: int) -> None:
        self.closed = code


def packed(seq: int) -> Packed:
    return Packed(seq, json.dumps({"seq": seq}))


def new_session(user: str, device: str = "", codec: Codec = JSON) -> Session:
    return Session(user, device or user, Paper(), now=0.0, codec=codec)  # type: ignore[arg-type]


def frames(session: Session) -> list[dict[str, Any]]:
    paper: Any = session.outlet
    return list(paper.frames)


def summary(
    conv: str, head: int, members_rev: int = 1, rev: int = 0, received: int = 0, readable: Readable | None = None
) -> Summary:
    may = readable or Readable()
    return Summary(
        conv, "group", "", None, head, rev, members_rev, members_rev, may, received, rev, 0, 0, 0, 0, None, []
    )


def cursor_of(found: Summary) -> Cursor:
    return Cursor(found.received, found.received_rev, found.seen, found.readable)
