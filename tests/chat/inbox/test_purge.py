"""Removing old history: the old end of a log, whole, and never before it has lapsed for whoever did not take it."""

from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from chat.inbox import purge as history
from chat.inbox import sync
from chat.inbox.horizons import Reset, pass_horizons
from chat.inbox.purge import purge
from chat.inbox.retention import expire_by_age
from chat.log.access import LAPSED_IN
from chat.log.pool import Database
from chat.log.transaction import BatchWriter, new_message_id
from chat.models import Attachment, Conversation, Hidden, Message, Progress
from chat.policy.decide import Accepted, Proposal
from chat.policy.visibility import Stay
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Receipt
from receipts.watermarks import Mark, Member, Tick, tick
from tests.cast import Cast, Person, make_direct
from tests.chat.inbox.aging import DAYS, inbox, lapses, mark, old, stored, with_each
from tests.log import attach
from tests.threads import at_once, in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

KEEP = 90


def ancient(conv: str, person: Person, count: int = 1, days: float = KEEP + 1) -> int:
    return old(conv, person, count, days)


def log(conv: str) -> tuple[int, list[int], int]:
    """Floor, the seqs there are, head."""
    found = Conversation.objects.get(id=conv)
    return found.floor_seq, list(found.messages.order_by("seq").values_list("seq", flat=True)), found.last_seq


def all_have(people: Cast, conv: str, seq: int) -> None:
    stored(conv, people.alice, seq)
    stored(conv, people.bob, seq)


def test_the_old_end_goes_and_the_floor_rises(people: Cast, conv: str) -> None:
    ancient(conv, people.alice, 4)
    head = old(conv, people.alice, 3, days=1)
    all_have(people, conv, head)
    assert purge(KEEP) == 4
    assert log(conv) == (4, [5, 6, 7], 7)
    assert Progress.objects.get(work="history").count == 4
    assert purge(KEEP) == 0 and log(conv) == (4, [5, 6, 7], 7)


def test_a_whole_log_may_go(people: Cast, conv: str) -> None:
    all_have(people, conv, ancient(conv, people.alice, 3))
    assert purge(KEEP) == 3
    assert log(conv) == (3, [], 3)


def test_nothing_goes_unless_it_is_wanted(people: Cast, conv: str) -> None:
    all_have(people, conv, ancient(conv, people.alice, 3))
    assert purge(0) == 0
    assert log(conv) == (0, [1, 2, 3], 3)


def test_a_young_entry_keeps_what_is_above_it(people: Cast, conv: str) -> None:
    """A process whose clock was wrong: its entry is as young as it says, and nothing is removed around it."""
    ancient(conv, people.alice, 2)
    old(conv, people.alice, 1, days=1)
    all_have(people, conv, ancient(conv, people.alice, 2))
    assert purge(KEEP) == 2
    assert log(conv) == (2, [3, 4, 5], 5)
    assert purge(KEEP) == 0


