"""The log's entries, and their files."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from chat.admin.acting import Act, ActingAdmin
from chat.admin.bodies import need_reason
from chat.admin.rates import rates_view
from chat.admin.read_only import ReadOnlyAdmin
from chat.log import moderation
from chat.log.moderation import Case
from chat.models import Attachment, Message, Progress

EXCERPT = 80

REMOVE = Act(
    "remove",
    _("Remove for all"),
    _("They are deleted on all devices. Nobody is told by whom. They cannot be brought back."),
    "chat.remove_message",
    lambda moderator, message, reason: moderation.remove_message(
        Case(moderator, reason), message.conversation_id, message.seq
    ),
    needs_reason=True,
    fits=lambda message: message.deleted_at is None and message.event is None,
)


@admin.register(Message)
class MessageAdmin(ActingAdmin, ReadOnlyAdmin):
    """The log itself, newest first. Searched by sender, conversation or id: a body is no index."""

    acts = (REMOVE,)
    change_list_template = "admin/chat/message_list.html"
    list_display = ("created_at", "sender", "excerpt", "conversation_id", "seq")
    list_filter = ("created_at",)
    list_select_related = ("sender",)
    search_fields = ("=id", "=conversation__id", "=sender__username", "=client_id")
    linked = ("sender", "conversation")
    fields = ("id", "where", "seq", "sender", "device", "client_id", "reply_to_seq", "created_at", "deleted_at", "body")
    readonly_fields = ("where",)
    ordering = ("-id",)

    def get_urls(self) -> list[URLPattern]:
        rates = self.admin_site.admin_view(lambda request: rates_view(self, request))
        return [path("rates/", rates, name="chat_message_rates"), *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(each for each in self.list_display if each != "excerpt" or not need_reason())

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """With a reason it is read in its conversation."""
        return tuple(each for each in self.fields if each != "body" or not need_reason())

    def row_label(self, row: Message) -> str:
        return f"{row.sender.username}, {row.created_at:%Y-%m-%d %H:%M}, #{row.seq}"

    @admin.display(description=_("text"))
    def excerpt(self, message: Message) -> str:
        return message.body if len(message.body) <= EXCERPT else message.body[:EXCERPT] + "…"

    @admin.display(description=_("conversation"))
    def where(self, message: Message) -> str:
        url = reverse("admin:chat_conversation_change", args=[message.conversation_id])
        where = f"{url}?upto={message.seq + 10}#seq-{message.seq}"
        return format_html('<a href="{}">{}</a>', where, message.conversation_id)


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files and what has become of them, newest first; never the files themselves. One that stays dropped, or wants its
    thumbnail, with attempts rising is stuck."""

    list_display = ("created_at", "owner", "name", "type", "state", "received", "length", "thumbnail", "attempts")
    list_filter = ("state", "thumbnail", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "=conversation__id", "=owner__username", "=client_id")
    ordering = ("-id",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(each for each in self.list_display if each != "name" or not need_reason())

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [each for each in super().get_fields(request, obj) if each != "name" or not need_reason()]


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    """How far what recurs has come: one whose time stands still is not running."""

    list_display = ("work", "upto", "count")
    fields = list_display
    ordering = ("work",)
