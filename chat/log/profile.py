"""What a person is called, and what they let others know (Django's synchronous side)."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from chat.models import Change, Membership, User
from chat.policy.reach import Writers


def rename(user: UUID, name: str) -> None:
    """Others read it when they next say hello, or when the members of a conversation change. Empty: the username."""
    User.objects.filter(id=user).update(name=name)


@transaction.atomic
def set_read_receipts(user: UUID, on: bool) -> None:
    """From now on what this person sees is told, or not (chat/policy/privacy.py). Switched on, within a second or two
    everyone they talk to learns how far they have got, and they of the others. Again with the same changes nothing."""
    changed = User.objects.filter(id=user, read_receipts=not on).update(read_receipts=on)
    if changed and on:
        stays = Membership.objects.filter(user_id=user, left_seq=None)
        convs = list(stays.values_list("conversation_id", flat=True))
        Change.objects.create(kind=Change.Kind.RECEIPTS, conversations=convs, users=[user], at=timezone.now())


@transaction.atomic
def set_shows_presence(user: UUID, on: bool) -> None:
    """Within a second or two others are told whether this person is online, or nothing any more, and they likewise of
    the others. Again with the same changes nothing."""
    if User.objects.filter(id=user, shows_presence=not on).update(shows_presence=on):
        Change.objects.create(kind=Change.Kind.PRESENCE, users=[user], at=timezone.now())


def set_writers(user: UUID, writers: Writers) -> None:
    """Who may begin a conversation with this person, or add them to a group (chat/policy/reach.py). Where they have
    written already nothing changes."""
    User.objects.filter(id=user).update(writers=writers)
