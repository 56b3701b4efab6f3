"""The group of those who look after others, and no more than they need for it."""

from typing import Any

from django.contrib.auth.models import Group, Permission

NAME = "moderators"
# No `change_user`: whoever edits people could make themselves a superuser. No devices: they are nobody's business.
PERMISSIONS = (
    *("view_report", "change_report"),
    *("view_user", "suspend_user"),
    *("view_conversation", "view_message", "remove_message", "remove_picture"),
    "view_inbox",
)


def make_group(**_: Any) -> Group:
    """Receives post_migrate. Whoever is to have more gets a second group: this one is put right by each `migrate`."""
    group, _made = Group.objects.get_or_create(name=NAME)
    group.permissions.set(Permission.objects.filter(content_type__app_label="chat", codename__in=PERMISSIONS))
    return group
