"""How far people have got, and when: looked at, never edited."""

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chat.admin.read_only import ReadOnlyAdmin
from receipts.models import Lapse, Receipt, Watermark


class Lag(admin.SimpleListFilter):
    title = _("lag")
    parameter_name = "lag"

    def lookups(self, request: HttpRequest, model_admin: "admin.ModelAdmin[Watermark]") -> list[tuple[str, str]]:
        return [("undelivered", str(_("not all delivered"))), ("unseen", str(_("not all seen")))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Watermark]") -> "QuerySet[Watermark]":
        column = {"undelivered": "delivered_seq", "unseen": "seen_seq"}.get(self.value() or "")
        return queryset.filter(Q(**{f"{column}__lt": F("conversation__last_seq")})) if column else queryset


@admin.register(Watermark)
class WatermarkAdmin(ReadOnlyAdmin):
    list_display = ("conversation_id", "user", "delivered_seq", "seen_seq", "expired_seq", "head")
    list_filter = (Lag,)
    list_select_related = ("user", "conversation")
    search_fields = ("user__username", "=conversation__id")
    ordering = ("-id",)

    @admin.display(description=_("head"))
    def head(self, watermark: Watermark) -> int:
        return watermark.conversation.last_seq


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "user", "conversation_id", "upto_seq")
    list_filter = ("kind", "at")
    list_select_related = ("user",)
    search_fields = ("user__username", "=conversation__id")
    ordering = ("-id",)


@admin.register(Lapse)
class LapseAdmin(ReadOnlyAdmin):
    """What someone never got, and its sender was told so."""

    list_display = ("at", "user", "conversation_id", "from_seq", "upto_seq")
    list_filter = ("at",)
    list_select_related = ("user",)
    search_fields = ("user__username", "=conversation__id")
    ordering = ("-id",)
