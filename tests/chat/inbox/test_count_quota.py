"""The count quota: of others' entries that wait for a person in a conversation the newest are kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.inbox.retention import expire_by_count
from chat.models import Change, Membership, Progress
from tests.cast import Cast
from tests.chat.inbox.aging import appended, inbox, lapsed_changes, lapses, mark, stored
from tests.log import write

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

QUOTA = 5


def run() -> int:
    """Now as the change rows have it: a test's database time stands still."""
    return expire_by_count(QUOTA, timezone.now())


def test_the_newest_are_kept(people: Cast, conv: str) -> None:
    appended(conv, people.alice, QUOTA + 3)
    assert run() == 1
    assert lapses(conv, people.bob) == [(1, 3)]
    assert mark(conv, people.bob) == (0, 3) and inbox(conv, people.bob) == (0, 3)
    assert lapses(conv, people.alice) == [] and inbox(conv, people.alice) is None
    assert lapsed_changes() == [({conv}, {people.bob.id})]
    assert Progress.objects.get(work="quota").count == 1


def test_as_many_as_the_quota_are_no_excess(people: Cast, conv: str) -> None:
    appended(conv, people.alice, QUOTA)
    assert run() == 0
    assert lapses(conv, people.bob) == [] and inbox(conv, people.bob) is None


def test_ones_own_entries_do_not_count(people: Cast, conv: str) -> None:
    appended(conv, people.alice, 3)
    appended(conv, people.bob, QUOTA)
    appended(conv, people.alice, 2)
    assert run() == 0
    appended(conv, people.alice, 1)
    assert run() == 1
    assert lapses(conv, people.bob) == [(1, 1)]


def test_what_was_taken_does_not_count(people: Cast, conv: str) -> None:
    appended(conv, people.alice, 4)
    stored(conv, people.bob, 4)
    appended(conv, people.alice, QUOTA + 1)
    run()
    assert lapses(conv, people.bob) == [(5, 5)]


def test_the_excess_grows_with_what_comes(people: Cast, conv: str) -> None:
    for _ in range(3):
        appended(conv, people.alice, QUOTA + 1)
        run()
    assert lapses(conv, people.bob) == [(1, 2 * QUOTA + 3)]


def test_a_repeated_run_changes_nothing(people: Cast, conv: str) -> None:
    appended(conv, people.alice, QUOTA + 3)
    run()
    Progress.objects.all().delete()
    assert run() == 0
    assert lapses(conv, people.bob) == [(1, 3)] and len(lapsed_changes()) == 1


def test_only_their_stays_count(people: Cast, conv: str) -> None:
    """Two entries of the first stay and four of the second wait; what came between was not for them."""
    Membership.objects.filter(user=people.bob.user).update(left_seq=2, left_at=timezone.now())
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=13)
    appended(conv, people.alice, 15)
    assert run() == 0
    appended(conv, people.alice, 1)
    assert run() == 1
    assert lapses(conv, people.bob) == [(1, 1)]


def test_who_has_left_has_no_quota(people: Cast, conv: str) -> None:
    appended(conv, people.alice, QUOTA + 3)
    Membership.objects.filter(user=people.bob.user).update(left_seq=QUOTA + 3)
    assert run() == 0


def test_only_what_was_appended_to_since_the_last_run_is_looked_at(people: Cast, conv: str) -> None:
    Progress.objects.create(work="quota", upto=timezone.now())
    head = write(conv, people.alice, QUOTA + 3)
    long_ago = timezone.now() - timedelta(minutes=5)
    Change.objects.create(kind="append", conversations=[conv], heads=[head], at=long_ago)
    assert run() == 0
    appended(conv, people.alice)
    assert run() == 1


def test_who_hardly_reads_and_writes_much_is_looked_at_only_so_far(people: Cast, conv: str) -> None:
    """Bounded work: what lies behind ten times the quota of one's own entries waits for its age."""
    appended(conv, people.alice, QUOTA + 1)
    stored(conv, people.alice, appended(conv, people.bob, 10 * (QUOTA + 1) - QUOTA))
    assert run() == 0
    assert lapses(conv, people.bob) == []
