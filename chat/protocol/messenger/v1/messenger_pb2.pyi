from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AckType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACK_UNKNOWN: _ClassVar[AckType]
    ACK_ACCEPTED: _ClassVar[AckType]
    ACK_DELIVERED: _ClassVar[AckType]
    ACK_SEEN: _ClassVar[AckType]
    ACK_REJECTED: _ClassVar[AckType]
    ACK_FAILED: _ClassVar[AckType]
    ACK_CHANGED: _ClassVar[AckType]

class Durability(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DURABILITY_UNKNOWN: _ClassVar[Durability]
    DURABILITY_LOCAL: _ClassVar[Durability]
    DURABILITY_QUORUM: _ClassVar[Durability]

class Whom(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHOM_UNKNOWN: _ClassVar[Whom]
    WHOM_ME: _ClassVar[Whom]
    WHOM_ALL: _ClassVar[Whom]

class Role(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROLE_UNKNOWN: _ClassVar[Role]
    ROLE_MEMBER: _ClassVar[Role]
    ROLE_ADMIN: _ClassVar[Role]
    ROLE_OWNER: _ClassVar[Role]

class Adding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ADDING_UNKNOWN: _ClassVar[Adding]
    ADDING_ADMINS: _ClassVar[Adding]
    ADDING_EVERYONE: _ClassVar[Adding]

class HistoryFrom(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    HISTORY_UNKNOWN: _ClassVar[HistoryFrom]
    HISTORY_JOINING: _ClassVar[HistoryFrom]
    HISTORY_ALL: _ClassVar[HistoryFrom]

class EventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_UNKNOWN: _ClassVar[EventType]
    EVENT_CREATED: _ClassVar[EventType]
    EVENT_ADDED: _ClassVar[EventType]
    EVENT_REMOVED: _ClassVar[EventType]
    EVENT_LEFT: _ClassVar[EventType]
    EVENT_JOINED: _ClassVar[EventType]
    EVENT_ROLE: _ClassVar[EventType]
    EVENT_CHANGED: _ClassVar[EventType]

class Why(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WHY_UNKNOWN: _ClassVar[Why]
    WHY_EXPIRED: _ClassVar[Why]
    WHY_NO_ACCESS: _ClassVar[Why]
    WHY_DELETED: _ClassVar[Why]

class ChangeType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_UNKNOWN: _ClassVar[ChangeType]
    CHANGE_EDIT: _ClassVar[ChangeType]
    CHANGE_DELETE: _ClassVar[ChangeType]
    CHANGE_HIDE: _ClassVar[ChangeType]

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KIND_UNKNOWN: _ClassVar[Kind]
    KIND_DIRECT: _ClassVar[Kind]
    KIND_GROUP: _ClassVar[Kind]

class SearchKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEARCH_UNKNOWN: _ClassVar[SearchKind]
    SEARCH_MESSAGES: _ClassVar[SearchKind]
    SEARCH_PEOPLE: _ClassVar[SearchKind]

class Reason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REASON_UNKNOWN: _ClassVar[Reason]
    REASON_SPAM: _ClassVar[Reason]
    REASON_ABUSE: _ClassVar[Reason]
    REASON_ILLEGAL: _ClassVar[Reason]
    REASON_OTHER: _ClassVar[Reason]
ACK_UNKNOWN: AckType
ACK_ACCEPTED: AckType
ACK_DELIVERED: AckType
ACK_SEEN: AckType
ACK_REJECTED: AckType
ACK_FAILED: AckType
ACK_CHANGED: AckType
DURABILITY_UNKNOWN: Durability
DURABILITY_LOCAL: Durability
DURABILITY_QUORUM: Durability
WHOM_UNKNOWN: Whom
WHOM_ME: Whom
WHOM_ALL: Whom
ROLE_UNKNOWN: Role
ROLE_MEMBER: Role
ROLE_ADMIN: Role
ROLE_OWNER: Role
ADDING_UNKNOWN: Adding
ADDING_ADMINS: Adding
ADDING_EVERYONE: Adding
HISTORY_UNKNOWN: HistoryFrom
HISTORY_JOINING: HistoryFrom
HISTORY_ALL: HistoryFrom
EVENT_UNKNOWN: EventType
EVENT_CREATED: EventType
EVENT_ADDED: EventType
EVENT_REMOVED: EventType
EVENT_LEFT: EventType
EVENT_JOINED: EventType
EVENT_ROLE: EventType
EVENT_CHANGED: EventType
WHY_UNKNOWN: Why
WHY_EXPIRED: Why
WHY_NO_ACCESS: Why
WHY_DELETED: Why
CHANGE_UNKNOWN: ChangeType
CHANGE_EDIT: ChangeType
CHANGE_DELETE: ChangeType
CHANGE_HIDE: ChangeType
KIND_UNKNOWN: Kind
KIND_DIRECT: Kind
KIND_GROUP: Kind
SEARCH_UNKNOWN: SearchKind
SEARCH_MESSAGES: SearchKind
SEARCH_PEOPLE: SearchKind
REASON_UNKNOWN: Reason
REASON_SPAM: Reason
REASON_ABUSE: Reason
REASON_ILLEGAL: Reason
REASON_OTHER: Reason

class ClientFrame(_message.Message):
    __slots__ = ("hello", "ping", "send", "ack", "fetch", "sync", "info", "edit", "delete", "resend", "open", "typing", "presence", "create", "group", "add", "remove", "leave", "role", "mute", "members", "invite", "invites", "revoke", "preview", "join", "search", "block", "unblock", "blocks", "report")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    PING_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    SYNC_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    EDIT_FIELD_NUMBER: _ClassVar[int]
    DELETE_FIELD_NUMBER: _ClassVar[int]
    RESEND_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    TYPING_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    CREATE_FIELD_NUMBER: _ClassVar[int]
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ADD_FIELD_NUMBER: _ClassVar[int]
    REMOVE_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    MUTE_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    INVITE_FIELD_NUMBER: _ClassVar[int]
    INVITES_FIELD_NUMBER: _ClassVar[int]
    REVOKE_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    JOIN_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    UNBLOCK_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    ping: Ping
    send: Send
    ack: BatchAcknowledgment
    fetch: Fetch
    sync: Sync
    info: Info
    edit: Edit
    delete: Delete
    resend: Resend
    open: Open
    typing: Typing
    presence: Presence
    create: Create
    group: ChangeGroup
    add: Add
    remove: Remove
    leave: Leave
    role: GiveRole
    mute: Mute
    members: AskMembers
    invite: Invite
    invites: Invites
    revoke: Revoke
    preview: Preview
    join: Join
    search: Search
    block: Block
    unblock: Unblock
    blocks: AskBlocks
    report: Report
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., ping: _Optional[_Union[Ping, _Mapping]] = ..., send: _Optional[_Union[Send, _Mapping]] = ..., ack: _Optional[_Union[BatchAcknowledgment, _Mapping]] = ..., fetch: _Optional[_Union[Fetch, _Mapping]] = ..., sync: _Optional[_Union[Sync, _Mapping]] = ..., info: _Optional[_Union[Info, _Mapping]] = ..., edit: _Optional[_Union[Edit, _Mapping]] = ..., delete: _Optional[_Union[Delete, _Mapping]] = ..., resend: _Optional[_Union[Resend, _Mapping]] = ..., open: _Optional[_Union[Open, _Mapping]] = ..., typing: _Optional[_Union[Typing, _Mapping]] = ..., presence: _Optional[_Union[Presence, _Mapping]] = ..., create: _Optional[_Union[Create, _Mapping]] = ..., group: _Optional[_Union[ChangeGroup, _Mapping]] = ..., add: _Optional[_Union[Add, _Mapping]] = ..., remove: _Optional[_Union[Remove, _Mapping]] = ..., leave: _Optional[_Union[Leave, _Mapping]] = ..., role: _Optional[_Union[GiveRole, _Mapping]] = ..., mute: _Optional[_Union[Mute, _Mapping]] = ..., members: _Optional[_Union[AskMembers, _Mapping]] = ..., invite: _Optional[_Union[Invite, _Mapping]] = ..., invites: _Optional[_Union[Invites, _Mapping]] = ..., revoke: _Optional[_Union[Revoke, _Mapping]] = ..., preview: _Optional[_Union[Preview, _Mapping]] = ..., join: _Optional[_Union[Join, _Mapping]] = ..., search: _Optional[_Union[Search, _Mapping]] = ..., block: _Optional[_Union[Block, _Mapping]] = ..., unblock: _Optional[_Union[Unblock, _Mapping]] = ..., blocks: _Optional[_Union[AskBlocks, _Mapping]] = ..., report: _Optional[_Union[Report, _Mapping]] = ...) -> None: ...

class ServerFrame(_message.Message):
    __slots__ = ("welcome", "conversations", "messages", "ack", "changes", "retry", "error", "done", "pong", "typing", "presence", "page", "info", "sync", "reset", "sync_done", "members", "left", "reconnect", "roster", "invite", "invites", "preview", "found", "blocks")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    CONVERSATIONS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    RETRY_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    PONG_FIELD_NUMBER: _ClassVar[int]
    TYPING_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    INFO_FIELD_NUMBER: _ClassVar[int]
    SYNC_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    SYNC_DONE_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    RECONNECT_FIELD_NUMBER: _ClassVar[int]
    ROSTER_FIELD_NUMBER: _ClassVar[int]
    INVITE_FIELD_NUMBER: _ClassVar[int]
    INVITES_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    BLOCKS_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    conversations: Conversations
    messages: Messages
    ack: BatchAcknowledgment
    changes: Changes
    retry: Retry
    error: Error
    done: Done
    pong: Pong
    typing: Typed
    presence: Company
    page: Page
    info: People
    sync: Missed
    reset: Reset
    sync_done: SyncDone
    members: Members
    left: Left
    reconnect: Reconnect
    roster: Roster
    invite: Link
    invites: Links
    preview: Seen
    found: Found
    blocks: Blocks
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., conversations: _Optional[_Union[Conversations, _Mapping]] = ..., messages: _Optional[_Union[Messages, _Mapping]] = ..., ack: _Optional[_Union[BatchAcknowledgment, _Mapping]] = ..., changes: _Optional[_Union[Changes, _Mapping]] = ..., retry: _Optional[_Union[Retry, _Mapping]] = ..., error: _Optional[_Union[Error, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., pong: _Optional[_Union[Pong, _Mapping]] = ..., typing: _Optional[_Union[Typed, _Mapping]] = ..., presence: _Optional[_Union[Company, _Mapping]] = ..., page: _Optional[_Union[Page, _Mapping]] = ..., info: _Optional[_Union[People, _Mapping]] = ..., sync: _Optional[_Union[Missed, _Mapping]] = ..., reset: _Optional[_Union[Reset, _Mapping]] = ..., sync_done: _Optional[_Union[SyncDone, _Mapping]] = ..., members: _Optional[_Union[Members, _Mapping]] = ..., left: _Optional[_Union[Left, _Mapping]] = ..., reconnect: _Optional[_Union[Reconnect, _Mapping]] = ..., roster: _Optional[_Union[Roster, _Mapping]] = ..., invite: _Optional[_Union[Link, _Mapping]] = ..., invites: _Optional[_Union[Links, _Mapping]] = ..., preview: _Optional[_Union[Seen, _Mapping]] = ..., found: _Optional[_Union[Found, _Mapping]] = ..., blocks: _Optional[_Union[Blocks, _Mapping]] = ...) -> None: ...

class Acknowledgment(_message.Message):
    __slots__ = ("message_id", "type", "timestamp", "sender_id", "error_code", "conv", "seq", "client_id", "cumulative", "durability", "error_text", "lapsed")
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    SENDER_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CUMULATIVE_FIELD_NUMBER: _ClassVar[int]
    DURABILITY_FIELD_NUMBER: _ClassVar[int]
    ERROR_TEXT_FIELD_NUMBER: _ClassVar[int]
    LAPSED_FIELD_NUMBER: _ClassVar[int]
    message_id: bytes
    type: AckType
    timestamp: int
    sender_id: bytes
    error_code: str
    conv: bytes
    seq: int
    client_id: str
    cumulative: bool
    durability: Durability
    error_text: str
    lapsed: Ranges
    def __init__(self, message_id: _Optional[bytes] = ..., type: _Optional[_Union[AckType, str]] = ..., timestamp: _Optional[int] = ..., sender_id: _Optional[bytes] = ..., error_code: _Optional[str] = ..., conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., client_id: _Optional[str] = ..., cumulative: _Optional[bool] = ..., durability: _Optional[_Union[Durability, str]] = ..., error_text: _Optional[str] = ..., lapsed: _Optional[_Union[Ranges, _Mapping]] = ...) -> None: ...

class BatchAcknowledgment(_message.Message):
    __slots__ = ("acks",)
    ACKS_FIELD_NUMBER: _ClassVar[int]
    acks: _containers.RepeatedCompositeFieldContainer[Acknowledgment]
    def __init__(self, acks: _Optional[_Iterable[_Union[Acknowledgment, _Mapping]]] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ("to",)
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    to: int
    def __init__(self, to: _Optional[int] = ..., **kwargs) -> None: ...

class Ranges(_message.Message):
    __slots__ = ("ranges",)
    RANGES_FIELD_NUMBER: _ClassVar[int]
    ranges: _containers.RepeatedCompositeFieldContainer[Range]
    def __init__(self, ranges: _Optional[_Iterable[_Union[Range, _Mapping]]] = ...) -> None: ...

class Place(_message.Message):
    __slots__ = ("conv", "received", "rev", "seen")
    CONV_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    REV_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    received: int
    rev: int
    seen: int
    def __init__(self, conv: _Optional[bytes] = ..., received: _Optional[int] = ..., rev: _Optional[int] = ..., seen: _Optional[int] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("epoch", "positions", "device")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    positions: _containers.RepeatedCompositeFieldContainer[Place]
    device: bytes
    def __init__(self, epoch: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[Place, _Mapping]]] = ..., device: _Optional[bytes] = ...) -> None: ...

class Ping(_message.Message):
    __slots__ = ("positions",)
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    positions: _containers.RepeatedCompositeFieldContainer[Place]
    def __init__(self, positions: _Optional[_Iterable[_Union[Place, _Mapping]]] = ...) -> None: ...

class Send(_message.Message):
    __slots__ = ("client_id", "conv", "body", "after", "reply_to", "reply_to_id", "attachments", "mentions")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_ID_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MENTIONS_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    conv: bytes
    body: str
    after: str
    reply_to: int
    reply_to_id: str
    attachments: _containers.RepeatedScalarFieldContainer[bytes]
    mentions: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, client_id: _Optional[str] = ..., conv: _Optional[bytes] = ..., body: _Optional[str] = ..., after: _Optional[str] = ..., reply_to: _Optional[int] = ..., reply_to_id: _Optional[str] = ..., attachments: _Optional[_Iterable[bytes]] = ..., mentions: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Fetch(_message.Message):
    __slots__ = ("conv", "to")
    CONV_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    to: int
    def __init__(self, conv: _Optional[bytes] = ..., to: _Optional[int] = ..., **kwargs) -> None: ...

class Sync(_message.Message):
    __slots__ = ("point", "epoch", "positions", "limit", "media")
    POINT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    point: str
    epoch: str
    positions: _containers.RepeatedCompositeFieldContainer[Place]
    limit: int
    media: bool
    def __init__(self, point: _Optional[str] = ..., epoch: _Optional[str] = ..., positions: _Optional[_Iterable[_Union[Place, _Mapping]]] = ..., limit: _Optional[int] = ..., media: _Optional[bool] = ...) -> None: ...

class Info(_message.Message):
    __slots__ = ("conv", "seq", "after", "limit")
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    seq: int
    after: str
    limit: int
    def __init__(self, conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., after: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class Edit(_message.Message):
    __slots__ = ("conv", "seq", "body")
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    seq: int
    body: str
    def __init__(self, conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., body: _Optional[str] = ...) -> None: ...

class Delete(_message.Message):
    __slots__ = ("conv", "seq")
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    FOR_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    seq: int
    def __init__(self, conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., **kwargs) -> None: ...

class Resend(_message.Message):
    __slots__ = ("conv", "seq", "client_id")
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    seq: int
    client_id: str
    def __init__(self, conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., client_id: _Optional[str] = ...) -> None: ...

class Open(_message.Message):
    __slots__ = ("username",)
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    username: str
    def __init__(self, username: _Optional[str] = ...) -> None: ...

class Typing(_message.Message):
    __slots__ = ("conv",)
    CONV_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    def __init__(self, conv: _Optional[bytes] = ...) -> None: ...

class Presence(_message.Message):
    __slots__ = ("conv",)
    CONV_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    def __init__(self, conv: _Optional[bytes] = ...) -> None: ...

class Create(_message.Message):
    __slots__ = ("client_id", "title", "users", "adding", "history")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    ADDING_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    title: str
    users: _containers.RepeatedScalarFieldContainer[bytes]
    adding: Adding
    history: HistoryFrom
    def __init__(self, client_id: _Optional[str] = ..., title: _Optional[str] = ..., users: _Optional[_Iterable[bytes]] = ..., adding: _Optional[_Union[Adding, str]] = ..., history: _Optional[_Union[HistoryFrom, str]] = ...) -> None: ...

class ChangeGroup(_message.Message):
    __slots__ = ("conv", "title", "adding", "history", "picture")
    CONV_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ADDING_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    title: str
    adding: Adding
    history: HistoryFrom
    picture: bytes
    def __init__(self, conv: _Optional[bytes] = ..., title: _Optional[str] = ..., adding: _Optional[_Union[Adding, str]] = ..., history: _Optional[_Union[HistoryFrom, str]] = ..., picture: _Optional[bytes] = ...) -> None: ...

class Add(_message.Message):
    __slots__ = ("conv", "users")
    CONV_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    users: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, conv: _Optional[bytes] = ..., users: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Remove(_message.Message):
    __slots__ = ("conv", "user")
    CONV_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    user: bytes
    def __init__(self, conv: _Optional[bytes] = ..., user: _Optional[bytes] = ...) -> None: ...

class Leave(_message.Message):
    __slots__ = ("conv",)
    CONV_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    def __init__(self, conv: _Optional[bytes] = ...) -> None: ...

class GiveRole(_message.Message):
    __slots__ = ("conv", "user", "role")
    CONV_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    user: bytes
    role: Role
    def __init__(self, conv: _Optional[bytes] = ..., user: _Optional[bytes] = ..., role: _Optional[_Union[Role, str]] = ...) -> None: ...

class Mute(_message.Message):
    __slots__ = ("conv", "until")
    CONV_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    until: int
    def __init__(self, conv: _Optional[bytes] = ..., until: _Optional[int] = ...) -> None: ...

class AskMembers(_message.Message):
    __slots__ = ("conv", "after", "limit")
    CONV_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    after: str
    limit: int
    def __init__(self, conv: _Optional[bytes] = ..., after: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class Invite(_message.Message):
    __slots__ = ("conv", "expires_at", "max_uses")
    CONV_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    expires_at: int
    max_uses: int
    def __init__(self, conv: _Optional[bytes] = ..., expires_at: _Optional[int] = ..., max_uses: _Optional[int] = ...) -> None: ...

class Invites(_message.Message):
    __slots__ = ("conv",)
    CONV_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    def __init__(self, conv: _Optional[bytes] = ...) -> None: ...

class Revoke(_message.Message):
    __slots__ = ("conv", "id")
    CONV_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    id: bytes
    def __init__(self, conv: _Optional[bytes] = ..., id: _Optional[bytes] = ...) -> None: ...

class Preview(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class Join(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: str
    def __init__(self, token: _Optional[str] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ("id", "username", "name")
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    username: str
    name: str
    def __init__(self, id: _Optional[bytes] = ..., username: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("frame_bytes", "body_chars", "client_id_chars", "acks", "positions", "range", "max_attachments", "max_attachment_bytes")
    FRAME_BYTES_FIELD_NUMBER: _ClassVar[int]
    BODY_CHARS_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_CHARS_FIELD_NUMBER: _ClassVar[int]
    ACKS_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    MAX_ATTACHMENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    frame_bytes: int
    body_chars: int
    client_id_chars: int
    acks: int
    positions: int
    range: int
    max_attachments: int
    max_attachment_bytes: int
    def __init__(self, frame_bytes: _Optional[int] = ..., body_chars: _Optional[int] = ..., client_id_chars: _Optional[int] = ..., acks: _Optional[int] = ..., positions: _Optional[int] = ..., range: _Optional[int] = ..., max_attachments: _Optional[int] = ..., max_attachment_bytes: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("version", "session", "user", "device", "epoch", "time", "heartbeat_ms", "limits")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SESSION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_MS_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    version: int
    session: str
    user: User
    device: bytes
    epoch: str
    time: int
    heartbeat_ms: int
    limits: Limits
    def __init__(self, version: _Optional[int] = ..., session: _Optional[str] = ..., user: _Optional[_Union[User, _Mapping]] = ..., device: _Optional[bytes] = ..., epoch: _Optional[str] = ..., time: _Optional[int] = ..., heartbeat_ms: _Optional[int] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ...) -> None: ...

class File(_message.Message):
    __slots__ = ("id", "name", "type", "size", "width", "height", "thumbnail", "withheld")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    THUMBNAIL_FIELD_NUMBER: _ClassVar[int]
    WITHHELD_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    name: str
    type: str
    size: int
    width: int
    height: int
    thumbnail: bool
    withheld: bool
    def __init__(self, id: _Optional[bytes] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., size: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., thumbnail: _Optional[bool] = ..., withheld: _Optional[bool] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("type", "users", "role", "count", "title", "adding", "history", "picture")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ADDING_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    type: EventType
    users: _containers.RepeatedScalarFieldContainer[bytes]
    role: Role
    count: int
    title: str
    adding: Adding
    history: HistoryFrom
    picture: bytes
    def __init__(self, type: _Optional[_Union[EventType, str]] = ..., users: _Optional[_Iterable[bytes]] = ..., role: _Optional[_Union[Role, str]] = ..., count: _Optional[int] = ..., title: _Optional[str] = ..., adding: _Optional[_Union[Adding, str]] = ..., history: _Optional[_Union[HistoryFrom, str]] = ..., picture: _Optional[bytes] = ...) -> None: ...

class Entry(_message.Message):
    __slots__ = ("seq", "id", "sender", "client_id", "body", "at", "reply_to", "rev", "edited_at", "deleted", "resent_as", "attachments", "event", "mentions")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SENDER_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    REPLY_TO_FIELD_NUMBER: _ClassVar[int]
    REV_FIELD_NUMBER: _ClassVar[int]
    EDITED_AT_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    RESENT_AS_FIELD_NUMBER: _ClassVar[int]
    ATTACHMENTS_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    MENTIONS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    id: bytes
    sender: bytes
    client_id: str
    body: str
    at: int
    reply_to: int
    rev: int
    edited_at: int
    deleted: bool
    resent_as: int
    attachments: _containers.RepeatedCompositeFieldContainer[File]
    event: Event
    mentions: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, seq: _Optional[int] = ..., id: _Optional[bytes] = ..., sender: _Optional[bytes] = ..., client_id: _Optional[str] = ..., body: _Optional[str] = ..., at: _Optional[int] = ..., reply_to: _Optional[int] = ..., rev: _Optional[int] = ..., edited_at: _Optional[int] = ..., deleted: _Optional[bool] = ..., resent_as: _Optional[int] = ..., attachments: _Optional[_Iterable[_Union[File, _Mapping]]] = ..., event: _Optional[_Union[Event, _Mapping]] = ..., mentions: _Optional[_Iterable[bytes]] = ...) -> None: ...

class Absence(_message.Message):
    __slots__ = ("to", "why")
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    to: int
    why: Why
    def __init__(self, to: _Optional[int] = ..., why: _Optional[_Union[Why, str]] = ..., **kwargs) -> None: ...

class Messages(_message.Message):
    __slots__ = ("conv", "entries", "absent")
    CONV_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    absent: _containers.RepeatedCompositeFieldContainer[Absence]
    def __init__(self, conv: _Optional[bytes] = ..., entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., absent: _Optional[_Iterable[_Union[Absence, _Mapping]]] = ...) -> None: ...

class Change(_message.Message):
    __slots__ = ("seq", "rev", "type", "body", "edited_at", "resent_as")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    REV_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    EDITED_AT_FIELD_NUMBER: _ClassVar[int]
    RESENT_AS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    rev: int
    type: ChangeType
    body: str
    edited_at: int
    resent_as: int
    def __init__(self, seq: _Optional[int] = ..., rev: _Optional[int] = ..., type: _Optional[_Union[ChangeType, str]] = ..., body: _Optional[str] = ..., edited_at: _Optional[int] = ..., resent_as: _Optional[int] = ...) -> None: ...

class Changes(_message.Message):
    __slots__ = ("conv", "upto", "changes")
    CONV_FIELD_NUMBER: _ClassVar[int]
    UPTO_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    upto: int
    changes: _containers.RepeatedCompositeFieldContainer[Change]
    def __init__(self, conv: _Optional[bytes] = ..., upto: _Optional[int] = ..., changes: _Optional[_Iterable[_Union[Change, _Mapping]]] = ...) -> None: ...

class Member(_message.Message):
    __slots__ = ("id", "username", "name", "role", "stays", "delivered", "seen", "lapsed")
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    STAYS_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    LAPSED_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    username: str
    name: str
    role: Role
    stays: _containers.RepeatedCompositeFieldContainer[Range]
    delivered: int
    seen: int
    lapsed: _containers.RepeatedCompositeFieldContainer[Range]
    def __init__(self, id: _Optional[bytes] = ..., username: _Optional[str] = ..., name: _Optional[str] = ..., role: _Optional[_Union[Role, str]] = ..., stays: _Optional[_Iterable[_Union[Range, _Mapping]]] = ..., delivered: _Optional[int] = ..., seen: _Optional[int] = ..., lapsed: _Optional[_Iterable[_Union[Range, _Mapping]]] = ...) -> None: ...

class Conversation(_message.Message):
    __slots__ = ("id", "kind", "title", "members", "head", "rev", "received", "received_rev", "start", "seen", "unread", "last", "count", "members_rev", "adding", "history", "muted_until", "picture", "blocked")
    ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    REV_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_REV_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_REV_FIELD_NUMBER: _ClassVar[int]
    ADDING_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    MUTED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    kind: Kind
    title: str
    members: _containers.RepeatedCompositeFieldContainer[Member]
    head: int
    rev: int
    received: int
    received_rev: int
    start: int
    seen: int
    unread: int
    last: Entry
    count: int
    members_rev: int
    adding: Adding
    history: HistoryFrom
    muted_until: int
    picture: bytes
    blocked: bool
    def __init__(self, id: _Optional[bytes] = ..., kind: _Optional[_Union[Kind, str]] = ..., title: _Optional[str] = ..., members: _Optional[_Iterable[_Union[Member, _Mapping]]] = ..., head: _Optional[int] = ..., rev: _Optional[int] = ..., received: _Optional[int] = ..., received_rev: _Optional[int] = ..., start: _Optional[int] = ..., seen: _Optional[int] = ..., unread: _Optional[int] = ..., last: _Optional[_Union[Entry, _Mapping]] = ..., count: _Optional[int] = ..., members_rev: _Optional[int] = ..., adding: _Optional[_Union[Adding, str]] = ..., history: _Optional[_Union[HistoryFrom, str]] = ..., muted_until: _Optional[int] = ..., picture: _Optional[bytes] = ..., blocked: _Optional[bool] = ...) -> None: ...

class Conversations(_message.Message):
    __slots__ = ("items", "more", "opened")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    OPENED_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Conversation]
    more: bool
    opened: bool
    def __init__(self, items: _Optional[_Iterable[_Union[Conversation, _Mapping]]] = ..., more: _Optional[bool] = ..., opened: _Optional[bool] = ...) -> None: ...

class Members(_message.Message):
    __slots__ = ("conv", "title", "members", "count", "members_rev", "adding", "history", "picture")
    CONV_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_REV_FIELD_NUMBER: _ClassVar[int]
    ADDING_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    PICTURE_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    title: str
    members: _containers.RepeatedCompositeFieldContainer[Member]
    count: int
    members_rev: int
    adding: Adding
    history: HistoryFrom
    picture: bytes
    def __init__(self, conv: _Optional[bytes] = ..., title: _Optional[str] = ..., members: _Optional[_Iterable[_Union[Member, _Mapping]]] = ..., count: _Optional[int] = ..., members_rev: _Optional[int] = ..., adding: _Optional[_Union[Adding, str]] = ..., history: _Optional[_Union[HistoryFrom, str]] = ..., picture: _Optional[bytes] = ...) -> None: ...

class Roster(_message.Message):
    __slots__ = ("conv", "members_rev", "count", "members", "next")
    CONV_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_REV_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    MEMBERS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    members_rev: int
    count: int
    members: _containers.RepeatedCompositeFieldContainer[Member]
    next: str
    def __init__(self, conv: _Optional[bytes] = ..., members_rev: _Optional[int] = ..., count: _Optional[int] = ..., members: _Optional[_Iterable[_Union[Member, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Link(_message.Message):
    __slots__ = ("conv", "id", "token", "expires_at", "max_uses")
    CONV_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    id: bytes
    token: str
    expires_at: int
    max_uses: int
    def __init__(self, conv: _Optional[bytes] = ..., id: _Optional[bytes] = ..., token: _Optional[str] = ..., expires_at: _Optional[int] = ..., max_uses: _Optional[int] = ...) -> None: ...

class LinkUse(_message.Message):
    __slots__ = ("id", "creator", "created_at", "expires_at", "max_uses", "uses")
    ID_FIELD_NUMBER: _ClassVar[int]
    CREATOR_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_USES_FIELD_NUMBER: _ClassVar[int]
    USES_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    creator: bytes
    created_at: int
    expires_at: int
    max_uses: int
    uses: int
    def __init__(self, id: _Optional[bytes] = ..., creator: _Optional[bytes] = ..., created_at: _Optional[int] = ..., expires_at: _Optional[int] = ..., max_uses: _Optional[int] = ..., uses: _Optional[int] = ...) -> None: ...

class Links(_message.Message):
    __slots__ = ("conv", "links")
    CONV_FIELD_NUMBER: _ClassVar[int]
    LINKS_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    links: _containers.RepeatedCompositeFieldContainer[LinkUse]
    def __init__(self, conv: _Optional[bytes] = ..., links: _Optional[_Iterable[_Union[LinkUse, _Mapping]]] = ...) -> None: ...

class Seen(_message.Message):
    __slots__ = ("title", "count")
    TITLE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    title: str
    count: int
    def __init__(self, title: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Left(_message.Message):
    __slots__ = ("conv", "entry")
    CONV_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    entry: Entry
    def __init__(self, conv: _Optional[bytes] = ..., entry: _Optional[_Union[Entry, _Mapping]] = ...) -> None: ...

class Reset(_message.Message):
    __slots__ = ("conv", "horizon", "why")
    CONV_FIELD_NUMBER: _ClassVar[int]
    HORIZON_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    horizon: int
    why: Why
    def __init__(self, conv: _Optional[bytes] = ..., horizon: _Optional[int] = ..., why: _Optional[_Union[Why, str]] = ...) -> None: ...

class SyncDone(_message.Message):
    __slots__ = ("as_of",)
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    as_of: int
    def __init__(self, as_of: _Optional[int] = ...) -> None: ...

class Retry(_message.Message):
    __slots__ = ("client_id", "conv", "error_code", "error_text", "retry_after_ms")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_TEXT_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    conv: bytes
    error_code: str
    error_text: str
    retry_after_ms: int
    def __init__(self, client_id: _Optional[str] = ..., conv: _Optional[bytes] = ..., error_code: _Optional[str] = ..., error_text: _Optional[str] = ..., retry_after_ms: _Optional[int] = ...) -> None: ...

class Reference(_message.Message):
    __slots__ = ("t", "conv", "seq", "client_id", "user")
    T_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    t: str
    conv: bytes
    seq: int
    client_id: str
    user: bytes
    def __init__(self, t: _Optional[str] = ..., conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., client_id: _Optional[str] = ..., user: _Optional[bytes] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ("code", "text", "retryable", "retry_after_ms", "ref")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    RETRYABLE_FIELD_NUMBER: _ClassVar[int]
    RETRY_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    retryable: bool
    retry_after_ms: int
    ref: Reference
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ..., retryable: _Optional[bool] = ..., retry_after_ms: _Optional[int] = ..., ref: _Optional[_Union[Reference, _Mapping]] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("ref", "rev")
    REF_FIELD_NUMBER: _ClassVar[int]
    REV_FIELD_NUMBER: _ClassVar[int]
    ref: Reference
    rev: int
    def __init__(self, ref: _Optional[_Union[Reference, _Mapping]] = ..., rev: _Optional[int] = ...) -> None: ...

class Pong(_message.Message):
    __slots__ = ("time", "positions")
    TIME_FIELD_NUMBER: _ClassVar[int]
    POSITIONS_FIELD_NUMBER: _ClassVar[int]
    time: int
    positions: _containers.RepeatedCompositeFieldContainer[Place]
    def __init__(self, time: _Optional[int] = ..., positions: _Optional[_Iterable[_Union[Place, _Mapping]]] = ...) -> None: ...

class Typed(_message.Message):
    __slots__ = ("conv", "user")
    CONV_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    user: bytes
    def __init__(self, conv: _Optional[bytes] = ..., user: _Optional[bytes] = ...) -> None: ...

class Whereabouts(_message.Message):
    __slots__ = ("id", "online", "last_seen_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    ONLINE_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    online: bool
    last_seen_at: int
    def __init__(self, id: _Optional[bytes] = ..., online: _Optional[bool] = ..., last_seen_at: _Optional[int] = ...) -> None: ...

class Company(_message.Message):
    __slots__ = ("conv", "people")
    CONV_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    people: _containers.RepeatedCompositeFieldContainer[Whereabouts]
    def __init__(self, conv: _Optional[bytes] = ..., people: _Optional[_Iterable[_Union[Whereabouts, _Mapping]]] = ...) -> None: ...

class Page(_message.Message):
    __slots__ = ("conv", "to", "entries", "absent", "as_of_rev")
    CONV_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    AS_OF_REV_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    to: int
    entries: _containers.RepeatedCompositeFieldContainer[Entry]
    absent: _containers.RepeatedCompositeFieldContainer[Absence]
    as_of_rev: int
    def __init__(self, conv: _Optional[bytes] = ..., to: _Optional[int] = ..., entries: _Optional[_Iterable[_Union[Entry, _Mapping]]] = ..., absent: _Optional[_Iterable[_Union[Absence, _Mapping]]] = ..., as_of_rev: _Optional[int] = ..., **kwargs) -> None: ...

class Holder(_message.Message):
    __slots__ = ("id", "username", "name", "expired_at", "delivered_at", "seen_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    EXPIRED_AT_FIELD_NUMBER: _ClassVar[int]
    DELIVERED_AT_FIELD_NUMBER: _ClassVar[int]
    SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    username: str
    name: str
    expired_at: int
    delivered_at: int
    seen_at: int
    def __init__(self, id: _Optional[bytes] = ..., username: _Optional[str] = ..., name: _Optional[str] = ..., expired_at: _Optional[int] = ..., delivered_at: _Optional[int] = ..., seen_at: _Optional[int] = ...) -> None: ...

class People(_message.Message):
    __slots__ = ("conv", "seq", "people", "next")
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    seq: int
    people: _containers.RepeatedCompositeFieldContainer[Holder]
    next: str
    def __init__(self, conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., people: _Optional[_Iterable[_Union[Holder, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Missed(_message.Message):
    __slots__ = ("epoch", "conversations", "gone", "resets", "messages", "changes", "has_more", "point", "unconfirmed")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    CONVERSATIONS_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    RESETS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    POINT_FIELD_NUMBER: _ClassVar[int]
    UNCONFIRMED_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    conversations: _containers.RepeatedCompositeFieldContainer[Conversation]
    gone: _containers.RepeatedScalarFieldContainer[bytes]
    resets: _containers.RepeatedCompositeFieldContainer[Reset]
    messages: _containers.RepeatedCompositeFieldContainer[Messages]
    changes: _containers.RepeatedCompositeFieldContainer[Changes]
    has_more: bool
    point: str
    unconfirmed: _containers.RepeatedCompositeFieldContainer[Place]
    def __init__(self, epoch: _Optional[str] = ..., conversations: _Optional[_Iterable[_Union[Conversation, _Mapping]]] = ..., gone: _Optional[_Iterable[bytes]] = ..., resets: _Optional[_Iterable[_Union[Reset, _Mapping]]] = ..., messages: _Optional[_Iterable[_Union[Messages, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[Changes, _Mapping]]] = ..., has_more: _Optional[bool] = ..., point: _Optional[str] = ..., unconfirmed: _Optional[_Iterable[_Union[Place, _Mapping]]] = ...) -> None: ...

class Reconnect(_message.Message):
    __slots__ = ("after_ms",)
    AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    after_ms: int
    def __init__(self, after_ms: _Optional[int] = ...) -> None: ...

class Search(_message.Message):
    __slots__ = ("q", "kind", "conv", "cursor", "limit")
    Q_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    q: str
    kind: SearchKind
    conv: bytes
    cursor: str
    limit: int
    def __init__(self, q: _Optional[str] = ..., kind: _Optional[_Union[SearchKind, str]] = ..., conv: _Optional[bytes] = ..., cursor: _Optional[str] = ..., limit: _Optional[int] = ...) -> None: ...

class Hit(_message.Message):
    __slots__ = ("conv", "entry")
    CONV_FIELD_NUMBER: _ClassVar[int]
    ENTRY_FIELD_NUMBER: _ClassVar[int]
    conv: bytes
    entry: Entry
    def __init__(self, conv: _Optional[bytes] = ..., entry: _Optional[_Union[Entry, _Mapping]] = ...) -> None: ...

class Found(_message.Message):
    __slots__ = ("q", "kind", "conv", "cursor", "messages", "people", "next")
    Q_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    q: str
    kind: SearchKind
    conv: bytes
    cursor: str
    messages: _containers.RepeatedCompositeFieldContainer[Hit]
    people: _containers.RepeatedCompositeFieldContainer[User]
    next: str
    def __init__(self, q: _Optional[str] = ..., kind: _Optional[_Union[SearchKind, str]] = ..., conv: _Optional[bytes] = ..., cursor: _Optional[str] = ..., messages: _Optional[_Iterable[_Union[Hit, _Mapping]]] = ..., people: _Optional[_Iterable[_Union[User, _Mapping]]] = ..., next: _Optional[str] = ...) -> None: ...

class Block(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: bytes
    def __init__(self, user: _Optional[bytes] = ...) -> None: ...

class Unblock(_message.Message):
    __slots__ = ("user",)
    USER_FIELD_NUMBER: _ClassVar[int]
    user: bytes
    def __init__(self, user: _Optional[bytes] = ...) -> None: ...

class AskBlocks(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Report(_message.Message):
    __slots__ = ("client_id", "conv", "seq", "user", "reason", "note")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CONV_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    conv: bytes
    seq: int
    user: bytes
    reason: Reason
    note: str
    def __init__(self, client_id: _Optional[str] = ..., conv: _Optional[bytes] = ..., seq: _Optional[int] = ..., user: _Optional[bytes] = ..., reason: _Optional[_Union[Reason, str]] = ..., note: _Optional[str] = ...) -> None: ...

class Blocked(_message.Message):
    __slots__ = ("id", "username", "name", "blocked_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_AT_FIELD_NUMBER: _ClassVar[int]
    id: bytes
    username: str
    name: str
    blocked_at: int
    def __init__(self, id: _Optional[bytes] = ..., username: _Optional[str] = ..., name: _Optional[str] = ..., blocked_at: _Optional[int] = ...) -> None: ...

class Blocks(_message.Message):
    __slots__ = ("people",)
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    people: _containers.RepeatedCompositeFieldContainer[Blocked]
    def __init__(self, people: _Optional[_Iterable[_Union[Blocked, _Mapping]]] = ...) -> None: ...
