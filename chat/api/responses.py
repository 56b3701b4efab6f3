"""What routes answer, described. Answers are written by hand (answer.py) and held against these models by the tests."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from chat.protocol.frames import AckType, Id, Why


class Response(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Problem(Response):
    """Problem details (RFC 9457). `code` never changes its meaning; `detail` or `errors` say what was wrong with this
    request; `retry_after_ms`: in which time what may be repeated is worth repeating."""

    type: Literal["about:blank"]
    title: str
    status: int
    code: str
    detail: str = ""
    errors: dict[str, list[str]] = {}
    retry_after_ms: int = 0


class User(Response):
    id: Id
    username: str
    name: str


class SignedIn(Response):
    """`token`: shown this once."""

    device_id: Id
    token: str
    user: User


class Token(Response):
    token: str


class Device(Response):
    """Times are milliseconds since 1970; `last_seen_at` null: never connected."""

    id: Id
    name: str
    created_at: int
    last_seen_at: int | None
    is_this: bool


class Devices(Response):
    devices: list[Device]


class Profile(Response):
    """`read_receipts`: others learn what this person has seen, and they of the others; `shows_presence`: likewise
    when somebody is online or typing."""

    id: Id
    username: str
    name: str
    read_receipts: bool
    shows_presence: bool


class PushKey(Response):
    key: str


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


class Position(Response):
    """Where the device stands: all entries up to `received`, all changes up to `rev` stored, its person has seen up to
    `seen`."""

    conv: Id
    received: int
    rev: int
    seen: int


class RefusedAck(Response):
    type: AckType
    conv: Id
    seq: int
    code: str
    text: str


class Acknowledged(Response):
    positions: list[Position]
    refused: list[RefusedAck]


class Reset(Response):
    """What the device lacks up to `horizon` has expired: go on as if it had been received."""

    conv: Id
    horizon: int
    why: Literal["expired"]


class Run(Response):
    conv: Id
    entries: list[Entry]
    absent: list[Absence]


class Change(Response):
    """What became of entry `seq`. `body`, `edited_at`: of an edit; `resent_as`: withdrawn for that entry."""

    seq: int
    rev: int
    type: Literal["edit", "delete", "hide"]
    body: str = ""
    edited_at: int = 0
    resent_as: int = 0


class Changes(Response):
    """All changes up to revision `upto` are told then."""

    conv: Id
    upto: int
    changes: list[Change]


class Synced(Response):
    """`gone`: conversations this person is no longer in. `next`: what the next sync is asked for with."""

    epoch: Id
    conversations: list[Conversation]
    gone: list[Id]
    resets: list[Reset]
    messages: list[Run]
    changes: list[Changes]
    has_more: bool
    next: str
