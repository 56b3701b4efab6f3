"""What a moderator may do to whom. Pure: facts in, a refusal or nothing out.

                        anybody    staff, superusers    oneself
a moderator             yes        no                   no
a superuser             yes        yes                  all but suspending
"""

from dataclasses import dataclass

from chat.protocol.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Standing:
    is_staff: bool
    is_superuser: bool


def act_refusal(moderator: Standing, subject: Standing) -> ErrorCode | None:
    """Removing what they wrote, or the picture they gave a group; judging a report of them, suspending or restoring
    them."""
    if moderator.is_superuser:
        return None
    return ErrorCode.NOT_ALLOWED if subject.is_staff or subject.is_superuser else None


def suspend_refusal(moderator: Standing, subject: Standing, is_self: bool) -> ErrorCode | None:
    return ErrorCode.NOT_ALLOWED if is_self else act_refusal(moderator, subject)


def restore_refusal(moderator: Standing, subject: Standing, is_deleted: bool) -> ErrorCode | None:
    """An account that was deleted has nothing left to come back to."""
    return ErrorCode.NOT_FOUND if is_deleted else act_refusal(moderator, subject)


def remove_refusal(is_there: bool, is_event: bool) -> ErrorCode | None:
    """Of an entry, beside act_refusal of its sender: what was done to a group stands as it is."""
    if not is_there:
        return ErrorCode.NOT_FOUND
    return ErrorCode.NOT_ALLOWED if is_event else None
