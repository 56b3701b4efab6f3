"""What a program is told. Those in `Lasting` are kept on disk until the program has handled them: after a crash the one
that was being handled comes again (at least once). The others say how things stand now, and are worth nothing later."""

from dataclasses import dataclass
from enum import Enum

from messenger_client.model import Conversation, Message
from messenger_client.ticks import Status


class State(str, Enum):
    """Of the connection. `signed_out` and `stopped` are for good, until the program does something about it."""

    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    LIVE = "live"
    WAITING = "waiting"
    SIGNED_OUT = "signed_out"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message in its place in the conversation's order, one's own included (`message.is_mine`)."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    message: Message


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """For everyone, or (`hidden`) on all devices of this person."""

    conversation_id: str
    seq: int
    hidden: bool


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """Of an own message. `seq`: None while it is in no log; `code` and `reason`: of `failed` and `rejected`."""

    client_id: str
    conversation_id: str
    seq: int | None
    status: Status
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MessagesExpired:
    """What was not here yet of entries `first` to `last` was kept as long as the server keeps messages: it will not
    come."""

    conversation_id: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class ConversationChanged:
    """It is new, its title or its members have changed, or one has left it (not `conversation.is_member`)."""

    conversation: Conversation


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    state: State


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """So many of the entries that were missed have come."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Typing:
    """Someone is writing; over six seconds later, or when their message comes. At most once: told now or never."""

    conversation_id: str
    user_id: str


Lasting = MessageReceived | MessageEdited | MessageDeleted | StatusChanged | MessagesExpired | ConversationChanged
Passing = ConnectionChanged | SyncProgress | Typing
Event = Lasting | Passing
