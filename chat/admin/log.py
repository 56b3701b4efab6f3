"""Conversations, their entries, and what devices have yet to take."""

from typing import Any

from django.contrib import admin
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from chat.models import Attachment, Conversation, Inbox, Membership, Message, Progress

EXCERPT = 80


class MembershipInline(ReadOnlyInline):
    model = Membership
    fields = ("user", "visible_from_seq", "left_seq", "joined_at")
    readonly_fields = fields


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Found by the people in it."""

    list_display = ("id", "kind", "people", "last_seq", "created_at")
    list_filter = ("kind", "created_at")
    search_fields = ("=id", "title", "memberships__user__username")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Conversation]":
        return super().get_queryset(request).prefetch_related("memberships__user").order_by("-created_at")

    @admin.display(description=_("people"))
    def people(self, conversation: Conversation) -> str:
        return ", ".join(stay.user.username for stay in conversation.memberships.all() if stay.left_seq is None)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """The log itself, newest first. Searched by sender, conversation or id: a body is no index."""

    list_display = ("created_at", "sender", "excerpt", "conversation_id", "seq")
    list_filter = ("created_at",)
    list_select_related = ("sender",)
    search_fields = ("=id", "=conversation__id", "=sender__username", "=client_id")
    fields = ("id", "conversation", "seq", "sender", "device", "client_id", "reply_to_seq", "created_at", "body")
    ordering = ("-id",)

    @admin.display(description=_("text"))
    def excerpt(self, message: Message) -> str:
        return message.body if len(message.body) <= EXCERPT else message.body[:EXCERPT] + "…"


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files and what has become of them, newest first; never the files themselves. One that stays dropped, or wants its
    thumbnail, with attempts rising is stuck."""

    list_display = ("created_at", "owner", "name", "type", "state", "received", "length", "thumbnail", "attempts")
    list_filter = ("state", "thumbnail", "created_at")
    list_select_related = ("owner",)
    search_fields = ("=id", "=conversation__id", "=owner__username", "=client_id")
    ordering = ("-id",)


class Backlog(admin.SimpleListFilter):
    """Who owes acknowledgements."""

    title = _("backlog")
    parameter_name = "backlog"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("behind", _("behind")), ("watched", _("being nudged")), ("current", _("up to date"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Inbox]") -> "QuerySet[Inbox]":
        behind = Q(received_seq__lt=F("conversation__last_seq"))
        match self.value():
            case "behind":
                return queryset.filter(behind)
            case "watched":
                return queryset.filter(next_attempt_at__isnull=False)
            case "current":
                return queryset.exclude(behind)
        return queryset


@admin.register(Inbox)
class InboxAdmin(ReadOnlyAdmin):
    """Cursors of devices: a stuck delivery is one that stays behind with attempts rising."""

    list_display = (
        "device",
        "person",
        "conversation_id",
        "received_seq",
        "horizon_seq",
        "media_horizon_seq",
        "waiting",
        "attempts",
        "next_attempt_at",
    )
    list_filter = (Backlog,)
    list_select_related = ("device__user",)
    search_fields = ("device__user__username", "=device__id", "=conversation__id")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Inbox]":
        head = Conversation.objects.filter(id=OuterRef("conversation_id")).values("last_seq")
        queryset = super().get_queryset(request)
        owed: QuerySet[Inbox] = queryset.annotate(owed=Subquery(head, output_field=IntegerField()) - F("received_seq"))
        return owed

    @admin.display(description=_("person"), ordering="device__user__username")
    def person(self, inbox: Inbox) -> str:
        return inbox.device.user.username

    @admin.display(description=_("waiting"), ordering="owed")
    def waiting(self, inbox: Inbox) -> int:
        return int(inbox.owed)  # type: ignore[attr-defined]


@admin.register(Progress)
class ProgressAdmin(ReadOnlyAdmin):
    """How far what recurs has come: one whose time stands still is not running."""

    list_display = ("work", "upto", "count")
    fields = list_display
    ordering = ("work",)
