"""The frames of messenger.v1, one set of models for every door (WebSocket now, REST later).

Client frames are validated strictly and in full before anything else sees them; unknown fields are ignored, so
that newer clients can talk to older servers. Server frames are plain dicts: they are built on the hot path and never
parsed here. Shapes, units and examples: docs/protocol.md.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationInfo

from chat.protocol.base import DEFAULT_MEMBERS_PAGE as DEFAULT_MEMBERS_PAGE

# What the frames hold is named here for everyone.
from chat.protocol.base import ID_PATTERN as ID_PATTERN
from chat.protocol.base import MAX_MEMBERS_PAGE as MAX_MEMBERS_PAGE
from chat.protocol.base import MAX_SEQ as MAX_SEQ
from chat.protocol.base import ClientId as ClientId
from chat.protocol.base import Frame as Frame
from chat.protocol.base import Id as Id
from chat.protocol.base import MembersPage as MembersPage
from chat.protocol.base import Seq as Seq
from chat.protocol.base import Username as Username
from chat.protocol.base import has_no_nul, is_storable, shown_as
from chat.protocol.group_frames import (
    Add,
    Adding,
    AskMembers,
    ChangeGroup,
    Create,
    GiveRole,
    HistoryFrom,
    Invite,
    Invites,
    Join,
    Leave,
    Mute,
    Preview,
    Remove,
    Revoke,
    Role,
)
from chat.protocol.safety_frames import AskBlocks, Block, Report, Unblock

SUBPROTOCOL = "messenger.v1.json"
PROTO_SUBPROTOCOL = "messenger.v1.proto"
PROTOCOL_VERSION = 1

MAX_FRAME_BYTES = 65_536
# What an answer (conversations, page, sync) holds of each kind of thing, but at least one of them.
MAX_PART_BYTES = 262_144
MAX_BODY_CHARS = 4_096
MAX_CLIENT_ID_CHARS = 64
MAX_ACKS = 100
MAX_ATTACHMENTS = 10
# As many as a frame of the largest size holds.
MAX_POSITIONS = 500
MAX_RANGE = 100
DEFAULT_SYNC = 50
MAX_POINT_CHARS = 60_000
MAX_MENTIONS = 50
MAX_QUERY_CHARS, MAX_QUERY_WORDS = 200, 10
DEFAULT_FOUND, MAX_FOUND = 20, 50
MAX_CURSOR_CHARS = 150


def _says_something(value: str, info: ValidationInfo) -> str:
    """Without words if there is an attachment. The model's fields before this one have been read."""
    return has_no_nul(value) if info.data.get("attachments") else is_storable(value)


def _is_query(value: str) -> str:
    if len(value.split()) > MAX_QUERY_WORDS:
        raise ValueError(f"more than {MAX_QUERY_WORDS} words")
    return is_storable(value)


Body = Annotated[
    str,
    StringConstraints(max_length=MAX_BODY_CHARS),
    AfterValidator(is_storable),
    shown_as(r"^[^\u0000]*[^\s\u0000][^\u0000]*$", minLength=1, maxLength=MAX_BODY_CHARS),
]
Words = Annotated[
    str,
    StringConstraints(max_length=MAX_BODY_CHARS),
    AfterValidator(_says_something),
    shown_as(r"^[^\u0000]*$", maxLength=MAX_BODY_CHARS),
]
Position = Annotated[int, Field(ge=0, le=MAX_SEQ)]
AckType = Literal["DELIVERED", "SEEN", "CHANGED"]
Query = Annotated[
    str,
    StringConstraints(max_length=MAX_QUERY_CHARS),
    AfterValidator(_is_query),
    shown_as(r"^[^\u0000]*[^\s\u0000][^\u0000]*$", minLength=1, maxLength=MAX_QUERY_CHARS),
]
SearchKind = Literal["messages", "people"]
SearchCursor = Annotated[str, StringConstraints(max_length=MAX_CURSOR_CHARS), AfterValidator(has_no_nul)]
FoundPage = Annotated[int, Field(ge=1, le=MAX_FOUND)]


class Place(Frame):
    """Where a device stands in one conversation: all entries up to `received` stored, all changes up to `rev` too
    (None: as the server holds it), up to `seen` read."""

    conv: Id
    received: Position
    rev: Position | None = None
    seen: Position = 0


class Hello(Frame):
    """First frame. `epoch` and `positions` as the device last knew them; `device`: which one it takes itself for."""

    t: Literal["hello"]
    device: Id | None = None
    epoch: Annotated[str, StringConstraints(max_length=64)] | None = None
    positions: Annotated[list[Place], Field(max_length=MAX_POSITIONS)] = []


class Ping(Frame):
    """Heartbeat. `positions` states those the server has not yet echoed as stored."""

    t: Literal["ping"]
    positions: Annotated[list[Place], Field(max_length=MAX_POSITIONS)] = []


class Message(Frame):
    """What a message is, wherever it goes. `after`: the device's still unanswered predecessor in its conversation.
    `attachments`: of the sender's complete uploads, in the order shown; with some, `body` may be empty. `mentions`:
    members who are rung whatever they have muted."""

    client_id: ClientId
    attachments: Annotated[list[Id], Field(max_length=MAX_ATTACHMENTS)] = []
    body: Words
    after: ClientId | None = None
    reply_to: Seq | None = None
    reply_to_id: ClientId | None = None
    mentions: Annotated[list[Id], Field(max_length=MAX_MENTIONS)] = []


class Send(Message):
    """One message."""

    t: Literal["send"]
    conv: Id


class Acknowledgment(Frame):
    """What a device tells of an entry. `cumulative`: this entry and everything before it. CHANGED tells of edits and
    deletions: all up to revision `seq`."""

    type: AckType
    conv: Id
    seq: Seq
    cumulative: bool = False


