"""What a program gets to see: frozen values. Times are milliseconds since 1970 by the server's clock; ids are UUIDs in
lower case."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from messenger_client.ticks import Status


@dataclass(frozen=True, slots=True)
class Person:
    """`name` is for people, `username` is what one opens a conversation by."""

    id: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """Someone in a conversation; `delivered` and `seen`: how far they have got, 0 where it is not told."""

    person: Person
    role: str
    delivered: int
    seen: int


@dataclass(frozen=True, slots=True)
class Conversation:
    """`picture`: of a group, the id of the attachment that shows it; `received`: every entry up to this seq is
    stored here, or was told not to be there; `head`: the newest entry that is known of; `unread`: others' entries
    above `seen` that are stored. Not `is_member`: its person has left it."""

    id: str
    kind: str
    title: str | None
    picture: str | None
    members: tuple[Member, ...]
    me: str
    head: int
    received: int
    seen: int
    unread: int
    is_member: bool

    @property
    def others(self) -> tuple[Person, ...]:
        return tuple(member.person for member in self.members if member.person.id != self.me)

    @property
    def name(self) -> str:
        """The title of a group, or who else is in it; of notes to oneself one's own name."""
        people = self.others or tuple(member.person for member in self.members)
        return self.title or ", ".join(person.name for person in people)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a message. `type`: what the server found it to be; `size` in bytes; `width` and `height` in pixels,
    of a picture. `is_withheld`: told as a placeholder, for much waited; it can be downloaded all the same. `name`: as
    whoever sent it says; no path on any machine."""

    id: str
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None
    has_thumbnail: bool = False
    is_withheld: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a conversation as it is now. Deleted for everyone: `is_deleted`, with an empty body. `status`: of
    one's own. `resent_as`: it expired, and was sent anew as that entry. `attachments`: its files, in order. `event`: no
    message, but what the sender did to the group, with an empty body. `mentions`: ids of people."""

    conversation_id: str
    seq: int
    id: str
    client_id: str
    sender: Person
    is_mine: bool
    body: str
    at: int
    status: Status | None = None
    reply_to: int | None = None
    edited_at: int | None = None
    is_deleted: bool = False
    resent_as: int | None = None
    attachments: tuple[Attachment, ...] = ()
    event: dict[str, Any] | None = None
    mentions: tuple[str, ...] = ()

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.at / 1000, UTC)


@dataclass(frozen=True, slots=True)
class FoundMessages:
    """Newest first. `next`: what the next page is asked for with, which may hold something though this one is empty;
    None: this was the last."""

    messages: tuple[Message, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class UnsentFile:
    """A file that goes with a message. `key`: its upload's own client_id. `modified`: nanoseconds since 1970; with
    `size` it tells whether the file is still the one that was to be sent. `attachment`: its id, None until it is
    uploaded; `told`: what the server says of it then."""

    key: str
    path: str
    name: str
    size: int
    modified: int
    attachment: str | None = None
    told: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """A message that is in no log yet: pending, failed or rejected. `code` and `reason` say why it failed. `made`: when
    it was written or last retried, by this machine's clock. `resends`: the expired entry that is sent anew."""

    client_id: str
    conversation_id: str
    body: str
    reply_to: int | None
    made: int
    status: Status
    code: str | None = None
    reason: str | None = None
    resends: int | None = None
    place: int = 0
    files: tuple[UnsentFile, ...] = ()

    @property
    def is_uploaded(self) -> bool:
        return all(file.attachment for file in self.files)


@dataclass(frozen=True, slots=True)
class Invite:
    """A link into a group. `token`: whoever knows it may join."""

    id: str
    token: str
    expires_at: int | None
    max_uses: int | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What message info says of one person; None: not (yet) told."""

    person: Person
    delivered_at: int | None
    seen_at: int | None
    expired_at: int | None
