"""Of conversations and messages."""

from typing import Literal

from pydantic import Field

from chat.api.responses.base import Response
from chat.api.responses.people import User
from chat.protocol.frames import EventType, Id, Why
from chat.protocol.group_frames import Adding, HistoryFrom, Role


class Event(Response):
    """What an entry's sender did to the group. `users`: to whom; left out: what does not apply."""

    type: EventType
    users: list[Id] = []
    role: Role = "member"
    count: int = 0
    title: str = ""
    picture: Id | Literal[""] = ""
    adding: Adding = "admins"
    history: HistoryFrom = "joining"


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
    """A message as it is now, or what was done to a group (`event`, in place of `body`). Times are milliseconds since
    1970. Left out: `body` of a deleted one, and what does not apply."""

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
    event: Event = Event(type="created")
    mentions: list[Id] = []


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
    role: Role
    stays: list[tuple[int, int | None]]
    delivered: int
    seen: int
    lapsed: list[tuple[int, int]] = []


class Conversation(Response):
    """`picture`: the attachment that shows a group; `members`: all, or, of more than 50, some and oneself; `count`: how
    many there are, `members_rev`: rises with every change of them; `adding`: who may add people; `history`: from where
    on a new member may read; `muted_until`: no wake-ups before that; `blocked`: of a 1:1, its person has blocked the
    other; left out: not. `head`, `rev`: its newest entry and change; `received`, `received_rev`: how far this device is
    known to have them; `start`: the first entry this person may see; `seen`, `unread`: this person's."""

    id: Id
    kind: Literal["direct", "group"]
    title: str | None
    picture: Id | None
    members: list[Member]
    count: int
    members_rev: int
    adding: Adding | None
    history: HistoryFrom | None
    muted_until: int | None
    blocked: bool = False
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


class Hit(Response):
    """An entry that was found, and its conversation."""

    conv: Id
    entry: Entry


class Found(Response):
    """Of what was not searched for there is none. `next`: what the next page is asked for with; null: this is the
    last."""

    messages: list[Hit]
    people: list[User]
    next: str | None


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
    """`next`: what the next page is asked for with; null: this is the last."""

    conv: Id
    seq: int
    people: list[Person]
    next: str | None


class Members(Response):
    """`next`: what the next page is asked for with; null: this is the last. Begin anew when `members_rev` has risen
    between two pages."""

    conv: Id
    members_rev: int
    count: int
    members: list[Member]
    next: str | None


class GroupChanged(Response):
    """`members_rev`: it is so from then on."""

    conv: Id
    members_rev: int


class Link(Response):
    """`token`: shown this once. Times are milliseconds since 1970; null: no such limit."""

    conv: Id
    id: Id
    token: str
    expires_at: int | None
    max_uses: int | None


class LinkUse(Response):
    """`uses`: who joined by it."""

    id: Id
    creator: Id
    created_at: int
    expires_at: int | None
    max_uses: int | None
    uses: int


class Links(Response):
    links: list[LinkUse]


class Preview(Response):
    """What one would join. `count`: members."""

    title: str
    count: int
