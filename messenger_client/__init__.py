"""A client for the messenger: sends without losing, receives without doubling. See README.md."""

from messenger_client.client import Client
from messenger_client.errors import (
    InvalidClientId,
    InvalidMessage,
    MessageFailed,
    MessengerError,
    Refused,
    SignedOut,
    SomebodyElse,
    Stopped,
    StoreFailed,
    StoreInUse,
    Unavailable,
)
from messenger_client.events import (
    ConnectionChanged,
    ConversationChanged,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessagesExpired,
    State,
    StatusChanged,
    SyncProgress,
    Typing,
)
from messenger_client.model import Attachment, Conversation, Member, Message, Person, Receipt, Unsent, UnsentFile
from messenger_client.outgoing import Outgoing
from messenger_client.ticks import Status

__all__ = [
    "Attachment",
    "Client",
    "ConnectionChanged",
    "Conversation",
    "ConversationChanged",
    "Event",
    "InvalidClientId",
    "InvalidMessage",
    "Member",
    "Message",
    "MessageDeleted",
    "MessageEdited",
    "MessageFailed",
    "MessageReceived",
    "MessagesExpired",
    "MessengerError",
    "Outgoing",
    "Person",
    "Receipt",
    "Refused",
    "SignedOut",
    "SomebodyElse",
    "State",
    "Status",
    "StatusChanged",
    "Stopped",
    "StoreFailed",
    "StoreInUse",
    "SyncProgress",
    "Typing",
    "Unavailable",
    "Unsent",
    "UnsentFile",
]
