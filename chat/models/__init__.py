"""The nouns of the log, one file a group; import them from here."""

from chat.models.changes import Change, Epoch
from chat.models.inbox import Inbox, Progress
from chat.models.log import Conversation, Hidden, Invite, Membership, Message
from chat.models.media import Attachment
from chat.models.people import Device, RetiredUsername, User
from chat.models.safety import AuditEntry, Block, Opening, Report
from chat.models.wakeup import PushSubscription, WakeUp

__all__ = [
    "Attachment",
    "AuditEntry",
    "Block",
    "Change",
    "Conversation",
    "Device",
    "Epoch",
    "Hidden",
    "Inbox",
    "Invite",
    "Membership",
    "Message",
    "Opening",
    "Progress",
    "PushSubscription",
    "Report",
    "RetiredUsername",
    "User",
    "WakeUp",
]
