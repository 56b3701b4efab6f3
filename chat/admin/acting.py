"""What is done to the rows of a list, or to one of them: by a page that asks for a reason first.

An act is offered to whoever has its permission, as an action of the list and as a link on a row's own page. Whether it
may be done to that row is decided where it is done (chat/log/moderation.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from chat.log.refusal import Refusal
from chat.models import User
from chat.protocol.errors import ErrorCode

REASON_CHARS = 1000
# As many as a list's page may have, and an address may hold.
MOST = 100

REFUSALS = {
    ErrorCode.NOT_ALLOWED: gettext_lazy("not for you to decide, or nothing that can be removed"),
    ErrorCode.NOT_FOUND: gettext_lazy("not there any more"),
}


@dataclass(frozen=True)
class Act:
    """`do` (who, the row, the reason): whether anything changed. Raises Refusal, django.db.OperationalError."""

    name: str
    label: Any
    explanation: Any
    permission: str
    do: Callable[[User, Any, str], bool]
    needs_reason: bool = False
    fits: Callable[[Any], bool] = lambda row: True


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_CHARS,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60, "class": "vLargeTextField"}),
        help_text=gettext_lazy("It stays in the audit log."),
    )

    def __init__(self, data: Any = None, is_required: bool = True) -> None:
        super().__init__(data)
        self.fields["reason"].required = is_required


class ActingAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """`acts`, and what a row is called on the page that asks."""

    acts: Sequence[Act] = ()
    change_form_template = "admin/chat/change_form.html"

    class Media:
        css: ClassVar = {"all": ["css/admin.css"]}

    def row_label(self, row: Any) -> str:
        return str(row)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act_view)
        return [path("acts/<slug:name>/", view, name=f"{self._name}_act"), *super().get_urls()]

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def _allowed(self, request: HttpRequest) -> list[Act]:
        return [act for act in self.acts if request.user.has_perm(act.permission)]

    def _act_url(self, act: Act, keys: Sequence[Any]) -> str:
        query = urlencode({"id": [str(key) for key in keys]}, doseq=True)
        return f"{reverse(f'admin:{self._name}_act', args=[act.name])}?{query}"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = {act.name: (partial(_ask, act), act.name, act.label) for act in self._allowed(request)}
        return super().get_actions(request) | offered

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Titled by what the row is called; its id, which Django shows below, says nothing to anyone."""
        row = self.get_object(request, object_id)
        links = [
            {"label": act.label, "url": self._act_url(act, [row.pk])}
            for act in self._allowed(request)
            if row is not None and act.fits(row)
        ]
        titles = {"title": self.row_label(row), "subtitle": None} if row is not None else {}
        return super().change_view(request, object_id, form_url, {"acts": links} | titles | (extra_context or {}))

    def act_view(self, request: HttpRequest, name: str) -> HttpResponse:
        act = next((act for act in self.acts if act.name == name), None)
        if act is None:
            raise Http404
        if act not in self._allowed(request) or not self.has_view_permission(request):
            raise PermissionDenied
        rows = self._rows(request)
        if request.method != "POST":
            return self._page(request, act, rows, ReasonForm(is_required=act.needs_reason))
        form = ReasonForm(request.POST, is_required=act.needs_reason)
        if not form.is_valid():
            return self._page(request, act, rows, form)
        self._do(request, act, rows, form.cleaned_data["reason"])
        if len(rows) == 1:
            return HttpResponseRedirect(reverse(f"admin:{self._name}_change", args=[rows[0].pk]))
        return HttpResponseRedirect(reverse(f"admin:{self._name}_changelist"))

    def _rows(self, request: HttpRequest) -> list[Any]:
        try:
            keys = [UUID(key) for key in request.GET.getlist("id")[:MOST]]
        except ValueError:
            raise Http404 from None
        rows = list(self.get_queryset(request).filter(pk__in=keys))
        if not rows:
            raise Http404
        return rows

    def _do(self, request: HttpRequest, act: Act, rows: Sequence[Any], reason: str) -> None:
        done = unchanged = 0
        for row in rows:
            try:
                if act.do(request.user, row, reason):  # type: ignore[arg-type]
                    done += 1
                else:
                    unchanged += 1
            except Refusal as refusal:
                why = REFUSALS.get(refusal.code, refusal.code.value)
                self.message_user(request, f"{self.row_label(row)}: {why}", messages.ERROR)
            except OperationalError:
                self.message_user(request, f"{self.row_label(row)}: {_('busy, try again')}", messages.ERROR)
        if done:
            told = ngettext("%(act)s: %(count)d done.", "%(act)s: %(count)d done.", done)
            self.message_user(request, told % {"act": act.label, "count": done}, messages.SUCCESS)
        if unchanged:
            told = ngettext("%(count)d was so already.", "%(count)d were so already.", unchanged)
            self.message_user(request, told % {"count": unchanged})

    def _page(self, request: HttpRequest, act: Act, rows: Sequence[Any], form: ReasonForm) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": act.label,
            "act": act,
            "labels": [self.row_label(row) for row in rows],
            "form": form,
            "opts": self.opts,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/chat/act.html", context, status=400 if form.errors else 200)


def _ask(act: Act, model_admin: ActingAdmin, request: HttpRequest, queryset: Any) -> HttpResponse:
    keys = list(queryset.values_list("pk", flat=True)[: MOST + 1])
    if len(keys) > MOST:
        told = ngettext("At most %(count)d at once.", "At most %(count)d at once.", MOST)
        model_admin.message_user(request, told % {"count": MOST}, messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())
    return HttpResponseRedirect(model_admin._act_url(act, keys))
