"""Whether a moderator may read what people wrote.

ADMIN_BODIES=open: whoever may see a page sees its texts. ADMIN_BODIES=reason: nobody does, superusers neither, before
they have entered why; that is a line of the audit log, and holds for ten minutes, for them and that conversation (or
that report) alone. Names of files are texts, too. Everything in the admin that would show one asks here.
"""

import time
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from chat.admin.acting import ActingAdmin, ReasonForm
from chat.log import audit
from chat.log.audit import Act

SESSION_KEY = "revealed"
SHOWN_S = 600


def need_reason() -> bool:
    return bool(settings.ADMIN_BODIES == "reason")


def are_shown(request: HttpRequest, kind: str, target: UUID) -> bool:
    """Of one conversation, or of one report."""
    return not need_reason() or request.session.get(SESSION_KEY, {}).get(f"{kind}:{target}", 0) > time.time()


def reveal(request: HttpRequest, kind: str, target: UUID, reason: str) -> None:
    with transaction.atomic():
        audit.append(request.user, Act(f"{kind}.reveal", kind, str(target), reason))  # type: ignore[arg-type]
    now = time.time()
    known = {key: until for key, until in request.session.get(SESSION_KEY, {}).items() if until > now}
    request.session[SESSION_KEY] = known | {f"{kind}:{target}": now + SHOWN_S}


class RevealingAdmin(ActingAdmin):
    """A row's page that shows texts: with a form that asks why, if they are not shown."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        return [path("<uuid:key>/reveal/", view, name=f"{self._name}_reveal"), *super().get_urls()]

    def reveal_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        row = self.get_object(request, str(key))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            raise Http404
        if request.method == "POST":
            form = ReasonForm(request.POST)
            if form.is_valid():
                reveal(request, self.opts.model_name or "", key, form.cleaned_data["reason"])
            else:
                self.message_user(request, _("Say why first."), messages.ERROR)
        return HttpResponseRedirect(reverse(f"admin:{self._name}_change", args=[key]))

    def are_shown(self, request: HttpRequest, row: Any) -> bool:
        return are_shown(request, self.opts.model_name or "", row.pk)

    def reveal_context(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """For templates/admin/chat/entries.html."""
        return {
            "is_shown": self.are_shown(request, row),
            "reveal_form": ReasonForm(),
            "reveal_url": reverse(f"admin:{self._name}_reveal", args=[row.pk]),
        }
