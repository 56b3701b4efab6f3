"""The queue of what people, and rules, have reported."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chat.admin import hints
from chat.admin.acting import Act
from chat.admin.bodies import RevealingAdmin, need_reason
from chat.admin.conversations import REMOVE_PICTURE
from chat.admin.entries import of_report
from chat.admin.read_only import ReadOnlyAdmin
from chat.log import moderation
from chat.log.moderation import Case
from chat.log.refusal import Refusal
from chat.models import Report, User
from chat.protocol.errors import ErrorCode

EXCERPT = 80
AGES = {"day": timedelta(days=1), "week": timedelta(weeks=1)}


class State(admin.SimpleListFilter):
    """Open ones, unless others are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("all", _("All")), ("acted", _("acted upon")), ("dismissed", _("dismissed"))]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        return [found[0] | {"display": _("open")}, *found[1:]]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Report]") -> "QuerySet[Report]":
        value = self.value() or Report.State.OPEN
        return queryset.filter(state=value) if value in Report.State.values else queryset


class Source(admin.SimpleListFilter):
    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("person", _("a person")), ("rule", _("a rule"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Report]") -> "QuerySet[Report]":
        if self.value() not in ("person", "rule"):
            return queryset
        return queryset.filter(reporter__isnull=self.value() == "rule")


class Age(admin.SimpleListFilter):
    title = _("age")
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("day", _("up to a day")), ("week", _("up to a week")), ("older", _("older"))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Report]") -> "QuerySet[Report]":
        value = self.value() or ""
        if value in AGES:
            return queryset.filter(created_at__gte=timezone.now() - AGES[value])
        return queryset.filter(created_at__lt=timezone.now() - AGES["week"]) if value == "older" else queryset


def _remove(moderator: User, report: Report, reason: str) -> bool:
    if report.conversation_id is None or report.seq is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    return moderation.remove_message(Case(moderator, reason, report.id), report.conversation_id, report.seq)


def _is_of_picture(report: Report) -> bool:
    """Whether the entry gave the group a picture."""
    return any(entry["seq"] == report.seq and entry.get("picture") for entry in report.context)


def _remove_picture(moderator: User, report: Report, reason: str) -> bool:
    if report.conversation_id is None or not _is_of_picture(report):
        raise Refusal(ErrorCode.NOT_FOUND)
    return hints.remove_picture(Case(moderator, reason, report.id), report.conversation_id, report.seq)


ACTS = (
    Act(
        "remove",
        _("Remove message for all"),
        _("The reported message is deleted on all devices. Nobody is told by whom. It cannot be brought back."),
        "chat.remove_message",
        _remove,
        needs_reason=True,
        fits=lambda report: report.seq is not None and report.conversation_id and not _is_of_picture(report),
    ),
    replace(
        REMOVE_PICTURE,
        do=_remove_picture,
        fits=lambda report: report.conversation_id is not None and _is_of_picture(report),
    ),
    Act(
        "suspend",
        _("Suspend person"),
        _("They are signed out everywhere within a second or two and cannot sign in again until they are restored."),
        "chat.suspend_user",
        lambda moderator, report, reason: hints.suspend(Case(moderator, reason, report.id), report.subject_id),
        needs_reason=True,
        fits=lambda report: report.subject.is_active,
    ),
    Act(
        "restore",
        _("Restore person"),
        _("They can sign in again."),
        "chat.suspend_user",
        lambda moderator, report, reason: moderation.restore(Case(moderator, reason, report.id), report.subject_id),
        fits=lambda report: not report.subject.is_active,
    ),
    Act(
        "dismiss",
        _("Dismiss report"),
        _("Nothing is done about it."),
        "chat.change_report",
        lambda moderator, report, reason: moderation.dismiss(Case(moderator, reason, report.id)),
        fits=lambda report: report.state == Report.State.OPEN,
    ),
)


@admin.register(Report)
class ReportAdmin(RevealingAdmin, ReadOnlyAdmin):
    """Oldest first: who has waited longest. Searched by people, never by what was said."""

    acts = ACTS
    change_form_template = "admin/chat/report_form.html"
    list_display = ("age", "reason", "about", "open_reports", "by", "excerpt", "state")
    list_filter = (State, "reason", Source, Age)
    list_select_related = ("reporter", "subject", "handler")
    search_fields = ("subject__username", "reporter__username", "=id", "=conversation__id")
    linked = ("subject", "conversation", "state")
    ordering = ("created_at",)
    fields = ("reason", "about", "by", "note", "created_at", "where", "state", "handler", "handled_at")
    readonly_fields = ("about", "by", "where")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Report]":
        same = Report.objects.filter(subject=OuterRef("subject"), state=Report.State.OPEN).order_by()
        count = same.values("subject").annotate(count=Count("id")).values("count")
        reports: QuerySet[Report] = super().get_queryset(request)
        return reports.annotate(same_subject=Subquery(count, output_field=IntegerField()))

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return tuple(each for each in self.list_display if each != "excerpt" or not need_reason())

    def get_fields(self, request: HttpRequest, obj: Report | None = None) -> Any:
        """People quote in the note what they report."""
        hidden = obj is not None and not self.are_shown(request, obj)
        return [name for name in self.fields if name != "note" or not hidden]

    def row_label(self, row: Report) -> str:
        return f"{row.get_reason_display()}: {row.subject.username}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        report = self.get_object(request, object_id)
        if report is not None and self.has_view_permission(request, report):
            shown = self.reveal_context(request, report)
            extra_context = shown | {"entries": of_report(report, shown["is_shown"])}
        return super().change_view(request, object_id, form_url, extra_context)

    @admin.display(description=_("waits for"), ordering="created_at")
    def age(self, report: Report) -> str:
        at = date_format(report.created_at, "SHORT_DATETIME_FORMAT")
        return format_html('<time title="{}">{}</time>', at, timesince(report.created_at, depth=1))

    @admin.display(description=_("about"), ordering="subject__username")
    def about(self, report: Report) -> str:
        url = reverse("admin:chat_user_change", args=[report.subject_id])
        return format_html('<a href="{}">{}</a>', url, report.subject.username)

    @admin.display(description=_("by"), ordering="reporter__username")
    def by(self, report: Report) -> str:
        return report.reporter.username if report.reporter else gettext("a rule")

    @admin.display(description=_("text"))
    def excerpt(self, report: Report) -> str:
        body = next((entry.get("body", "") for entry in report.context if entry["seq"] == report.seq), "")
        return body if len(body) <= EXCERPT else body[:EXCERPT] + "…"

    @admin.display(description=_("open"), ordering="same_subject")
    def open_reports(self, report: Report) -> str:
        count = report.same_subject or 0  # type: ignore[attr-defined]
        url = f"{reverse('admin:chat_report_changelist')}?subject__id__exact={report.subject_id}"
        return format_html('<a href="{}">{}</a>', url, count)

    @admin.display(description=_("conversation"))
    def where(self, report: Report) -> str:
        if report.conversation_id is None:
            return "–"
        url = reverse("admin:chat_conversation_change", args=[report.conversation_id])
        around = f"?upto={report.seq + 10}#seq-{report.seq}" if report.seq else ""
        return format_html('<a href="{}{}">{}</a>', url, around, report.conversation_id)
