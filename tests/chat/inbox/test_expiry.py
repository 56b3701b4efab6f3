"""Expiry by age: what no device of a person took within the limit lapses for them, and their devices get a horizon."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.inbox import retention
from chat.inbox.retention import expire_by_age
from chat.log import devices
from chat.models import Change, Conversation, Inbox, Membership, Progress
from receipts.models import Lapse, Watermark
from tests.cast import Cast, Person, make_direct
from tests.chat.inbox.aging import DAYS, appended, inbox, lapsed_changes, lapses, mark, old, stored, with_each
from tests.threads import at_once

pytestmark = [pytest.mark.storage, pytest.mark.django_db]


def second(person: Person) -> Person:
    """The person on another device."""
    return Person(person.user, *devices.register(person.user, "laptop"))


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Inbox, Watermark, Lapse, Change, Conversation)]


def test_what_is_old_and_not_taken_lapses(people: Cast, conv: str) -> None:
    old(conv, people.alice, 3)
    appended(conv, people.alice, 2)
    assert expire_by_age(DAYS) == 1
    assert lapses(conv, people.bob) == [(1, 3)]
    # Watermarks stay where the device is.
    assert mark(conv, people.bob) == (0, 3)
    assert inbox(conv, people.bob) == (0, 3)
    assert lapsed_changes() == [({conv}, {people.bob.id})]


def test_ones_own_entries_are_no_loss(people: Cast, conv: str) -> None:
    """alice's own device never acknowledged them: it is not owed them either, and that is all."""
    old(conv, people.alice, 3)
    expire_by_age(DAYS)
    assert lapses(conv, people.alice) == []
    assert mark(conv, people.alice) == (0, 3)
    assert inbox(conv, people.alice) == (0, 3)


def test_what_was_taken_does_not_lapse(people: Cast, conv: str) -> None:
    head = old(conv, people.alice, 3)
    for person in (people.alice, people.bob):
        stored(conv, person, head)
    before = everything()
    assert expire_by_age(DAYS) == 0
    assert everything() == before


def test_only_what_lies_above_the_watermark_lapses(people: Cast, conv: str) -> None:
    old(conv, people.alice, 5)
    stored(conv, people.bob, 2)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(3, 5)]
    assert mark(conv, people.bob) == (2, 5) and inbox(conv, people.bob) == (2, 5)


def test_one_of_two_devices_took_it(people: Cast, conv: str) -> None:
    """No lapse for the person; the other device gets a horizon all the same."""
    laptop = second(people.bob)
    head = old(conv, people.alice, 3)
    stored(conv, laptop, head)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == []
    assert inbox(conv, laptop) == (3, 0) and inbox(conv, people.bob) == (0, 3)
    assert lapsed_changes() == []


def test_a_revoked_device_gets_no_horizon(people: Cast, conv: str) -> None:
    laptop = second(people.bob)
    devices.revoke(laptop.device)
    old(conv, people.alice)
    expire_by_age(DAYS)
    assert inbox(conv, laptop) == (0, 0)


def test_the_next_entries_continue_the_lapse(people: Cast, conv: str) -> None:
    now = timezone.now()
    for days in (30.9, 30.6, 28.5):
        old(conv, people.alice, 2, days=days)
    assert expire_by_age(DAYS, now - timedelta(hours=18)) == 1
    assert lapses(conv, people.bob) == [(1, 2)]
    assert expire_by_age(DAYS, now) == 1
    assert lapses(conv, people.bob) == [(1, 4)]
    # More than a day after the first of them: a range of its own, with a time of its own.
    assert expire_by_age(DAYS, now + timedelta(days=2)) == 1
    assert lapses(conv, people.bob) == [(1, 4), (5, 6)]
    assert mark(conv, people.bob) == (0, 6) and inbox(conv, people.bob) == (0, 6)


def test_a_removed_and_rejoined_member_lapses_by_their_stays(people: Cast, conv: str) -> None:
    Membership.objects.filter(user=people.bob.user).update(left_seq=2, left_at=timezone.now())
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=5)
    old(conv, people.alice, 6)
    assert expire_by_age(DAYS) == 2
    assert lapses(conv, people.bob) == [(1, 2), (5, 6)]
    # No row before: its place is the start of their first stay.
    assert inbox(conv, people.bob) == (0, 6)


