"""Who is woken up: devices that lack others' entries nobody of theirs has seen, once for each entry."""

from datetime import timedelta

import pytest

from chat.inbox.redelivery import sweep
from chat.log import devices
from chat.models import Membership, Message, PushSubscription, WakeUp
from chat.policy.visibility import WAITING
from chat.wakeup.dispatch import claim, dispatch, settle
from chat.wakeup.port import Sent
from tests.cast import Cast, make_direct
from tests.chat.wakeup.conftest import Away, database_now, pass_time, subscribe, swept
from tests.push_service import Answer, PushService

pytestmark = [pytest.mark.storage, pytest.mark.django_db]


def test_a_device_that_does_not_acknowledge_is_to_be_woken(away: Away) -> None:
    head = away.written(count=3)
    sweep()
    assert (away.row.seq, away.row.sent_seq) == (head, 0)
    assert away.row.next_attempt_at is not None


def test_once_for_each_entry_however_often_it_is_nudged(away: Away, service: PushService) -> None:
    away.written()
    for _ in range(12):
        swept()
        dispatch()
        pass_time(70)
    assert [each["seq"] for each in service.payloads(away.phone)] == [1]
    away.written()
    sweep()
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [1, 2]


def test_a_thousand_messages_are_one_wake_up(away: Away, service: PushService) -> None:
    for _ in range(3):
        head = away.written(count=300)
        sweep()
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [head]


def test_who_blocks_silently_is_rung_for_nothing_of_it(away: Away, service: PushService) -> None:
    """Also not once it is over; what comes then rings again."""
    stay = Membership.objects.get(conversation=away.conv, user=away.bob.user)
    Membership.objects.filter(id=stay.id).update(left_seq=0)
    waiting = Membership.objects.create(conversation_id=away.conv, user=away.bob.user, visible_from_seq=WAITING)
    head = away.written(count=2)
    sweep()
    assert dispatch() == 0 and not WakeUp.objects.exists()
    Membership.objects.filter(id=waiting.id).update(visible_from_seq=head + 1)
    swept()
    assert dispatch() == 0 and not WakeUp.objects.exists()
    away.written()
    sweep()
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [head + 1]


def test_conversations_are_told_apart(away: Away, people: Cast, service: PushService) -> None:
    away.written()
    other = Away(make_direct(people.carol, people.bob), people.carol, people.bob, away.phone, away.laptop)
    other.written()
    sweep()
    dispatch()
    assert {each["conv"] for each in service.payloads(away.phone)} == {away.conv, other.conv}
    assert len({each.topic for each in service.heard}) == 2


@pytest.mark.parametrize(
    ("event", "wakes"),
    [
        ({"type": "created", "title": "Picnic", "count": 2}, True),
        ({"type": "added", "users": ["$bob"]}, True),
        ({"type": "added", "users": ["0190aaaa-0000-7000-8000-000000000000"]}, False),
        ({"type": "removed", "users": ["0190aaaa-0000-7000-8000-000000000000"]}, False),
        ({"type": "left"}, False),
        ({"type": "role", "users": ["$bob"], "role": "admin"}, False),
        ({"type": "changed", "title": "Sunday"}, False),
    ],
)
def test_what_was_done_to_a_group_wakes_whom_it_brought_in(away: Away, event: dict[str, object], wakes: bool) -> None:
    told = {key: [away.bob.id] if value == ["$bob"] else value for key, value in event.items()}
    head = away.written()
    Message.objects.filter(seq=head).update(body="", event=told)
    sweep()
    assert WakeUp.objects.exists() is wakes


def test_what_is_muted_wakes_nobody_but_for_mentions(away: Away) -> None:
    stays = Membership.objects.filter(user=away.bob.user)
    stays.update(muted_until=database_now() + timedelta(hours=1))
    away.written(count=2)
    sweep()
    assert not WakeUp.objects.exists()
    mentioned = away.written()
    Message.objects.filter(seq=mentioned).update(mentions=[away.bob.user.id])
    away.written()
    sweep()
    assert away.row.seq == mentioned
    stays.update(muted_until=database_now() - timedelta(hours=1))
    head = away.written()
    sweep()
    assert away.row.seq == head


def test_own_messages_wake_nobody(away: Away) -> None:
    away.written(away.bob)
    swept()
    assert not WakeUp.objects.exists()


def test_who_wrote_is_not_woken_by_it(away: Away, people: Cast, service: PushService) -> None:
    subscribe(service, people.alice.device)
    away.written()
    sweep()
    assert [each.subscription_id for each in WakeUp.objects.all()] == [away.bob.device.id]


