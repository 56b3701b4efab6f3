"""Moderators, and what they are asked to look at: reports made by hand."""

from typing import Any

from chat.management.moderators import make_group
from chat.models import AuditEntry, Message, Report, User
from chat.models.ids import new_id
from tests.cast import Person


def make_moderator(username: str = "mo") -> User:
    """Staff, of the group, and nothing else."""
    user = User.objects.create_user(username=username, is_staff=True)
    user.groups.add(make_group())
    return user


def report(reporter: Person | None, subject: Person, conv: str = "", seq: int | None = None, **more: Any) -> Report:
    """Of a message of `subject`, with it and what stands before it as context; or of the person."""
    context = [
        {
            "seq": entry.seq,
            "sender_id": str(entry.sender_id),
            "sender": entry.sender.username,
            "body": entry.body,
            "at": int(entry.created_at.timestamp() * 1000),
            "attachments": entry.attachments,
        }
        | ({"picture": bool(entry.event["picture"])} if entry.event and "picture" in entry.event else {})
        for entry in Message.objects.filter(conversation_id=conv or None, seq__lte=seq or 0).order_by("seq")
    ]
    values = {"reason": "abuse", "note": "please look", "context": context} | more
    return Report.objects.create(
        client_id=str(new_id()),
        reporter=reporter and reporter.user,
        subject=subject.user,
        conversation_id=conv or None,
        seq=seq,
        **values,
    )


def audited() -> list[tuple[str, str, str]]:
    """(action, who, target) of each line, oldest first."""
    return list(AuditEntry.objects.order_by("number").values_list("action", "actor_name", "target"))
