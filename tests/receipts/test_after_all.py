"""What had lapsed and was stored after all: taken out of the lapse, told to others, exactly as far as it is true."""

import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.inbox import retention
from chat.log import devices
from chat.models import Change, Inbox, Membership
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Lapse, Receipt
from tests.cast import Cast, Person
from tests.chat.inbox.aging import DAYS, lapsed_changes, lapses, mark, old, stored

pytestmark = [pytest.mark.storage, pytest.mark.django_db]


@pytest.fixture
def lapsed(people: Cast, conv: str) -> str:
    """Entries 1 to 6 of alice's have lapsed for bob; 7 has not."""
    old(conv, people.alice, 6)
    old(conv, people.alice, 1, days=1)
    retention.expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(1, 6)]
    Change.objects.all().delete()
    return conv


def test_what_is_stored_after_all_leaves_the_lapse(people: Cast, lapsed: str) -> None:
    stored(lapsed, people.bob, 4)
    assert lapses(lapsed, people.bob) == [(5, 6)] and mark(lapsed, people.bob) == (4, 6)
    assert lapsed_changes() == [({lapsed}, {people.bob.id})]
    stored(lapsed, people.bob, 7)
    assert lapses(lapsed, people.bob) == [] and mark(lapsed, people.bob) == (7, 6)
    assert len(lapsed_changes()) == 2


def test_who_was_told_of_the_horizon_has_not_stored_what_lies_below(people: Cast, lapsed: str) -> None:
    """The device was reset: its cursor was put to the horizon."""
    Inbox.objects.filter(device=people.bob.device).update(received_seq=6)
    stored(lapsed, people.bob, 7)
    assert mark(lapsed, people.bob) == (7, 6)
    assert lapses(lapsed, people.bob) == [(1, 6)] and lapsed_changes() == []


def test_a_reset_in_the_middle_splits_it(people: Cast, lapsed: str) -> None:
    Inbox.objects.filter(device=people.bob.device).update(received_seq=2)
    stored(lapsed, people.bob, 4)
    assert lapses(lapsed, people.bob) == [(1, 2), (5, 6)]
    assert Lapse.objects.values("at").distinct().count() == 1


def test_another_device_stores_what_the_first_was_told_had_expired(people: Cast, lapsed: str) -> None:
    """The watermark is above it already: nothing rises, and yet there is something to tell."""
    laptop = Person(people.bob.user, *devices.register(people.bob.user, "laptop"))
    Inbox.objects.filter(device=people.bob.device).update(received_seq=6)
    stored(lapsed, people.bob, 7)
    Inbox.objects.filter(device=laptop.device).update(received_seq=1)
    receipts = Receipt.objects.count()
    stored(lapsed, laptop, 3)
    assert lapses(lapsed, people.bob) == [(1, 1), (4, 6)]
    assert Receipt.objects.count() == receipts
    assert lapsed_changes() == [({lapsed}, {people.bob.id})]


def test_a_device_without_a_row_begins_at_its_persons_start(people: Cast, lapsed: str) -> None:
    Inbox.objects.filter(device=people.bob.device).delete()
    Membership.objects.filter(user=people.bob.user).update(visible_from_seq=3)
    stored(lapsed, people.bob, 4)
    assert lapses(lapsed, people.bob) == [(1, 2), (5, 6)]


def test_it_begins_at_their_first_stay_also_when_they_left_and_came_back(people: Cast, conv: str) -> None:
    """The device had stored what lapsed while bob was away, and says so when he is back."""
    old(conv, people.alice, 4)
    bobs = Membership.objects.filter(user=people.bob.user)
    bobs.update(left_seq=4, left_at=timezone.now())
    retention.expire_by_age(DAYS)
    assert lapses(conv, people.bob) == [(1, 4)]
    assert not Inbox.objects.filter(device=people.bob.device).exists()
    Membership.objects.create(conversation_id=conv, user=people.bob.user, visible_from_seq=5)
    stored(conv, people.bob, 4)
    assert lapses(conv, people.bob) == [] and mark(conv, people.bob) == (4, 4)


def test_seeing_alone_takes_nothing_back(people: Cast, lapsed: str) -> None:
    ledger.apply([Row(lapsed, people.bob.device_id, "seen", 6, 1_790_000_000_000)])
    assert lapses(lapsed, people.bob) == [(1, 6)]


def test_a_repeated_acknowledgement_takes_nothing_back(people: Cast, lapsed: str) -> None:
    Inbox.objects.filter(device=people.bob.device).update(received_seq=6)
    for seq in (6, 3):
        stored(lapsed, people.bob, seq)
    assert lapses(lapsed, people.bob) == [(1, 6)] and lapsed_changes() == []


def test_it_does_not_lapse_again(people: Cast, lapsed: str) -> None:
    stored(lapsed, people.bob, 4)
    retention.expire_by_age(0)
    assert lapses(lapsed, people.bob) == [(5, 7)]


def statements(person: Person, conv: str, seq: int) -> int:
    with CaptureQueriesContext(connection) as found:
        stored(conv, person, seq)
    return len([each for each in found if "SAVEPOINT" not in each["sql"]])


def test_who_has_caught_up_costs_what_they_did_before_anything_lapsed(people: Cast, lapsed: str) -> None:
    stored(lapsed, people.bob, 7)
    old(lapsed, people.alice, 1, days=0)
    assert statements(people.bob, lapsed, 8) == 6


@pytest.mark.django_db(transaction=True)
def test_an_acknowledgement_that_waits_for_expiry_takes_back_what_it_did(people: Cast, conv: str, dsn: str) -> None:
    """The flush has read its facts, waits for the row expiry holds, and must see what was written meanwhile."""
    old(conv, people.alice, 3)
    while_held(dsn, lambda: retention.expire_by_age(DAYS), lambda: stored(conv, people.bob, 3))
    assert mark(conv, people.bob) == (3, 3) and lapses(conv, people.bob) == []


@pytest.mark.django_db(transaction=True)
def test_expiry_that_waits_for_an_acknowledgement_finds_nothing_to_lapse(people: Cast, conv: str, dsn: str) -> None:
    old(conv, people.alice, 3)
    while_held(dsn, lambda: stored(conv, people.bob, 3), lambda: retention.expire_by_age(DAYS))
    assert mark(conv, people.bob) == (3, 0) and lapses(conv, people.bob) == []


def while_held(dsn: str, first: Callable[[], object], second: Callable[[], object]) -> None:
    """Runs `first`, and commits it when `second`, on another connection, waits for it."""
    failed: list[Exception] = []

    def work() -> None:
        try:
            second()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=work)
    with transaction.atomic():
        first()
        other.start()
        await_waiting(dsn)
    other.join()
    assert failed == []


def await_waiting(dsn: str) -> None:
    """Until a connection waits for another's lock."""
    end = time.monotonic() + 30
    with psycopg.connect(dsn, autocommit=True) as watcher:
        while not watcher.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount:
            assert time.monotonic() < end
            time.sleep(0.01)
