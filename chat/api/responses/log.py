"""Of conversations and messages."""

from typing import Literal

from pydantic import Field

from chat.api.responses.base import Response
from chat.protocol.frames import Id, Why


class Attachment(Response):
    """A file. `size` in bytes; `width`, `height`: of a picture, in pixels; `thumbnail`: there is one, or will be;
    `withheld`: a placeholder, of which no more is told. What does not apply is left out."""

    id: Id
    name: str
    type: str
    size: int
    width: int = 0
    height: int = 0
    thumbnail: bool = False
    withheld: bool = False


class Entry(Response):
    """A message as it is now. Times are milliseconds since 1970. Left out: `body` of a deleted one, and what does not
    apply."""

    seq: int
    id: Id
    sender: Id
    client_id: str
    at: int
    body: str = ""
    reply_to: int = 0
    rev: int = 0
    edited_at: int = 0
    deleted: bool = False
    resent_as: int = 0
    attachments: list[Attachment] = []


class Absence(Response):
    """These entries are not there, and why."""

    from_seq: int = Field(alias="from")
    to: int
    why: Why


class Member(Response):
    """`stays`: which entries are for this person, null: until they leave; `delivered`, `seen`: how far they have got;
    `lapsed`: what expired for them, left out: nothing."""

    id: Id
    username: str
    name: str
    role: Literal["member", "admin"]
    stays: list[tuple[int, int | None]]
    delivered: int
    seen: int
    lapsed: list[tuple[int, int]] = []


class Conversation(Response):
    """`head`, `rev`: its newest entry and change; `received`, `received_rev`: how far this device is known to have
    them; `start`: the first entry this person may see; `seen`, `unread`: this person's."""

    id: Id
    kind: Literal["direct", "group"]
    title: str | None
    members: list[Member]
    head: int
    rev: int
    received: int
    received_rev: int
    start: int
    seen: int
    unread: int
    last: Entry | None


class Conversations(Response):
    """`next`: what the next page is asked for with; null: this is the last."""

    conversations: list[Conversation]
    next: Id | None


class History(Response):
    """`entries` are at least as new as revision `as_of_rev`."""

    conv: Id
    from_seq: int = Field(alias="from")
    to: int
    entries: list[Entry]
    absent: list[Absence]
    as_of_rev: int


class Accepted(Response):
    """`timestamp`: when the server took it, milliseconds since 1970. `durability`: "local", flushed to the server's
    disk; "quorum", and to the standbys it waits for."""

    type: Literal["ACCEPTED"]
    conv: Id
    client_id: str
    message_id: Id
    seq: int
    timestamp: int
    sender_id: Id
    durability: Literal["local", "quorum"]


class Revised(Response):
    """`rev`: of the change, or of the one that had made it so already."""

    conv: Id
    seq: int
    rev: int


class Person(Response):
    """Times are milliseconds since 1970; null: not yet, or not told."""

    id: Id
    username: str
    name: str
    expired_at: int | None
    delivered_at: int | None
    seen_at: int | None


class Info(Response):
    conv: Id
    seq: int
    people: list[Person]