def test_entries_that_must_stay_do_not_hold_up_others(people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_direct(people.alice, people.carol)
    old(conv, people.alice, 1, days=1)
    all_have(people, conv, ancient(conv, people.alice, 5, days=KEEP + 9))
    head = ancient(other, people.alice, 5)
    stored(other, people.carol, head)
    monkeypatch.setattr(history, "ROWS", 2)
    # However their ids lie among those that stay.
    assert purge(KEEP) == 5
    assert log(other) == (5, [], 5) and log(conv)[0] == 0


def test_what_hangs_on_it_goes_with_it(people: Cast, conv: str) -> None:
    ancient(conv, people.alice, 4)
    old(conv, people.alice, 2, days=1)
    for seq in (2, 5):
        Hidden.objects.create(user=people.bob.user, conversation_id=conv, seq=seq, rev=1)
        attach(conv, seq)
    all_have(people, conv, 6)
    purge(KEEP)
    assert list(Hidden.objects.values_list("seq", flat=True)) == [5]
    # The sweep removes what is not in an entry any more, files first.
    assert set(Attachment.objects.values_list("seq", "state")) == {(5, "sent"), (None, "dropped")}


def test_receipts_go_that_tell_of_no_entry_that_is_left(people: Cast, conv: str) -> None:
    ancient(conv, people.alice, 4)
    old(conv, people.alice, 2, days=1)
    for seq in (1, 3, 5):
        stored(conv, people.bob, seq)
    for seq in (2, 3):
        ledger.apply([Row(conv, people.bob.device_id, "seen", seq, 1_790_000_000_000)])
    stored(conv, people.alice, 6)
    purge(KEEP)
    kept = set(Receipt.objects.values_list("user", "kind", "upto_seq"))
    # The newest of each kind is the time of the watermark.
    bob = people.bob.user.id
    assert kept == {(people.alice.user.id, "delivered", 6), (bob, "delivered", 5), (bob, "seen", 3)}


def test_many_are_removed_in_several_transactions(people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        all_have(people, conv, ancient(conv, people.alice, 2))
    monkeypatch.setattr(history, "ROWS", 3)
    assert purge(KEEP) == 10
    assert log(conv) == (10, [], 10)
    assert Receipt.objects.count() == 2


def test_what_expiry_has_not_been_through_lapses_first(people: Cast, conv: str) -> None:
    """Celery was away for months: bob's loss is told, and only a later run removes."""
    ancient(conv, people.alice, 3)
    stored(conv, people.alice, 3)
    assert purge(KEEP) == 0
    assert lapses(conv, people.bob) == [(1, 3)] and inbox(conv, people.bob) == (0, 3)
    assert log(conv) == (0, [1, 2, 3], 3)
    assert purge(KEEP) == 3
    assert lapses(conv, people.bob) == [(1, 3)] and mark(conv, people.bob) == (0, 3)


@pytest.mark.django_db(transaction=True)
async def test_what_was_shown_as_failed_stays_so_on_a_device_that_keeps_it(
    database: Database, people: Cast, conv: str
) -> None:
    """bob came back and took what is newer: without the lapse his watermark would say that he had the old, too."""
    await in_thread(ancient, conv, people.alice, 3)
    await in_thread(stored, conv, people.alice, 3)
    await in_thread(expire_by_age, DAYS)
    head = await in_thread(old, conv, people.alice, 1, 1)
    await in_thread(pass_horizons, people.bob.device_id, [Reset(conv, 0, 3)])
    await in_thread(stored, conv, people.bob, head)
    shown = await ticks(database, people.alice, conv)
    assert shown == [Tick.FAILED] * 3 + [Tick.DELIVERED]
    assert await in_thread(purge, KEEP) == 3
    assert await ticks(database, people.alice, conv) == shown


async def ticks(database: Database, person: Person, conv: str) -> list[Tick]:
    """What a device of theirs that kept all their entries shows, by what it is told at hello."""
    [told] = await sync.summaries(database, person.id, person.device_id)
    others = [
        Member(
            Mark(each["delivered"], each["seen"]),
            tuple(Stay(first, last) for first, last in each["stays"]),
            tuple(map(tuple, each.get("lapsed", ()))),
        )
        for each in told.members
        if each["id"] != person.id
    ]
    return [tick(seq, others, direct=True) for seq in range(1, told.head + 1)]


def test_ranges_of_several_days_are_told_as_one(people: Cast, conv: str) -> None:
    now = timezone.now()
    for days in (33.5, 32.5, 31.5):
        old(conv, people.alice, 2, days=days)
        expire_by_age(DAYS, now - timedelta(days=days - DAYS - 1))
    assert len(lapses(conv, people.bob)) == 3
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {LAPSED_IN.format(conv='%s::uuid', user='%s::uuid')}", [conv, people.bob.id])
        assert cursor.fetchone() == ([[1, 6]],)


def test_a_device_that_is_behind_is_told_a_horizon(people: Cast, conv: str) -> None:
    ancient(conv, people.alice, 3)
    stored(conv, people.alice, 3)
    expire_by_age(DAYS)
    purge(KEEP)
    assert log(conv)[0] == 3
    assert inbox(conv, people.bob) == (0, 3)


@pytest.mark.django_db(transaction=True)
def test_a_conversation_that_is_appended_to_right_now_is_left_to_the_next_run(
    people: Cast, conv: str, dsn: str
) -> None:
    all_have(people, conv, ancient(conv, people.alice, 3))
    with psycopg.connect(dsn) as committer:
        committer.execute("SELECT FROM chat_conversation FOR NO KEY UPDATE")
        assert purge(KEEP) == 0
    assert purge(KEEP) == 3


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_remove_once(people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "ROWS", 5)
    convs = with_each(people)
    for conv, person in convs.items():
        stored(conv, person, ancient(conv, people.alice, 10))
    counts = at_once(lambda: purge(KEEP))
    assert sum(counts) == 30 and Message.objects.count() == 0
    assert [log(conv)[0] for conv in convs] == [10, 10, 10]


@pytest.mark.django_db(transaction=True)
async def test_above_the_floor_a_repeat_is_still_a_repeat(people: Cast, conv: str, dsn: str) -> None:
    """And the log goes on where it was."""
    await in_thread(ancient, conv, people.alice, 3)
    head = await in_thread(old, conv, people.alice, 2, 1)
    await in_thread(all_have, people, conv, head)
    assert await in_thread(purge, KEEP) == 3
    kept = await in_thread(Message.objects.get, seq=5)
    writer = BatchWriter(dsn)
    sends = [
        Proposal(conv, people.alice.id, people.alice.device_id, client_id, "hi", new_message_id())
        for client_id in (kept.client_id, "new")
    ]
    settled = await writer.commit(sends, wait_for_locks=False)
    await writer.close()
    repeat, fresh = settled.outcomes
    assert isinstance(repeat, Accepted) and repeat.duplicate and repeat.entry.seq == 5
    assert isinstance(fresh, Accepted) and not fresh.duplicate and fresh.entry.seq == 6
    assert await in_thread(log, conv) == (3, [4, 5, 6], 6)


def test_what_is_due_is_counted_from_now(people: Cast, conv: str) -> None:
    all_have(people, conv, old(conv, people.alice, 2, days=1))
    assert purge(KEEP) == 0
    assert purge(KEEP, timezone.now() + timedelta(days=KEEP)) == 2
