"""Who waits for what, and who sends most."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from chat.admin.rates import RATES, top_senders
from chat.models import Device, Inbox, Membership, Message
from chat.models.ids import first_id
from tests.cast import Cast, make_direct
from tests.log import write
from tests.moderation import make_moderator

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def mo(people: Cast) -> Client:
    client = Client()
    client.force_login(make_moderator())
    return client


def listed(mo: Client, backlog: str) -> list[Device]:
    return [inbox.device for inbox in mo.get("/admin/chat/inbox/", {"backlog": backlog}).context["cl"].result_list]


def test_what_waits_since_when_and_for_which_device(mo: Client, people: Cast, conv: str) -> None:
    other = make_direct(people.bob, people.carol)
    write(conv, people.alice, 2, at=timezone.now() - timedelta(days=9))
    write(conv, people.alice, 3, at=timezone.now() - timedelta(hours=5, minutes=1))
    write(other, people.carol, 4)
    Inbox.objects.create(device=people.bob.device, conversation_id=conv, received_seq=1, horizon_seq=2, attempts=7)
    Inbox.objects.create(device=people.bob.device, conversation_id=other, received_seq=0)
    content = mo.get("/admin/chat/inbox/", {"backlog": "stuck"}).content.decode()
    assert '<td class="field-waiting">3</td>' in content and ">5\N{NO-BREAK SPACE}hours" in content
    assert '<td class="field-of_device">7</td>' in content and '<td class="field-attempts">7</td>' in content


def test_who_is_behind_is_who_may_still_take_something(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    for person, received, attempts in ((people.alice, 3, 0), (people.bob, 1, 9)):
        Inbox.objects.create(device=person.device, conversation_id=conv, received_seq=received, attempts=attempts)
    assert listed(mo, "behind") == listed(mo, "stuck") == [people.bob.device]
    assert listed(mo, "current") == [people.alice.device]
    Inbox.objects.filter(device=people.bob.device).update(attempts=0)
    assert listed(mo, "behind") == [people.bob.device] and listed(mo, "stuck") == []
    Membership.objects.filter(user=people.bob.user).update(left_seq=2)
    assert listed(mo, "behind") == []
    Membership.objects.filter(user=people.bob.user).update(left_seq=None)
    Device.objects.filter(id=people.bob.device.id).update(revoked_at=timezone.now())
    assert listed(mo, "behind") == []


def test_who_sends_most_in_the_last_hour_and_day(mo: Client, people: Cast, conv: str) -> None:
    now = timezone.now()
    write(conv, people.alice, 5, at=now - timedelta(minutes=50))
    write(make_direct(people.bob, people.carol), people.bob, 2, at=now - timedelta(minutes=5))
    write(conv, people.bob, 7, at=now - timedelta(hours=3))
    write(conv, people.alice, 20, at=now - timedelta(hours=25))
    Message.objects.filter(sender=people.alice.user, seq=1).update(event={"type": "left"})
    assert [(rate.username, rate.messages, rate.conversations) for rate in top_senders(HOUR)] == [
        ("alice", 4, 1),
        ("bob", 2, 1),
    ]
    assert [(rate.username, rate.messages, rate.conversations) for rate in top_senders(DAY)] == [
        ("bob", 9, 2),
        ("alice", 4, 1),
    ]
    for period, messages in (("day", 9), ("hour", 2), ("nonsense", 2)):
        content = mo.get("/admin/chat/message/rates/", {"period": period}).content.decode()
        assert f'sender__id__exact={people.bob.id}">{messages}</a>' in content
    assert mo.get("/admin/chat/message/", {"sender__id__exact": people.bob.id}).context["cl"].result_count == 9


def test_only_what_is_recent_is_read(people: Cast, conv: str) -> None:
    """By the primary key, since ids are in the order of time."""
    write(conv, people.alice, 3_000, at=timezone.now() - timedelta(days=30))
    write(conv, people.alice, 10)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE chat_message")
        cursor.execute(f"EXPLAIN {RATES}", [first_id(timezone.now() - HOUR), 25])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "chat_message_pkey" in plan and "Seq Scan on chat_message" not in plan, plan