class Ack(Frame):
    """One acknowledgement or many."""

    t: Literal["ack"]
    acks: Annotated[list[Acknowledgment], Field(min_length=1, max_length=MAX_ACKS)]


class Fetch(Frame):
    """Entries `from` to `to`, both included, at most 100."""

    t: Literal["fetch"]
    conv: Id
    from_seq: Annotated[Seq, Field(alias="from")]
    to_seq: Annotated[Seq, Field(alias="to")]


class Info(Frame):
    """Who has received and seen entry `seq`, and when: those whose names come after `after`."""

    t: Literal["info"]
    conv: Id
    seq: Seq
    after: Username | None = None
    limit: MembersPage = DEFAULT_MEMBERS_PAGE


class Edit(Frame):
    """Another text for entry `seq`, one's own."""

    t: Literal["edit"]
    conv: Id
    seq: Seq
    body: Body


class Delete(Frame):
    """Entry `seq` goes: for oneself ("me"), or, one's own, for everyone ("all")."""

    t: Literal["delete"]
    conv: Id
    seq: Seq
    whom: Annotated[Literal["me", "all"], Field(alias="for")]


class Resend(Frame):
    """Entry `seq`, one's own, expired before it was delivered: withdrawn, and sent anew as `client_id`."""

    t: Literal["resend"]
    conv: Id
    seq: Seq
    client_id: ClientId


class Sync(Frame):
    """What is missing, asked for page by page. `point`: as the last answer gave it; or `positions`, or neither, for a
    device that knows nothing. `limit`: entries and changes in the answer. `media` false: placeholders only."""

    t: Literal["sync"]
    point: Annotated[str, StringConstraints(max_length=MAX_POINT_CHARS)] | None = None
    epoch: Annotated[str, StringConstraints(max_length=64)] | None = None
    positions: Annotated[list[Place], Field(max_length=MAX_POSITIONS)] = []
    limit: Annotated[int, Field(ge=1, le=MAX_RANGE)] = DEFAULT_SYNC
    media: bool = True


class OpenDirect(Frame):
    """The 1:1 conversation with `username`, made if it is not there yet."""

    t: Literal["open"]
    username: Username


class Search(Frame):
    """Messages of one's conversations, or of `conv` alone, that have all words of `q`; or people. `cursor`: `next` of
    the answer before."""

    t: Literal["search"]
    q: Query
    kind: SearchKind = "messages"
    conv: Id | None = None
    cursor: SearchCursor | None = None
    limit: FoundPage = DEFAULT_FOUND


class Typing(Frame):
    """This person is writing something. Harmless when lost."""

    t: Literal["typing"]
    conv: Id


class Presence(Frame):
    """Whether the other one of a 1:1 conversation is online: told now, and at every change for a while."""

    t: Literal["presence"]
    conv: Id


ClientFrame = (
    Hello
    | Ping
    | Send
    | Ack
    | Fetch
    | Sync
    | Info
    | Edit
    | Delete
    | Resend
    | OpenDirect
    | Typing
    | Presence
    | Create
    | ChangeGroup
    | Add
    | Remove
    | Leave
    | GiveRole
    | Mute
    | AskMembers
    | Invite
    | Invites
    | Revoke
    | Preview
    | Join
    | Block
    | Unblock
    | AskBlocks
    | Report
    | Search
)

client_frame: TypeAdapter[ClientFrame] = TypeAdapter(Annotated[ClientFrame, Field(discriminator="t")])


class Attachment(TypedDict):
    """A file beside an entry. `size` in bytes; `width`, `height` of an image, in pixels; `thumbnail`: there is one, or
    will be; `withheld`: a placeholder, of which no more is told."""

    id: str
    name: str
    type: str
    size: int
    width: NotRequired[int]
    height: NotRequired[int]
    thumbnail: NotRequired[bool]
    withheld: NotRequired[bool]


EventType = Literal["created", "added", "removed", "left", "joined", "role", "changed"]


class Event(TypedDict):
    """What an entry's sender did to the group. `users`: to whom; of "role" with what they are now. Of "created" with
    how many (`count`), of "changed" what is new; an empty `picture`: none any more."""

    type: EventType
    users: NotRequired[list[str]]
    role: NotRequired[Role]
    count: NotRequired[int]
    title: NotRequired[str]
    picture: NotRequired[str]
    adding: NotRequired[Adding]
    history: NotRequired[HistoryFrom]


class Entry(TypedDict):
    """One message as pushed. `at`, `edited_at`: server time, milliseconds since 1970. `rev`: the revision of its last
    change, left out if there was none. A deleted one has no body, nor has an event. `resent_as`: withdrawn for the
    entry of that seq."""

    seq: int
    id: str
    sender: str
    client_id: str
    body: NotRequired[str]
    at: int
    reply_to: NotRequired[int]
    rev: NotRequired[int]
    edited_at: NotRequired[int]
    deleted: NotRequired[bool]
    resent_as: NotRequired[int]
    attachments: NotRequired[list[Attachment]]
    event: NotRequired[Event]
    mentions: NotRequired[list[str]]


class Changed(TypedDict):
    """What became of entry `seq`: "edit" (with its text), "delete" (for everyone) or "hide" (for oneself)."""

    seq: int
    rev: int
    type: Literal["edit", "delete", "hide"]
    body: NotRequired[str]
    edited_at: NotRequired[int]
    resent_as: NotRequired[int]


Why = Literal["expired", "no_access", "deleted"]
# Entries `from` to `to` are not there, and why (chat/policy/visibility.py).
Absence = TypedDict("Absence", {"from": int, "to": int, "why": Why})
