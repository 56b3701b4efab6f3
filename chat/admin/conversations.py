"""Conversations, to be read in their order and never written."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from chat.admin import hints
from chat.admin.acting import Act
from chat.admin.bodies import RevealingAdmin
from chat.admin.entries import PAGE, of_conversation
from chat.admin.read_only import ReadOnlyAdmin
from chat.log.moderation import Case
from chat.models import Attachment, Conversation, Membership, Message

# A group may have more than a page should.
STAYS = 100
PEOPLE = 10

REMOVE_PICTURE = Act(
    "remove_picture",
    _("Remove the picture"),
    _("Nobody sees it any more. Members are told that there is none, not by whom. It cannot be brought back."),
    "chat.remove_picture",
    lambda moderator, conversation, reason: hints.remove_picture(Case(moderator, reason), conversation.id),
    needs_reason=True,
    fits=lambda conversation: conversation.picture is not None,
)


@admin.register(Conversation)
class ConversationAdmin(RevealingAdmin, ReadOnlyAdmin):
    """Found by the people in it. Its page: the entries around one, and who was there when."""

    acts = (REMOVE_PICTURE,)
    change_form_template = "admin/chat/conversation_form.html"
    list_display = ("id", "kind", "people", "last_seq", "created_at")
    list_filter = ("kind", "created_at")
    search_fields = ("=id", "title", "memberships__user__username")
    fields = ("kind", "title", "shown_by", "created_at", "last_seq")
    readonly_fields = ("shown_by",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Conversation]":
        present = Membership.objects.filter(left_seq=None).select_related("user").order_by("id")
        some = Prefetch("memberships", present[: PEOPLE + 1], to_attr="some_present")
        found: QuerySet[Conversation] = super().get_queryset(request)
        return found.order_by("-created_at").prefetch_related(some)

    def row_label(self, row: Conversation) -> str:
        return row.title or self.people(row)

    @admin.display(description=_("people"))
    def people(self, conversation: Conversation) -> str:
        names = [stay.user.username for stay in conversation.some_present]  # type: ignore[attr-defined]
        return ", ".join(names[:PEOPLE]) + (", …" if len(names) > PEOPLE else "")

    @admin.display(description=_("picture"))
    def shown_by(self, conversation: Conversation) -> str:
        """Who gave it, and with which entry, if that is there still. The picture itself is not shown."""
        files = Attachment.objects.select_related("owner")
        file = files.filter(id=conversation.picture).first() if conversation.picture else None
        if file is None:
            return "–"
        url = reverse("admin:chat_user_change", args=[file.owner_id])
        giver = format_html('<a href="{}">{}</a>', url, file.owner.username)
        entry = Message.objects.filter(conversation=conversation, seq=file.seq or 0).first()
        if entry is None:
            return giver
        at = date_format(entry.created_at, "SHORT_DATETIME_FORMAT")
        return format_html('{}, <a href="?upto={}#seq-{}">{}</a>', giver, entry.seq + 10, entry.seq, at)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        conversation = self.get_object(request, object_id)
        if conversation is not None and self.has_view_permission(request, conversation):
            extra_context = self._thread(request, conversation)
        return super().change_view(request, object_id, form_url, extra_context)

    def _thread(self, request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
        shown = self.reveal_context(request, conversation)
        head, floor = conversation.last_seq, conversation.floor_seq
        asked = request.GET.get("upto", "")
        upto = (
            min(max(int(asked), floor + 1), head) if asked.isascii() and asked.isdigit() and len(asked) < 19 else head
        )
        stays = conversation.memberships.select_related("user").order_by("left_seq", "joined_at", "id")
        return shown | {
            "entries": of_conversation(conversation, upto, shown["is_shown"]),
            "older": upto - PAGE if upto - PAGE > floor else None,
            "newer": min(upto + PAGE, head) if upto < head else None,
            "stays": stays[:STAYS],
            "unlisted": max(0, stays.count() - STAYS),
        }
