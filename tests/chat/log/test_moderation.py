"""What moderators do, on a real PostgreSQL: with its line in the audit log and its report settled, or not at all."""

from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from chat.log import audit, moderation
from chat.log.moderation import Case
from chat.log.refusal import Refusal
from chat.models import Attachment, AuditEntry, Change, Conversation, Device, Message, PushSubscription, Report, User
from chat.models.ids import new_id
from chat.protocol.errors import ErrorCode
from tests.cast import Cast, make_person
from tests.log import attach, write
from tests.moderation import audited, make_moderator, report
from tests.threads import at_once

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mo(people: Cast) -> User:
    return make_moderator()


def code(do: Any, *args: Any) -> ErrorCode | None:
    try:
        do(*args)
    except Refusal as refusal:
        return refusal.code
    return None


def test_removing_leaves_a_tombstone_like_any_other(people: Cast, conv: str, mo: User) -> None:
    """By rev, with a change row for every process; files are dropped; nothing says by whom."""
    file = attach(conv, write(conv, people.bob, 3, "vile"), 3)
    told = report(people.alice, people.bob, conv, 3)
    assert moderation.remove_message(Case(mo, "threat", told.id), told.conversation_id, 3)  # type: ignore[arg-type]
    entry = Message.objects.get(conversation_id=conv, seq=3)
    assert (entry.body, entry.rev, entry.attachments, entry.sender_id) == ("", 1, 0, people.bob.user.id)
    assert entry.deleted_at is not None
    assert Attachment.objects.get(id=file.id).state == "dropped"
    change = Change.objects.get(kind="revised")
    assert ([str(each) for each in change.conversations], change.heads, change.users) == ([conv], [1], [])
    told.refresh_from_db()
    assert (told.state, told.handler, told.handled_at is not None) == ("acted", mo, True)
    line = AuditEntry.objects.get()
    assert (line.action, line.target, line.reason) == ("message.remove", f"{conv}/3", "threat")
    assert line.details["report"] == str(told.id) and "vile" not in str(line.details)


def test_removing_again_changes_nothing_but_an_open_report(people: Cast, conv: str, mo: User) -> None:
    write(conv, people.bob, 1, "vile")
    target = Conversation.objects.get().id
    assert moderation.remove_message(Case(mo, "x"), target, 1)
    assert not moderation.remove_message(Case(mo, "x"), target, 1)
    assert len(audited()) == 1 and Conversation.objects.get().last_rev == 1
    told = report(people.alice, people.bob, conv, 1)
    assert not moderation.remove_message(Case(mo, "x", told.id), target, 1)
    assert Report.objects.get().state == "acted" and AuditEntry.objects.get(number=2).details["already"] is True


def test_what_is_not_there_is_an_event_or_a_colleagues_is_left(people: Cast, conv: str, mo: User) -> None:
    write(conv, people.bob, 2)
    Message.objects.filter(seq=2).update(event={"type": "left"}, body="")
    target = Conversation.objects.get().id
    assert code(moderation.remove_message, Case(mo), target, 9) == ErrorCode.NOT_FOUND
    assert code(moderation.remove_message, Case(mo), new_id(), 1) == ErrorCode.NOT_FOUND
    assert code(moderation.remove_message, Case(mo), target, 2) == ErrorCode.NOT_ALLOWED
    User.objects.filter(id=people.bob.user.id).update(is_staff=True)
    assert code(moderation.remove_message, Case(mo), target, 1) == ErrorCode.NOT_ALLOWED
    assert audited() == [] and not Change.objects.filter(kind="revised").exists()


def test_two_moderators_at_once_remove_once(people: Cast, conv: str, mo: User) -> None:
    write(conv, people.bob, 1)
    target = Conversation.objects.get().id
    assert sorted(at_once(lambda: moderation.remove_message(Case(mo), target, 1))) == [False, True]
    assert len(audited()) == 1 and audit.check().number == 1


