"""The sweep: who owes acknowledgements is nudged with E1's backoff, and never given up for good."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from chat.inbox.redelivery import Nudge, sweep
from chat.log import devices
from chat.models import Change, Inbox, Membership
from chat.policy.backoff import DEFAULT_BACKOFF
from receipts import ledger
from receipts.ledger import Row
from tests.cast import Cast, Person
from tests.chat.inbox.aging import with_each
from tests.log import write
from tests.threads import at_once

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

NOW = "SELECT now()"


def appended(conv: str, person: Person, seconds_ago: float = 5.0) -> int:
    """An entry and its change row, some time ago by the database's clock."""
    head = write(conv, person)
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        at = cursor.fetchone()[0] - timedelta(seconds=seconds_ago)
    Change.objects.create(kind="append", conversations=[conv], heads=[head], at=at)
    return head


def pass_time(seconds: float) -> None:
    """As if the sweeps had slept so long."""
    earlier = timedelta(seconds=seconds)
    Inbox.objects.update(next_attempt_at=F("next_attempt_at") - earlier)
    Change.objects.update(at=F("at") - earlier)


def due_now() -> list[Nudge]:
    """The sweep after every pause is over."""
    pass_time(DEFAULT_BACKOFF.cap_ms * (1 + DEFAULT_BACKOFF.jitter) / 1000)
    return sweep()


def stored(conv: str, person: Person, seq: int) -> None:
    ledger.apply([Row(conv, person.device_id, "delivered", seq, 1_790_000_000_000)])


def inbox(person: Person) -> Inbox:
    return Inbox.objects.get(device=person.device)


def nudged(nudges: Sequence[Nudge]) -> set[str]:
    return {nudge.device for nudge in nudges}


@pytest.fixture
def both_have_all(people: Cast, conv: str) -> str:
    """alice and bob have stored entry 1."""
    write(conv, people.alice)
    stored(conv, people.alice, 1)
    stored(conv, people.bob, 1)
    return conv


def test_who_has_acknowledged_is_left_alone(people: Cast, conv: str) -> None:
    head = appended(conv, people.alice)
    stored(conv, people.alice, head)
    stored(conv, people.bob, head)
    assert sweep() == [] and due_now() == []
    assert not Inbox.objects.filter(next_attempt_at__isnull=False).exists()


def test_who_owes_is_watched_then_nudged_with_growing_pauses(people: Cast, both_have_all: str) -> None:
    head = appended(both_have_all, people.alice)
    stored(both_have_all, people.alice, head)
    assert sweep() == []
    pauses = []
    for attempt in range(1, DEFAULT_BACKOFF.attempts):
        before = inbox(people.bob).next_attempt_at
        assert before is not None
        assert due_now() == [Nudge(both_have_all, people.bob.device_id, head)]
        assert inbox(people.bob).attempts == attempt
        after = inbox(people.bob).next_attempt_at
        if after is not None:
            with connection.cursor() as cursor:
                cursor.execute(NOW)
                pauses.append((after - cursor.fetchone()[0]).total_seconds() * 1000)
    for failures, pause in enumerate(pauses, start=1):
        base = min(DEFAULT_BACKOFF.cap_ms, DEFAULT_BACKOFF.initial_ms * 2 ** (failures - 1))
        assert 0.7 * base - 1 <= pause <= 1.3 * base + 1


def test_nudges_end_but_nothing_owed_is_forgotten(people: Cast, both_have_all: str) -> None:
    """Attempts limit nudges, never delivery: the cursor stays where the device is."""
    head = appended(both_have_all, people.alice)
    stored(both_have_all, people.alice, head)
    sweep()
    rounds = [bool(due_now()) for _ in range(15)]
    assert rounds == [True] * DEFAULT_BACKOFF.attempts + [False] * (15 - DEFAULT_BACKOFF.attempts)
    assert inbox(people.bob).received_seq == 1 and inbox(people.bob).next_attempt_at is None


def test_after_the_last_nudge_a_new_entry_begins_anew(people: Cast, both_have_all: str) -> None:
    stored(both_have_all, people.alice, appended(both_have_all, people.alice))
    for _ in range(15):
        due_now()
    appended(both_have_all, people.alice)
    sweep()
    assert inbox(people.bob).attempts == 0
    assert people.bob.device_id in nudged(due_now())


def test_progress_begins_anew_even_after_the_last_nudge(people: Cast, both_have_all: str) -> None:
    """A device that took some of what it owes is there again: it is nudged about the rest."""
    for _ in range(3):
        head = appended(both_have_all, people.alice)
    stored(both_have_all, people.alice, head)
    sweep()
    inboxes = Inbox.objects.filter(device=people.bob.device)
    inboxes.update(attempts=DEFAULT_BACKOFF.attempts, next_attempt_at=None)
    pass_time(10)
    sweep()
    assert inbox(people.bob).attempts == DEFAULT_BACKOFF.attempts
    stored(both_have_all, people.bob, 2)
    pass_time(10)
    sweep()
    assert people.bob.device_id in nudged(due_now())


def test_what_was_appended_while_no_sweep_ran_is_noticed(people: Cast, both_have_all: str) -> None:
    """Celery was down for half a minute."""
    appended(both_have_all, people.alice, seconds_ago=30)
    sweep()
    assert people.bob.device_id in nudged(due_now())


def test_a_caught_up_device_is_let_go(people: Cast, both_have_all: str) -> None:
    head = appended(both_have_all, people.alice)
    sweep()
    stored(both_have_all, people.bob, head)
    assert people.bob.device_id not in nudged(due_now())
    assert (inbox(people.bob).attempts, inbox(people.bob).next_attempt_at) == (0, None)


def test_a_device_that_was_never_there_is_nudged_too(people: Cast, conv: str) -> None:
    """No inbox row yet: everything since its person's stay began is owed."""
    appended(conv, people.alice)
    sweep()
    assert nudged(due_now()) == {people.alice.device_id, people.bob.device_id}
    assert inbox(people.bob).received_seq == 0


def test_a_member_who_owes_nothing_from_before_their_stay_is_not_watched(people: Cast, conv: str) -> None:
    head = appended(conv, people.alice)
    Membership.objects.create(conversation_id=conv, user=people.carol.user, visible_from_seq=head + 1)
    sweep()
    assert not Inbox.objects.filter(device=people.carol.device).exists()


def test_revoked_devices_and_who_left_are_not_nudged(people: Cast, both_have_all: str) -> None:
    appended(both_have_all, people.alice)
    sweep()
    devices.revoke(people.alice.device)
    Membership.objects.filter(user=people.bob.user).update(left_seq=1)
    assert due_now() == []
    appended(both_have_all, people.alice)
    sweep()
    assert due_now() == []


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_share_the_work(people: Cast) -> None:
    for conv in with_each(people):
        appended(conv, people.alice)
    sweep()
    pass_time(100)
    everyone = [nudge for nudges in at_once(sweep) for nudge in nudges]
    assert len(everyone) == len(set(everyone)) == 6


def test_an_idle_sweep_is_seven_statements(people: Cast, both_have_all: str) -> None:
    with CaptureQueriesContext(connection) as statements:
        assert sweep() == []
    assert len([each for each in statements if "SAVEPOINT" not in each["sql"]]) == 7
