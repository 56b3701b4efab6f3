"""People and their devices."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.admin import hints
from chat.admin.acting import Act, ActingAdmin
from chat.admin.audited import AuditedAdmin
from chat.admin.read_only import NarrowLookups, ReadOnlyAdmin, ReadOnlyInline
from chat.log import audit, devices, moderation
from chat.log.moderation import Case
from chat.models import Device, User

ACTS = (
    Act(
        "suspend",
        _("Suspend"),
        _("They are signed out everywhere within a second or two and cannot sign in again until they are restored."),
        "chat.suspend_user",
        lambda moderator, user, reason: hints.suspend(Case(moderator, reason), user.id),
        needs_reason=True,
        fits=lambda user: user.is_active,
    ),
    Act(
        "restore",
        _("Restore"),
        _("They can sign in again."),
        "chat.suspend_user",
        lambda moderator, user, reason: moderation.restore(Case(moderator, reason), user.id),
        fits=lambda user: not user.is_active and user.deleted_at is None,
    ),
)


class DeviceInline(ReadOnlyInline):
    model = Device
    fields = ("id", "name", "created_at", "last_seen_at", "revoked_at")
    readonly_fields = fields


@admin.register(User)
class UserAdmin(ActingAdmin, AuditedAdmin, NarrowLookups, DjangoUserAdmin):  # type: ignore[type-arg]
    """Found by username, name or mail; shows how many devices can act for them. Edited by superusers alone: whoever
    else could would make themselves one. The others do not see superusers, nor who may what."""

    acts = ACTS
    audited_values = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")
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
    fields_of_others = ("username", "name", "email", "is_active", "last_login", "date_joined")
    readonly_fields = ("read_receipts", "shows_presence", "last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        working = Count("devices", filter=Q(devices__revoked_at=None))
        people: QuerySet[User] = super().get_queryset(request).annotate(working_devices=working)
        return people if _is_super(request) else people.filter(is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if _is_super(request):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": self.fields_of_others}),)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if _is_super(request) else ("is_active", "date_joined")

    def get_list_display(self, request: HttpRequest) -> Any:
        return (
            self.list_display if _is_super(request) else tuple(each for each in self.list_display if each != "is_staff")
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_super(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_super(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """What they wrote is part of others' logs: a person is made inactive, not deleted."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Nobody locks themselves out, and an account that was deleted stays so."""
        is_fixed = obj is not None and (obj.deleted_at is not None or obj.pk == request.user.pk)
        return (*self.readonly_fields, "is_active") if is_fixed else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Whether they are active is decided in one place, with what it ends."""
        turned = change and "is_active" in form.changed_data
        becomes, obj.is_active = obj.is_active, obj.is_active != turned
        super().save_model(request, obj, form, change)
        request.turned = becomes if turned else None  # type: ignore[attr-defined]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        becomes = getattr(request, "turned", None)
        if becomes is not None:
            act = moderation.restore if becomes else moderation.suspend
            act(Case(request.user), obj.pk)  # type: ignore[arg-type]
            obj.is_active = becomes  # type: ignore[attr-defined]
        return super().log_change(request, obj, message)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        request.audited_fields = ["password"]  # type: ignore[attr-defined]
        return super().user_change_password(request, id, form_url)

    @admin.display(description=_("devices"), ordering="working_devices")
    def active_devices(self, user: User) -> int:
        return int(user.working_devices)  # type: ignore[attr-defined]


def _is_super(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin):
    """Looked at, and revoked; the secret's hash is not shown."""

    list_display = ("id", "user", "name", "created_at", "last_seen_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "name", "=id")
    linked = ("id", "user")
    fields = ("id", "user", "name", "created_at", "last_seen_at", "revoked_at")
    actions = ("revoke",)

    @admin.action(description=_("Revoke: sign these devices out"), permissions=("revoke",))
    def revoke(self, request: HttpRequest, queryset: "QuerySet[Device]") -> None:
        done = sum(self._revoke(request, device) for device in queryset)
        told = ngettext("%(count)d device revoked.", "%(count)d devices revoked.", done)
        self.message_user(request, told % {"count": done})

    @transaction.atomic
    def _revoke(self, request: HttpRequest, device: Device) -> bool:
        done = devices.revoke(device)
        if done:
            act = audit.Act("device.revoke", "device", str(device.id), details={"user": str(device.user_id)})
            audit.append(request.user, act)  # type: ignore[arg-type]
            hints.revoked(device.user_id)
        return done

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.change_device")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(AuditedAdmin, DjangoGroupAdmin):
    """What its members may do is who may do what: superusers' alone, as people are."""

    audited_values = ("permissions",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_super(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_super(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_super(request)
