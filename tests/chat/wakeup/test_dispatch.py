"""Claimed by lease, sent outside any transaction, settled: whatever the push service or the worker does."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from chat import tasks
from chat.inbox.redelivery import sweep
from chat.log import devices
from chat.models import Conversation, Device, Membership, PushSubscription, WakeUp
from chat.policy.backoff import DEFAULT_BACKOFF
from chat.wakeup.claims import BATCH, LEASE_S, claim
from chat.wakeup.dispatch import BATCH_S, dispatch, settle
from chat.wakeup.port import Failed, Gone, Sent
from chat.wakeup.registry import SERVICES
from chat.wakeup.webpush import WebPush
from tests.cast import Cast, make_direct
from tests.chat.wakeup.conftest import Away, database_now, pass_time, subscribe
from tests.push_service import Answer, PushService
from tests.threads import at_once

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

together = pytest.mark.django_db(transaction=True)


def subscription() -> PushSubscription:
    return PushSubscription.objects.get()


def due_in_s(row: WakeUp) -> float:
    assert row.next_attempt_at is not None
    return (row.next_attempt_at - database_now()).total_seconds()


def impatient() -> WebPush:
    return WebPush(settings.VAPID_PRIVATE_KEY, "mailto:a@b.example", (), loopback=True, total=0.3)


def test_it_tells_where_and_how_far_and_not_what(away: Away, service: PushService) -> None:
    head = away.written()
    sweep()
    dispatch()
    (heard,) = service.heard
    assert heard.payload == {"t": "wake", "conv": away.conv, "title": "alice", "seq": head}
    assert "secret" not in json.dumps(heard.payload) and b"secret" not in heard.body
    assert (heard.urgency, heard.ttl, heard.sub) == ("high", 7 * 24 * 3600, "mailto:admin@localhost")
    assert away.row.sent_seq == head and away.row.next_attempt_at is None


def test_a_group_is_told_by_its_name(people: Cast, away: Away, service: PushService) -> None:
    group = Conversation.objects.create(kind="group", title="Übung 🎺" + "x" * 90)
    for person in (people.alice, people.bob):
        Membership.objects.create(conversation=group, user=person.user)
        people.bob.user.watermarks.create(conversation=group) if person is people.bob else None
    Away(str(group.id), people.alice, people.bob, away.phone, away.laptop).written()
    sweep()
    dispatch()
    assert [each["title"] for each in service.payloads(away.phone)] == [group.title]


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_is_removed(away: Away, service: PushService, status: int) -> None:
    away.written()
    sweep()
    service.answers.append(Answer(status))
    dispatch()
    assert not PushSubscription.objects.exists() and not WakeUp.objects.exists()
    away.written()
    sweep()
    assert dispatch() == 0


def test_another_subscription_registered_meanwhile_is_not_removed(away: Away, service: PushService) -> None:
    """The answer was about the former one."""
    away.written()
    sweep()
    claimed = claim()
    newer = subscribe(service, away.bob.device)
    settle([(claimed[0], Gone())])
    assert subscription().endpoint == newer.endpoint


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_obeyed_in_both_forms(away: Away, service: PushService, status: int, form: str) -> None:
    away.written()
    sweep()
    wanted = "120" if form == "seconds" else format_datetime(datetime.now(UTC) + timedelta(seconds=120), usegmt=True)
    service.answers.append(Answer(status, {"Retry-After": wanted}))
    dispatch()
    assert 110 < due_in_s(away.row) <= 121 and subscription().last_error == "busy"
    # Neither a new message nor another conversation makes it sooner.
    away.written()
    sweep()
    assert dispatch() == 0 and 110 < due_in_s(away.row) <= 121
    pass_time(125)
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [2]


def test_a_push_service_that_is_busy_is_left_alone_for_the_whole_device(
    away: Away, people: Cast, service: PushService
) -> None:
    away.written()
    sweep()
    service.answers.append(Answer(429, {"Retry-After": "60"}))
    dispatch()
    Away(make_direct(people.carol, people.bob), people.carol, people.bob, away.phone, away.laptop).written()
    sweep()
    assert dispatch() == 0 and service.requests == 1


def test_failures_back_off_and_end(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    service.answers.extend([Answer(500)] * 20)
    for attempt in range(1, DEFAULT_BACKOFF.attempts):
        dispatch()
        base = min(DEFAULT_BACKOFF.cap_ms, DEFAULT_BACKOFF.initial_ms * 2 ** (attempt - 1)) / 1000
        assert base * 0.7 <= due_in_s(away.row) + 0.001 <= base * 1.3 + 0.002 and away.row.attempts == attempt
        pass_time(100)
    dispatch()
    assert away.row.next_attempt_at is None
    assert (service.requests, subscription().failures, subscription().last_error) == (10, 10, "http-500")
    # The next message begins anew, and a success forgets.
    service.answers.clear()
    away.written()
    sweep()
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [2]
    assert (away.row.attempts, subscription().failures, subscription().last_error) == (0, 0, "")


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 413])
def test_what_would_be_refused_again_is_not_repeated(away: Away, service: PushService, status: int) -> None:
    """Nor is a redirect followed: the double would tell."""
    away.written()
    sweep()
    service.answers.append(Answer(status, {"Location": f"{service.origin}/elsewhere"}))
    dispatch()
    assert away.row.next_attempt_at is None and subscription().last_error == f"http-{status}"
    assert service.requests == 1


def test_a_push_service_that_hangs_costs_its_time_and_no_more(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    service.answers.append(Answer(hang=True))
    dispatch({"webpush": impatient})
    assert subscription().last_error == "timeout" and due_in_s(away.row) < 1
    pass_time(2)
    dispatch()
    assert len(service.payloads(away.phone)) == 1


def test_one_that_talks_without_end_is_not_listened_to(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    service.answers.append(Answer(201, body_mb=200))
    dispatch()
    assert away.row.sent_seq == 1
    end = time.monotonic() + 30
    while not service.hung_up_on:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_that_is_not_there_is_tried_again(away: Away) -> None:
    away.written()
    sweep()
    PushSubscription.objects.update(endpoint="http://127.0.0.1:1/x")
    dispatch()
    assert subscription().last_error == "connection" and away.row.next_attempt_at is not None


def test_more_found_while_it_is_being_told_is_told_afterwards(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    claimed = claim()
    away.written()
    sweep()
    assert dispatch() == 0, "it is in another worker's hands"
    settle([(each, Sent()) for each in claimed])
    assert (away.row.sent_seq, away.row.seq) == (1, 2)
    dispatch()
    assert [each["seq"] for each in service.payloads(away.phone)] == [2]


def test_a_worker_that_died_leaves_it_until_its_lease_is_over(away: Away, service: PushService) -> None:
    away.written()
    sweep()
    lost = claim()
    assert len(lost) == 1 and dispatch() == 0
    pass_time(LEASE_S)
    dispatch()
    assert len(service.payloads(away.phone)) == 1
    # It was not dead after all, only late: what it has to say is not believed.
    settle([(lost[0], Failed("late"))])
    assert away.row.next_attempt_at is None and away.row.attempts == 0


def test_a_batch_ends_within_its_lease() -> None:
    assert BATCH_S < LEASE_S


@together
def test_two_at_once_send_each_once(people: Cast, service: PushService) -> None:
    phones = []
    for number in range(12):
        device, _ = devices.register(people.bob.user, f"phone {number}")
        phones.append(subscribe(service, device))
    conv = make_direct(people.alice, people.bob)
    Away(conv, people.alice, people.bob, phones[0], Device.objects.all()[0]).written()
    sweep()

    def work() -> None:
        while dispatch(limit=2):
            pass

    at_once(work, times=3)
    assert [len(service.payloads(phone)) for phone in phones] == [1] * 12


@together
def test_a_device_revoked_in_the_middle_of_a_sweep_does_not_deadlock_with_it(away: Away) -> None:
    """The sweep has a subscription's lock and is about to raise its row."""
    away.written()
    sweep()
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    def revoke() -> None:
        try:
            devices.revoke(away.bob.device)
        finally:
            connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM chat_pushsubscription FOR KEY SHARE")
        thread = threading.Thread(target=revoke)
        thread.start()
        end = time.monotonic() + 30
        blocked = 0
        while not blocked:
            assert time.monotonic() < end
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            blocked = cursor.fetchone()[0]
        cursor.execute("UPDATE chat_wakeup SET seq = seq + 1")
    thread.join()
    assert not PushSubscription.objects.exists() and not WakeUp.objects.exists()


