"""What superusers change in Django's own forms, in the audit log as well."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from chat.log import audit
from chat.log.audit import Act


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django calls `log_…` last in the transaction of each change it makes. Of what was changed the names of the fields
    are noted, and what `audited_values` of them became: flags and permissions, no data of people."""

    audited_values: tuple[str, ...] = ()

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        logged = super().log_addition(request, obj, message)
        self._note(request, obj, "add", {})
        return logged

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        fields = getattr(request, "audited_fields", [])
        became = {name: _plain(getattr(obj, name)) for name in fields if name in self.audited_values}
        logged = super().log_change(request, obj, message)
        self._note(request, obj, "change", {"fields": fields, **became})
        return logged

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        with transaction.atomic():
            logged = super().log_deletions(request, queryset)
            for obj in queryset:
                self._note(request, obj, "delete", {})
            return logged

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        request.audited_fields = sorted(form.changed_data)  # type: ignore[attr-defined]

    def _note(self, request: HttpRequest, obj: Model, what: str, details: dict[str, Any]) -> None:
        kind = self.opts.model_name or ""
        audit.append(request.user, Act(f"{kind}.{what}", kind, str(obj.pk), "", details))  # type: ignore[arg-type]


def _plain(value: Any) -> Any:
    return sorted(str(each) for each in value.all()) if hasattr(value, "all") else value
