"""Django's admin, for moderation and support. What belongs to the log can be looked at here, never edited; what
moderators do about it goes through the log's own use cases, with a line in the audit log."""

from chat.admin.audit_log import AuditEntryAdmin
from chat.admin.conversations import ConversationAdmin
from chat.admin.inboxes import InboxAdmin
from chat.admin.log import AttachmentAdmin, MessageAdmin, ProgressAdmin
from chat.admin.people import DeviceAdmin, GroupAdmin, UserAdmin
from chat.admin.reports import ReportAdmin

__all__ = [
    "AttachmentAdmin",
    "AuditEntryAdmin",
    "ConversationAdmin",
    "DeviceAdmin",
    "GroupAdmin",
    "InboxAdmin",
    "MessageAdmin",
    "ProgressAdmin",
    "ReportAdmin",
    "UserAdmin",
]