def test_the_task_goes_on_while_there_is_more_than_a_batch(
    away: Away, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [away.phone]
    for number in range(BATCH + 3):
        device, _ = devices.register(away.bob.user, f"phone {number}")
        phones.append(subscribe(service, device))
    away.written()
    sweep()
    monkeypatch.setattr(tasks, "WAKE_S", 60)
    tasks.wake()
    assert [len(service.payloads(phone)) for phone in phones] == [1] * len(phones)


@pytest.mark.parametrize("why", ["left", "revoked", "suspended", "came back"])
def test_what_changed_since_the_sweep_counts(away: Away, service: PushService, why: str) -> None:
    head = away.written()
    sweep()
    match why:
        case "left":
            Membership.objects.filter(user=away.bob.user).update(left_seq=head)
        case "revoked":
            # Past devices.revoke, which removes the subscription too.
            Device.objects.filter(id=away.bob.device.id).update(revoked_at=timezone.now())
        case "suspended":
            away.bob.user.is_active = False
            away.bob.user.save()
        case _:
            away.acked("delivered", head, away.bob.device)
    assert dispatch() == 0 and service.requests == 0 and not WakeUp.objects.exists()


def test_the_task_does_nothing_without_a_key(away: Away, service: PushService, settings: Settings) -> None:
    away.written()
    sweep()
    settings.VAPID_PRIVATE_KEY = ""
    tasks.wake()
    assert service.requests == 0
    settings.VAPID_PRIVATE_KEY = "KhXYaB3vAQxkJzGmqkR0HcVKrKbHTLxT1NwzqZ3YcTo"
    tasks.wake()
    assert service.requests == 1


def test_every_service_a_subscription_may_name_is_registered() -> None:
    assert set(SERVICES) == {"webpush"}
