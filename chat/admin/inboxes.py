"""What devices have yet to take, and what of it is stuck."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext_lazy as _

from chat.admin.read_only import ReadOnlyAdmin
from chat.models import Conversation, Inbox, Membership, Message

# Nudged so often, about a minute, without any progress.
STUCK = 5


class Backlog(admin.SimpleListFilter):
    """Who owes acknowledgements. Only devices that may take something are behind: not revoked, of somebody who is in
    the conversation."""

    title = _("backlog")
    parameter_name = "backlog"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("behind", _("behind")),
            ("stuck", _("stuck")),
            ("watched", _("being nudged")),
            ("current", _("up to date")),
        ]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Inbox]") -> "QuerySet[Inbox]":
        stay = Membership.objects.filter(
            conversation=OuterRef("conversation"), user=OuterRef("device__user"), left_seq=None
        )
        lags = Q(received_seq__lt=F("conversation__last_seq"), horizon_seq__lt=F("conversation__last_seq"))
        behind = queryset.filter(lags & Q(device__revoked_at=None) & Exists(stay))
        match self.value():
            case "behind":
                return behind
            case "stuck":
                return behind.filter(attempts__gte=STUCK)
            case "watched":
                return queryset.filter(next_attempt_at__isnull=False)
            case "current":
                return queryset.exclude(lags)
        return queryset


@admin.register(Inbox)
class InboxAdmin(ReadOnlyAdmin):
    """Cursors of devices: a stuck delivery is one that stays behind with attempts rising. A phone that is off is behind
    and not stuck: nobody nudges it more than ten times."""

    list_display = (
        "person",
        "device",
        "where",
        "waiting",
        "oldest",
        "of_device",
        "attempts",
        "next_attempt_at",
    )
    list_filter = (Backlog,)
    list_select_related = ("device__user",)
    search_fields = ("device__user__username", "=device__id", "=conversation__id")
    linked = ("device", "conversation")
    fields = (
        *("device", "conversation", "received_seq", "received_rev", "horizon_seq", "media_horizon_seq"),
        *("waiting", "oldest", "of_device", "attempts", "next_attempt_at"),
    )
    readonly_fields = ("waiting", "oldest", "of_device")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Inbox]":
        head = Conversation.objects.filter(id=OuterRef("conversation_id")).values("last_seq")
        reached = Greatest("received_seq", "horizon_seq")
        # The newest id is no help here: the first entry above the cursor is what has waited longest.
        waits = Message.objects.filter(conversation=OuterRef("conversation"), seq__gt=OuterRef("reached"))
        queryset: QuerySet[Inbox] = super().get_queryset(request)
        return queryset.annotate(
            reached=reached,
            owed=Subquery(head, output_field=IntegerField()) - reached,
            since=Subquery(waits.order_by("seq").values("created_at")[:1]),
        )

    @admin.display(description=_("person"), ordering="device__user__username")
    def person(self, inbox: Inbox) -> str:
        return inbox.device.user.username

    @admin.display(description=_("conversation"))
    def where(self, inbox: Inbox) -> str:
        """By the end of its id, in which ids of one moment differ."""
        url = reverse("admin:chat_conversation_change", args=[inbox.conversation_id])
        return format_html('<a href="{}">…{}</a>', url, str(inbox.conversation_id)[-8:])

    @admin.display(description=_("waiting"), ordering="owed")
    def waiting(self, inbox: Inbox) -> int:
        return int(inbox.owed)  # type: ignore[attr-defined]

    @admin.display(description=_("oldest"), ordering="since", empty_value="–")
    def oldest(self, inbox: Inbox) -> str | None:
        since = inbox.since  # type: ignore[attr-defined]
        if since is None:
            return None
        return format_html('<time datetime="{}">{}</time>', since.isoformat(), timesince(since, timezone.now()))

    @admin.display(description=_("of device"))
    def of_device(self, inbox: Inbox) -> str:
        """In all its conversations."""
        told = sum(
            max(0, head - max(received, horizon))
            for head, received, horizon in Inbox.objects.filter(device_id=inbox.device_id).values_list(
                "conversation__last_seq", "received_seq", "horizon_seq"
            )
        )
        return str(told)
