"""What moderators do: each act with its line in the audit log and the state of the report it answers, in one
transaction. All are safe to repeat.

Locks are taken in this order: the conversation, the person, the report, the audit log. Web processes hear of it as of
any deletion or revocation, by the change table, within a second; so do devices that are away, by `rev`. Nobody is told
which moderator it was, nor that it was one: a message that was removed is one that was deleted.

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
from chat.log.locking import LOCK_TIMEOUT
from chat.log.refusal import Refusal
from chat.log.revise import DELETE, DROP_FILES, LOCK, NEXT_REV, NOTE
from chat.models import Report, User
from chat.policy import moderation as rules
from chat.policy.moderation import Standing
from chat.protocol.errors import ErrorCode

ENTRY = """
SELECT sender_id, deleted_at IS NOT NULL, event IS NOT NULL, attachments > 0
FROM chat_message WHERE conversation_id = %s AND seq = %s
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


def _locked(user: UUID) -> User:
    return User.objects.select_for_update(no_key=True).get(id=user)


def _standing(user: User) -> Standing:
    return Standing(user.is_staff, user.is_superuser)


def _unless(code: ErrorCode | None) -> None:
    if code is not None:
        raise Refusal(code)
