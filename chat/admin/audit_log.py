"""What moderators did, newest first; for superusers. `manage.py verify_audit` says whether it is all there."""

from django.contrib import admin

from chat.admin.read_only import ReadOnlyAdmin
from chat.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("number", "at", "actor_name", "action", "target", "reason")
    list_filter = ("action", "kind", "at")
    search_fields = ("actor_name", "=target", "=number")
    fields = ("number", "at", "actor_name", "actor", "action", "kind", "target", "reason", "details")
    ordering = ("-number",)
