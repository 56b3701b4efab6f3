"""What moderators do: each act with its line in the audit log and the state of the report it answers, in one
transaction. All are safe to repeat.

Locks are taken in this order: the conversation, the person, the report, the audit log. Web processes hear of it as of
any deletion or revocation, by the change table, within a second; so do devices that are away, by `rev` and
`members_rev`. Nobody is told which moderator it was, nor that it was one: a message that was removed is one that was
deleted. Of a picture that was removed no entry tells: an entry says who did it.

Who may be a moderator at all is asked before (chat/admin); whom they may act on is decided here.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from chat.log import audit, devices
from chat.log.audit import Act
from chat.log.groups import NO_PICTURE
from chat.log.locking import LOCK_TIMEOUT
from chat.log.refusal import Refusal
from chat.log.revise import DELETE, DROP_FILES, LOCK, NEXT_REV, NOTE
from chat.models import Change, Conversation, Report, User
from chat.policy import moderation as rules
from chat.policy.moderation import Standing
from chat.protocol.errors import ErrorCode

ENTRY = """
SELECT sender_id, deleted_at IS NOT NULL, event IS NOT NULL, attachments > 0
FROM chat_message WHERE conversation_id = %s AND seq = %s
"""
PICTURE = """
SELECT a.id, a.owner_id, a.seq FROM chat_conversation c LEFT JOIN chat_attachment a ON a.id = c.picture WHERE c.id = %s
"""
NOTHING: tuple[Any, ...] = (None, False, False, False)


@dataclass(frozen=True, slots=True)
class Case:
    """By whom, why, and which report it answers, if one."""

    moderator: User
    reason: str = ""
    report: UUID | None = None


@transaction.atomic
def remove_message(case: Case, conv: UUID, seq: int) -> bool:
    """For everyone. False: it was gone already, and the report was settled. Raises Refusal: NOT_FOUND, NOT_ALLOWED;
    django.db.OperationalError when somebody holds the conversation."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_TIMEOUT)
        cursor.execute(LOCK, [conv])
        cursor.execute(ENTRY, [conv, seq])
        sender, is_deleted, is_event, has_files = cursor.fetchone() or NOTHING
        _unless(rules.remove_refusal(sender is not None, is_event))
        _unless(rules.act_refusal(_standing(case.moderator), _standing(User.objects.get(id=sender))))
        if not is_deleted:
            cursor.execute(NEXT_REV, [conv])
            [rev] = cursor.fetchone()
            cursor.execute(NOTE, ["revised", conv, rev])
            cursor.execute(DELETE, [rev, None, conv, seq])
            if has_files:
                cursor.execute(DROP_FILES, [conv, seq])
    details = {"conversation": str(conv), "seq": seq, "sender": str(sender)}
    return _conclude(case, not is_deleted, "message.remove", "message", f"{conv}/{seq}", details)


@transaction.atomic
def remove_picture(case: Case, conv: UUID, seq: int | None = None) -> bool:
    """Of a group. `seq`: the one that came with that entry, no other. False: it was gone already, and the report was
    settled. Raises Refusal: NOT_FOUND, NOT_ALLOWED; django.db.OperationalError when somebody holds the conversation."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_TIMEOUT)
        cursor.execute(LOCK, [conv])
        cursor.execute(PICTURE, [conv])
        found = cursor.fetchone()
        if found is None:
            raise Refusal(ErrorCode.NOT_FOUND)
        picture, owner, came_with = found
        is_shown = picture is not None and seq in (None, came_with)
        if subject := owner if is_shown else _reported(case):
            _unless(rules.act_refusal(_standing(case.moderator), _standing(User.objects.get(id=subject))))
        if is_shown:
            cursor.execute(NO_PICTURE, [picture, conv])
            Conversation.objects.filter(id=conv).update(members_rev=F("members_rev") + 1)
            Change.objects.create(kind=Change.Kind.MEMBERS, conversations=[conv], users=[], at=timezone.now())
    details = {"picture": str(picture), "owner": str(owner)} if is_shown else {}
    return _conclude(case, is_shown, "conversation.remove_picture", "conversation", str(conv), details)


@transaction.atomic
def suspend(case: Case, user: UUID) -> bool:
    """They can do nothing any more: sessions, tokens and sockets end, and nothing wakes their devices. False: it was so
    already. Raises Refusal: NOT_ALLOWED."""
    subject = _locked(user)
    _unless(rules.suspend_refusal(_standing(case.moderator), _standing(subject), subject.id == case.moderator.id))
    fresh = bool(
        User.objects.filter(id=user, is_active=True).update(is_active=False, password_rev=F("password_rev") + 1)
    )
    if fresh:
        devices.end_sessions(subject)
    return _conclude(case, fresh, "user.suspend", "user", str(user))


@transaction.atomic
def restore(case: Case, user: UUID) -> bool:
    """They may sign in again; what had ended stays so. False: nothing kept them from it. Raises Refusal: NOT_FOUND (a
    deleted account), NOT_ALLOWED."""
    subject = _locked(user)
    is_deleted = subject.deleted_at is not None
    _unless(rules.restore_refusal(_standing(case.moderator), _standing(subject), is_deleted))
    fresh = bool(User.objects.filter(id=user, is_active=False).update(is_active=True))
    return _conclude(case, fresh, "user.restore", "user", str(user), settles=False)


@transaction.atomic
def dismiss(case: Case) -> bool:
    """Nothing is to be done about the case's report. False: it is not open any more. Raises Refusal: NOT_FOUND,
    NOT_ALLOWED."""
    reports = Report.objects.select_related("subject")
    report = reports.filter(id=case.report).first() if case.report else None
    if report is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    _unless(rules.act_refusal(_standing(case.moderator), _standing(report.subject)))
    done = Report.objects.filter(id=report.id, state=Report.State.OPEN).update(
        state=Report.State.DISMISSED, handler=case.moderator, handled_at=timezone.now()
    )
    if done:
        audit.append(case.moderator, Act("report.dismiss", "report", str(report.id), case.reason))
    return bool(done)


def _conclude(
    case: Case,
    fresh: bool,
    action: str,
    kind: str,
    target: str,
    details: dict[str, Any] | None = None,
    settles: bool = True,
) -> bool:
    """`settles`: the report it answers is acted upon then."""
    settled = 0
    if case.report and settles:
        settled = (
            Report.objects.filter(id=case.report)
            .exclude(state=Report.State.ACTED)
            .update(state=Report.State.ACTED, handler=case.moderator, handled_at=timezone.now())
        )
    if fresh or settled:
        noted = dict(details or {})
        if case.report:
            noted["report"] = str(case.report)
        if not fresh:
            noted["already"] = True
        audit.append(case.moderator, Act(action, kind, target, case.reason, noted))
    return fresh


def _reported(case: Case) -> UUID | None:
    """Whom the report is about that the case answers."""
    if case.report is None:
        return None
    return Report.objects.filter(id=case.report).values_list("subject_id", flat=True).first()


def _locked(user: UUID) -> User:
    return User.objects.select_for_update(no_key=True).get(id=user)


def _standing(user: User) -> Standing:
    return Standing(user.is_staff, user.is_superuser)


def _unless(code: ErrorCode | None) -> None:
    if code is not None:
        raise Refusal(code)