def test_a_horizon_in_an_earlier_stay_is_told_too(people: Cast, conv: str) -> None:
    """Of a device without a row: it would begin at the first stay, whose entries are gone."""
    Membership.objects.filter(user=people.bob.user).update(left_seq=2, left_at=timezone.now())
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=3)
    old(conv, people.alice, 2)
    appended(conv, people.alice)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(1, 2)]
    assert inbox(conv, people.bob) == (0, 2)


def test_what_a_removed_member_did_not_take_lapses_too(people: Cast, conv: str) -> None:
    """Should they come back, nobody is told that they had it. Of what came after they left nothing is said."""
    Membership.objects.filter(user=people.bob.user).update(left_seq=2, left_at=timezone.now())
    old(conv, people.alice, 4)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(1, 2)]
    assert inbox(conv, people.bob) is None


def test_what_is_below_the_floor_is_not_spoken_of(people: Cast, conv: str) -> None:
    old(conv, people.alice, 4)
    Conversation.objects.update(floor_seq=2)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(3, 4)]


def test_a_member_who_came_later_lapses_nothing(people: Cast, conv: str) -> None:
    head = old(conv, people.alice, 4)
    Membership.objects.create(conversation_id=conv, user=people.carol.user, visible_from_seq=head + 1)
    Watermark.objects.create(conversation_id=conv, user=people.carol.user)
    expire_by_age(DAYS)
    assert lapses(conv, people.carol) == [] and inbox(conv, people.carol) is None


def test_a_repeated_run_changes_nothing(people: Cast, conv: str) -> None:
    old(conv, people.alice, 3)
    expire_by_age(DAYS)
    before = everything()
    assert expire_by_age(DAYS) == 0
    assert everything() == before
    # Nor from the very beginning: a restored progress, a second beat.
    Progress.objects.all().delete()
    assert expire_by_age(DAYS) == 0
    assert everything() == before


def test_nothing_due_writes_nothing_but_how_far_it_came(people: Cast, conv: str) -> None:
    appended(conv, people.alice, 3)
    expire_by_age(DAYS)
    before = everything()
    with CaptureQueriesContext(connection) as statements:
        assert expire_by_age(DAYS) == 0
    assert everything() == before
    words = [each["sql"].split()[:3] for each in statements if "SAVEPOINT" not in each["sql"]]
    assert len(words) == 5
    assert [each for each in words if each[0] in ("INSERT", "UPDATE", "DELETE", "WITH")] == [
        ["INSERT", "INTO", "chat_progress"],
        ["UPDATE", "chat_progress", "SET"],
    ]


def test_many_are_dealt_with_in_several_transactions(people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "ROWS", 3)
    other = make_direct(people.alice, people.carol)
    for _ in range(4):
        old(conv, people.alice, 2)
        old(other, people.alice, 1)
    expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(1, 8)] and lapses(other, people.carol) == [(1, 4)]


def test_a_run_that_ended_early_is_continued(people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for hours in range(6, 0, -1):
        old(conv, people.alice, days=DAYS + hours / 24)
    monkeypatch.setattr(retention, "ROWS", 2)
    monkeypatch.setattr(retention, "BATCHES", 2)
    expire_by_age(DAYS, now)
    assert lapses(conv, people.bob) == [(1, 4)]
    expire_by_age(DAYS, now)
    assert lapses(conv, people.bob) == [(1, 6)]


def test_a_clock_that_was_ahead_for_a_moment_leaves_nothing_out(people: Cast, conv: str) -> None:
    expire_by_age(DAYS, timezone.now() + timedelta(days=365))
    expire_by_age(DAYS)
    head = appended(conv, people.alice)
    assert expire_by_age(DAYS, timezone.now() + timedelta(days=DAYS, hours=1)) == 1
    assert lapses(conv, people.bob) == [(1, head)]


def test_the_count_is_kept(people: Cast, conv: str) -> None:
    old(conv, people.alice, 3)
    expire_by_age(DAYS)
    assert Progress.objects.get(work="expiry").count == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_double_nothing(people: Cast) -> None:
    for conv in with_each(people):
        old(conv, people.alice, 3)
    counts = at_once(lambda: expire_by_age(DAYS))
    assert sum(counts) == Lapse.objects.count() == 3
    assert sum(len(convs) for convs, _ in lapsed_changes()) == 3
    assert Progress.objects.get(work="expiry").count == 3
