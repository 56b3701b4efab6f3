"""The media quota: of attachments that wait for a device the newest are kept, and every text."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.inbox.media import withhold
from chat.log import devices
from chat.models import Attachment, Change, Inbox, Membership, Progress
from tests.cast import Cast, Person, make_direct
from tests.chat.inbox.aging import inbox, lapses, mark, stored
from tests.log import attach, write

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

QUOTA = 100
MEGABYTE = 1_000_000


def posted(conv: str, person: Person, *megabytes: int, minutes_ago: float = 0) -> int:
    """An entry with an attachment of each size; the new head."""
    for size in megabytes:
        at = timezone.now() - timedelta(minutes=minutes_ago)
        seq = write(conv, person, at=at)
        attach(conv, seq, size * MEGABYTE)
        Change.objects.create(kind="append", conversations=[conv], heads=[seq], at=timezone.now())
    return seq


def run() -> int:
    return withhold(QUOTA, timezone.now())


def horizon(conv: str, person: Person) -> int | None:
    """Of the person's device; None: no row."""
    found = Inbox.objects.filter(conversation=conv, device=person.device).first()
    return found and found.media_horizon_seq


def test_what_fits_is_left_alone(people: Cast, conv: str) -> None:
    posted(conv, people.alice, 60, 40)
    assert run() == 0
    assert horizon(conv, people.bob) is None


def test_the_oldest_are_withheld_until_the_rest_fits(people: Cast, conv: str) -> None:
    head = posted(conv, people.alice, 50, 30, 60, 40)
    stored(conv, people.alice, head)
    assert run() == 1
    assert horizon(conv, people.bob) == 2 and horizon(conv, people.alice) == 0
    # Text is owed as before, and files stay.
    assert inbox(conv, people.bob) == (0, 0) and mark(conv, people.bob) == (0, 0) and lapses(conv, people.bob) == []
    assert Attachment.objects.count() == 4
    assert Progress.objects.get(work="media").count == 1


def test_one_that_is_larger_than_the_quota_is_withheld(people: Cast, conv: str) -> None:
    posted(conv, people.alice, QUOTA + 1)
    run()
    assert horizon(conv, people.bob) == 1


def test_all_conversations_of_a_person_count_together(people: Cast, conv: str) -> None:
    other = make_direct(people.bob, people.carol)
    posted(other, people.carol, 70, minutes_ago=5)
    posted(conv, people.alice, 60)
    run()
    assert horizon(other, people.bob) == 1 and horizon(conv, people.bob) is None
    assert horizon(conv, people.alice) is None


def test_what_a_device_has_taken_does_not_count(people: Cast, conv: str) -> None:
    posted(conv, people.alice, 60, 30)
    stored(conv, people.bob, 1)
    laptop = Person(people.bob.user, *devices.register(people.bob.user, "laptop"))
    posted(conv, people.alice, 60, 10)
    Inbox.objects.filter(device=laptop.device).update(received_seq=0)
    run()
    assert horizon(conv, people.bob) == 0
    assert horizon(conv, laptop) == 1


def test_a_horizon_rises_and_never_falls(people: Cast, conv: str) -> None:
    posted(conv, people.alice, 90, 20)
    run()
    assert horizon(conv, people.bob) == 1
    assert run() == 0
    posted(conv, people.alice, 90)
    run()
    assert horizon(conv, people.bob) == 2
    stored(conv, people.bob, 3)
    assert run() == 0 and horizon(conv, people.bob) == 2


def test_only_what_was_for_them_counts(people: Cast, conv: str) -> None:
    head = posted(conv, people.alice, 90, 90)
    Membership.objects.create(conversation_id=conv, user=people.carol.user, visible_from_seq=head + 1)
    Membership.objects.filter(user=people.bob.user).update(left_seq=head)
    posted(conv, people.alice, 60)
    run()
    assert horizon(conv, people.carol) is None and horizon(conv, people.bob) is None


def test_what_an_earlier_stay_holds_counts_too(people: Cast, conv: str) -> None:
    """For a device without a row, which begins at its person's first stay."""
    posted(conv, people.alice, 70, minutes_ago=5)
    posted(conv, people.alice, 60)
    Membership.objects.filter(user=people.bob.user).update(left_seq=1)
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=2)
    run()
    assert horizon(conv, people.bob) == 1 and inbox(conv, people.bob) == (0, 0)


def test_nothing_new_is_not_looked_at(people: Cast, conv: str) -> None:
    posted(conv, people.alice, 90, 90)
    Change.objects.all().delete()
    assert run() == 0
    assert horizon(conv, people.bob) is None