def test_suspending_ends_all_they_have_open(people: Cast, mo: User) -> None:
    bob = people.bob
    PushSubscription.objects.create(device=bob.device, endpoint="https://push.example/x", p256dh="k", auth="a")
    before = bob.user.get_session_auth_hash()
    told = report(people.alice, bob)
    assert moderation.suspend(Case(mo, "spam", told.id), bob.user.id)
    now = User.objects.get(id=bob.user.id)
    assert not now.is_active and now.get_session_auth_hash() != before
    bob.device.refresh_from_db()
    assert (bob.device.access_rev, bob.device.revoked_at) == (1, None)
    assert not PushSubscription.objects.exists()
    assert Change.objects.get(kind="revoked").users == [bob.user.id]
    assert not moderation.suspend(Case(mo, "spam"), bob.user.id)
    assert audited() == [("user.suspend", "mo", bob.id)]
    # Back, with what ended still ended.
    assert moderation.restore(Case(mo), bob.user.id) and not moderation.restore(Case(mo), bob.user.id)
    assert User.objects.get(id=bob.user.id).is_active
    bob.device.refresh_from_db()
    assert bob.device.access_rev == 1
    assert [line[0] for line in audited()] == ["user.suspend", "user.restore"]


def test_whom_a_moderator_may_not_act_on(people: Cast, mo: User) -> None:
    colleague, boss = make_moderator("other"), User.objects.create_superuser("boss")
    for subject in (mo, colleague, boss):
        assert code(moderation.suspend, Case(mo), subject.id) == ErrorCode.NOT_ALLOWED
        assert code(moderation.restore, Case(mo), subject.id) == ErrorCode.NOT_ALLOWED
    assert code(moderation.suspend, Case(boss), boss.id) == ErrorCode.NOT_ALLOWED
    assert moderation.suspend(Case(boss), mo.id)
    gone = make_person("gone").user
    User.objects.filter(id=gone.id).update(deleted_at=timezone.now(), is_active=False)
    assert code(moderation.restore, Case(boss), gone.id) == ErrorCode.NOT_FOUND
    assert [line[0] for line in audited()] == ["user.suspend"]


def test_a_report_is_dismissed_once(people: Cast, mo: User) -> None:
    told = report(people.alice, people.bob)
    assert sorted(at_once(lambda: moderation.dismiss(Case(mo, "nothing", told.id)))) == [False, True]
    assert audited() == [("report.dismiss", "mo", str(told.id))]
    User.objects.filter(id=people.bob.user.id).update(is_staff=True)
    about_staff = report(people.alice, people.bob)
    assert code(moderation.dismiss, Case(mo, "", about_staff.id)) == ErrorCode.NOT_ALLOWED
    # Who has acted since is the one who handled it.
    boss = User.objects.create_superuser("boss")
    moderation.suspend(Case(boss, "after all", told.id), people.bob.user.id)
    told.refresh_from_db()
    assert (told.state, told.handler) == ("acted", boss)


def test_without_its_line_nothing_is_done(people: Cast, conv: str, mo: User) -> None:
    write(conv, people.bob, 1, "vile")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE chat_auditentry ADD CONSTRAINT shut CHECK (false)")
    try:
        for do, args in (
            (moderation.remove_message, (Conversation.objects.get().id, 1)),
            (moderation.suspend, (people.bob.user.id,)),
        ):
            with pytest.raises(Exception, match="shut"):
                do(Case(mo), *args)  # type: ignore[operator]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE chat_auditentry DROP CONSTRAINT shut")
    assert Message.objects.get().body == "vile" and User.objects.get(id=people.bob.user.id).is_active
    assert not Change.objects.exists() and Device.objects.get(id=people.bob.device.id).access_rev == 0


def test_a_conversation_that_is_held_is_not_waited_for_long(people: Cast, conv: str, mo: User, dsn: str) -> None:
    write(conv, people.bob, 1)
    with psycopg.connect(dsn) as other:
        other.execute("SELECT FROM chat_conversation FOR UPDATE")
        with pytest.raises(OperationalError):
            moderation.remove_message(Case(mo), Conversation.objects.get().id, 1)
    assert audited() == []
