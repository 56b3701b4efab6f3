"""Claims into the database: only what is legal, only what rose, and the right people told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.log import devices
from chat.models import Change, Inbox, Membership
from receipts import ledger
from receipts.ledger import Applied, Row
from receipts.models import Receipt, Watermark
from tests.cast import Cast, Person, make_direct
from tests.log import write

pytestmark = [pytest.mark.django_db, pytest.mark.storage]

NOON = 1_790_000_000_000


def delivered(conv: str, person: Person, seq: int, at: int = NOON) -> Row:
    return Row(conv, person.device_id, "delivered", seq, at)


def seen(conv: str, person: Person, seq: int, at: int = NOON) -> Row:
    return Row(conv, person.device_id, "seen", seq, at)


def mark(conv: str, person: Person) -> tuple[int, int]:
    found = Watermark.objects.get(conversation=conv, user=person.user)
    return found.delivered_seq, found.seen_seq


def receipts(person: Person) -> list[tuple[Any, ...]]:
    rows = Receipt.objects.filter(user=person.user).order_by("id")
    return list(rows.values_list("kind", "upto_seq", "at"))


def moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def test_a_rise_is_written_and_told_to_the_sender(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    applied = ledger.apply([delivered(conv, people.bob, 2), seen(conv, people.bob, 1, NOON + 5)])
    assert mark(conv, people.bob) == (2, 1)
    assert receipts(people.bob) == [("delivered", 2, moment(NOON)), ("seen", 1, moment(NOON + 5))]
    assert Inbox.objects.get(device=people.bob.device).received_seq == 2
    assert [(person, ack["type"]) for person, ack in applied.acks] == [
        (people.alice.id, "DELIVERED"),
        (people.alice.id, "SEEN"),
        # For bob's other devices: what one has seen is read on all.
        (people.bob.id, "SEEN"),
    ]
    told = [(ack["type"], ack["seq"], ack["sender_id"], ack["timestamp"]) for _, ack in applied.acks]
    seen_ack = ("SEEN", 1, people.bob.id, NOON + 5)
    assert told == [("DELIVERED", 2, people.bob.id, NOON), seen_ack, seen_ack]
    change = Change.objects.get(id=applied.change)
    assert (change.kind, [str(each) for each in change.conversations]) == ("receipts", [conv])


def test_the_tick_names_the_newest_own_entry_it_covers(people: Cast, conv: str) -> None:
    write(conv, people.alice, 2)
    write(conv, people.bob)
    applied = ledger.apply([delivered(conv, people.bob, 3)])
    [(_, ack)] = applied.acks
    second = people.alice.user.messages.order_by("-seq").first()
    assert second is not None and ack["message_id"] == str(second.id)


def test_only_senders_of_crossed_entries_are_told(people: Cast, conv: str) -> None:
    write(conv, people.alice, 2)
    ledger.apply([delivered(conv, people.bob, 2)])
    write(conv, people.bob)
    assert ledger.apply([delivered(conv, people.bob, 3)]).acks == []
    assert mark(conv, people.bob) == (3, 0)


def test_a_sender_who_left_is_told_nothing(people: Cast, conv: str) -> None:
    write(conv, people.alice)
    Membership.objects.filter(conversation=conv, user=people.alice.user).update(left_seq=1)
    assert ledger.apply([delivered(conv, people.bob, 1)]).acks == []
    assert mark(conv, people.bob) == (1, 0)


def test_claims_are_clamped_to_the_head_and_to_delivered(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    ledger.apply([seen(conv, people.bob, 9), delivered(conv, people.bob, 2)])
    assert mark(conv, people.bob) == (2, 2)
    ledger.apply([delivered(conv, people.bob, 99)])
    assert mark(conv, people.bob) == (3, 2)
    assert Inbox.objects.get(device=people.bob.device).received_seq == 3


def test_seen_before_delivered_raises_nothing(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    assert ledger.apply([seen(conv, people.bob, 3)]) == Applied()
    assert mark(conv, people.bob) == (0, 0) and receipts(people.bob) == []


def test_repeats_and_lower_claims_change_nothing(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    rows = [delivered(conv, people.bob, 3), seen(conv, people.bob, 2)]
    ledger.apply(rows)
    before = receipts(people.bob)
    assert ledger.apply(rows) == Applied()
    assert ledger.apply([delivered(conv, people.bob, 1, NOON + 9)]) == Applied()
    assert receipts(people.bob) == before
    assert Inbox.objects.get(device=people.bob.device).received_seq == 3
    assert Change.objects.filter(kind="receipts").count() == 1


def test_a_person_is_as_far_as_their_farthest_device(people: Cast, conv: str) -> None:
    laptop = Person(people.bob.user, *devices.register(people.bob.user, "laptop"))
    write(conv, people.alice, 5)
    applied = ledger.apply([delivered(conv, laptop, 4), delivered(conv, people.bob, 2), seen(conv, people.bob, 2)])
    assert mark(conv, people.bob) == (4, 2)
    cursors = dict(Inbox.objects.values_list("device_id", "received_seq"))
    assert cursors == {laptop.device.id: 4, people.bob.device.id: 2}
    told = [(ack["type"], ack["seq"]) for person, ack in applied.acks if person == people.alice.id]
    assert told == [("DELIVERED", 4), ("SEEN", 2)]


def test_who_may_not_acknowledge_falls_out_and_the_rest_goes_through(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    phone = Person(people.bob.user, *devices.register(people.bob.user, "old phone"))
    devices.revoke(phone.device)
    absent = "0190aaaa-0000-7000-8000-000000000000"
    rows = [
        delivered(conv, people.mallory, 3),
        delivered(conv, phone, 3),
        delivered(absent, people.bob, 3),
        Row(conv, absent, "delivered", 3, NOON),
        delivered(conv, people.bob, 1),
    ]
    ledger.apply(rows)
    assert mark(conv, people.bob) == (1, 0)
    assert not Watermark.objects.filter(user=people.mallory.user).exists()
    cursors = dict(Inbox.objects.values_list("device_id", "received_seq"))
    assert cursors == {phone.device.id: 0, people.bob.device.id: 1}


def test_who_left_cannot_raise_a_watermark(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    Membership.objects.filter(conversation=conv, user=people.bob.user).update(left_seq=1)
    assert ledger.apply([delivered(conv, people.bob, 3)]) == Applied()
    assert mark(conv, people.bob) == (0, 0)


def test_progress_makes_redelivery_count_anew(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    Inbox.objects.create(conversation_id=conv, device=people.bob.device, attempts=7, next_attempt_at=timezone.now())
    ledger.apply([delivered(conv, people.bob, 1)])
    assert Inbox.objects.get(device=people.bob.device).attempts == 0


def test_a_claim_is_a_handful_of_statements_whatever_its_size(people: Cast, conv: str) -> None:
    others = [make_direct(people.alice, person) for person in (people.carol, people.mallory)]
    pairs = [(conv, people.bob), (others[0], people.carol), (others[1], people.mallory)]
    for each, _ in pairs:
        write(each, people.alice, 5)
    rows = [row for each, who in pairs for row in (delivered(each, who, 5), seen(each, who, 4))]
    with CaptureQueriesContext(connection) as statements:
        ledger.apply(rows)
    written = [each["sql"] for each in statements if "SAVEPOINT" not in each["sql"]]
    assert len(written) == 6
    assert [mark(each, who) for each, who in pairs] == [(5, 4)] * 3


def test_bad_data_writes_nothing(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    with pytest.raises(Exception, match="uuid"):
        ledger.apply([delivered(conv, people.bob, 3), Row("nonsense", people.bob.device_id, "delivered", 1, NOON)])
    assert mark(conv, people.bob) == (0, 0) and not Inbox.objects.exists()


def test_a_device_that_is_at_it_is_left_alone_for_a_moment(people: Cast, conv: str) -> None:
    """Nudged in the middle of a large backlog, it would be pushed a whole window again."""
    write(conv, people.alice, 3)
    soon = timezone.now() + timedelta(milliseconds=200)
    inbox = Inbox.objects.create(conversation_id=conv, device=people.bob.device, next_attempt_at=soon)
    ledger.apply([delivered(conv, people.bob, 1)])
    inbox.refresh_from_db()
    assert inbox.next_attempt_at is not None and inbox.next_attempt_at > soon + timedelta(seconds=1)
