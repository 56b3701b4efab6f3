"""The nouns of the log, one file a group; import them from here."""

from chat.models.changes import Change, Epoch
from chat.models.inbox import Inbox, Sweep
from chat.models.log import Conversation, Membership, Message
from chat.models.people import Device, User
from chat.models.wakeup import PushSubscription, WakeUp

__all__ = [
    "Change",
    "Conversation",
    "Device",
    "Epoch",
    "Inbox",
    "Membership",
    "Message",
    "PushSubscription",
    "Sweep",
    "User",
    "WakeUp",
]
