"""However long Celery was away, the next sweep notices what was appended meanwhile."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.inbox import redelivery
from chat.models import Change, Conversation, Inbox, Progress
from chat.tasks import prune_changes
from tests.cast import Cast, make_direct

pytestmark = pytest.mark.django_db


def appended(conv: str, ago: timedelta) -> None:
    Conversation.objects.filter(id=conv).update(last_seq=1)
    Change.objects.create(kind="append", conversations=[conv], heads=[1], at=timezone.now() - ago)


@pytest.mark.parametrize("ago", [timedelta(seconds=8), timedelta(hours=3)])
def test_what_came_since_the_last_sweep_is_noticed(ago: timedelta) -> None:
    people = Cast.create()
    conv = make_direct(people.alice, people.bob)
    Progress.objects.create(work="redelivery", upto=timezone.now() - ago - timedelta(seconds=1))
    appended(conv, ago)
    redelivery.sweep()
    watched = Inbox.objects.filter(conversation=conv, next_attempt_at__isnull=False)
    assert {inbox.device_id for inbox in watched} == {people.alice.device.id, people.bob.device.id}
    assert timezone.now() - Progress.objects.get().upto < timedelta(seconds=5)


def test_what_came_before_the_last_sweep_is_not_looked_at_again() -> None:
    people = Cast.create()
    conv = make_direct(people.alice, people.bob)
    Progress.objects.create(work="redelivery", upto=timezone.now() - timedelta(seconds=5))
    appended(conv, timedelta(minutes=5))
    redelivery.sweep()
    assert not Inbox.objects.filter(conversation=conv, next_attempt_at__isnull=False).exists()


def test_devices_are_given_a_moment_to_acknowledge_by_themselves() -> None:
    people = Cast.create()
    conv = make_direct(people.alice, people.bob)
    appended(conv, timedelta(seconds=1))
    redelivery.sweep()
    assert not Inbox.objects.filter(conversation=conv, next_attempt_at__isnull=False).exists()


@pytest.mark.parametrize(("ago", "kept"), [(timedelta(hours=3), True), (timedelta(days=2), False)])
def test_nothing_is_pruned_before_a_sweep_has_looked_at_it(ago: timedelta, kept: bool) -> None:
    """Both tasks are due at once when Celery comes back; beyond a day the table is not let grow."""
    people = Cast.create()
    conv = make_direct(people.alice, people.bob)
    Progress.objects.create(work="redelivery", upto=timezone.now() - ago - timedelta(seconds=1))
    appended(conv, ago)
    prune_changes()
    assert Change.objects.exists() is kept
    redelivery.sweep()
    prune_changes()
    assert not Change.objects.exists()