@pytest.mark.parametrize("how", ["has it", "read elsewhere"])
def test_what_is_known_already_wakes_nobody(away: Away, how: str) -> None:
    head = away.written()
    if how == "has it":
        away.acked("delivered", head, away.bob.device)
    else:
        away.read(head)
    swept()
    assert not WakeUp.objects.exists()


@pytest.mark.parametrize("why", ["left", "joins later", "revoked", "suspended", "unsubscribed"])
def test_who_may_not_know_is_not_told(away: Away, why: str) -> None:
    head = away.written()
    stay = Membership.objects.filter(user=away.bob.user)
    match why:
        case "left":
            stay.update(left_seq=0)
        case "joins later":
            stay.update(visible_from_seq=head + 1)
        case "revoked":
            devices.revoke(away.bob.device)
        case "suspended":
            away.bob.user.is_active = False
            away.bob.user.save()
        case _:
            PushSubscription.objects.all().delete()
    swept()
    assert not WakeUp.objects.exists()


def test_read_elsewhere_before_it_was_told_is_dropped(away: Away, service: PushService) -> None:
    head = away.written()
    sweep()
    away.read(head)
    dispatch()
    assert service.requests == 0
    swept()
    assert not WakeUp.objects.exists()


@pytest.mark.parametrize("how", ["read elsewhere", "removed"])
def test_what_is_over_after_it_was_told_is_told_no_more(away: Away, service: PushService, how: str) -> None:
    """A push that shows nothing is one a browser punishes."""
    head = away.written()
    sweep()
    dispatch()
    if how == "removed":
        away.left()
    else:
        away.read(head)
    swept()
    assert not WakeUp.objects.exists()
    swept()
    assert dispatch() == 0 and len(service.payloads(away.phone)) == 1


def test_a_removed_member_is_not_told_what_came_before_that(away: Away, service: PushService) -> None:
    """Told of the first, about to be told of the second."""
    away.written()
    sweep()
    dispatch()
    away.written()
    swept()
    away.left()
    assert dispatch() == 0
    swept()
    assert dispatch() == 0 and [each["seq"] for each in service.payloads(away.phone)] == [1]


def test_what_a_removed_member_was_never_told_is_dropped(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    away.left()
    swept()
    assert not WakeUp.objects.exists()
    assert dispatch() == 0 and service.requests == 0


@pytest.mark.parametrize("when", ["after a failure", "while it is sent"])
def test_what_a_removed_member_may_have_been_told_is_dropped(away: Away, service: PushService, when: str) -> None:
    away.written()
    sweep()
    if when == "after a failure":
        service.answers.append(Answer(500))
        dispatch()
        away.left()
        pass_time(100)
        assert dispatch() == 0
        away.left()
    else:
        claimed = claim()
        away.left()
    swept()
    if when == "while it is sent":
        settle([(each, Sent()) for each in claimed])
    assert dispatch() == 0 and not WakeUp.objects.exists()


def test_who_came_back_at_once_keeps_what_they_were_told(away: Away, service: PushService) -> None:
    """The entry is of an earlier stay, which they may read again."""
    away.written()
    sweep()
    dispatch()
    away.left()
    away.came_back()
    swept()
    assert dispatch() == 0 and away.row.seq
    away.written()
    swept()
    dispatch()
    assert [(each["t"], each["seq"]) for each in service.payloads(away.phone)] == [("wake", 1), ("wake", 2)]


def test_part_of_it_read_elsewhere_takes_nothing_back(away: Away, service: PushService) -> None:
    away.written(count=2)
    sweep()
    dispatch()
    away.read(1)
    swept()
    assert dispatch() == 0 and away.row.seq


def test_a_device_that_came_and_took_it_is_left_alone(away: Away, service: PushService) -> None:
    """It has the entry, so it will hear by itself that it was read."""
    head = away.written()
    sweep()
    dispatch()
    away.acked("delivered", head, away.bob.device)
    away.read(head)
    swept()
    dispatch()
    assert len(service.payloads(away.phone)) == 1 and not WakeUp.objects.exists()


def test_new_entries_after_it_was_read_wake_again(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    dispatch()
    away.read(1)
    swept()
    away.written()
    swept()
    dispatch()
    assert [each["t"] for each in service.payloads(away.phone)] == ["wake", "wake"]


def test_revoking_removes_what_was_to_be_told(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    devices.revoke(away.bob.device)
    assert not PushSubscription.objects.exists() and not WakeUp.objects.exists()
    assert dispatch() == 0 and service.requests == 0
