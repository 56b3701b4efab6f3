"""Django's admin, for moderation and support. What belongs to the log can be looked at here, never edited."""

from chat.admin.log import ConversationAdmin, InboxAdmin, MessageAdmin, ProgressAdmin
from chat.admin.people import DeviceAdmin, UserAdmin

__all__ = ["ConversationAdmin", "DeviceAdmin", "InboxAdmin", "MessageAdmin", "ProgressAdmin", "UserAdmin"]
