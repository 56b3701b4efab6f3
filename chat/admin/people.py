"""People and their devices."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.admin.read_only import ReadOnlyAdmin, ReadOnlyInline
from chat.log import devices
from chat.models import Device, User


class DeviceInline(ReadOnlyInline):
    model = Device
    fields = ("id", "name", "created_at", "last_seen_at", "revoked_at")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Found by username, name or mail; shows how many devices can act for them."""

    list_display = ("username", "name", "email", "is_active", "is_staff", "active_devices", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff", "is_superuser", "date_joined")
    search_fields = ("username", "name", "email", "=id")
    ordering = ("username",)
    inlines = (DeviceInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("name", "email", "read_receipts", "shows_presence")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("read_receipts", "shows_presence", "last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        working = Count("devices", filter=Q(devices__revoked_at=None))
        people: QuerySet[User] = super().get_queryset(request).annotate(working_devices=working)
        return people

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What they wrote is part of others' logs: a person is made inactive, not deleted."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            devices.reconsider(obj.id)

    @admin.display(description=_("devices"), ordering="working_devices")
    def active_devices(self, user: User) -> int:
        return int(user.working_devices)  # type: ignore[attr-defined]


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    """Looked at, and revoked; the secret's hash is not shown."""

    list_display = ("id", "user", "name", "created_at", "last_seen_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "name", "=id")
    fields = ("id", "user", "name", "created_at", "last_seen_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description=_("Revoke: sign these devices out"), permissions=("revoke",))
    def revoke(self, request: HttpRequest, queryset: "QuerySet[Device]") -> None:
        done = sum(devices.revoke(device) for device in queryset)
        told = ngettext("%(count)d device revoked.", "%(count)d devices revoked.", done)
        self.message_user(request, told % {"count": done})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.change_device")
