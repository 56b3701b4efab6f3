"""Who may change an entry, and until when. Pure: facts in, a refusal or nothing out.

                     own entry                 another's
    edit             within the edit window    never
    delete for all   within the delete window  never
    delete for me    always                    always
    send anew        expired, in a 1:1         never

Where one of the two of a 1:1 has blocked the other, nothing said anew gets through by way of an old entry: an edit and
sending anew are USER_BLOCKED. Where the other one did so silently, this must not show: what they have, of before, is
TOO_LATE to be edited; what they will never have may be. What moderators remove is in chat/policy/moderation.py.

An entry one may not see, or that was deleted for all, is NOT_FOUND for everything. What was done to a group stands
as it is, for all of them: NOT_ALLOWED.
"""

from dataclasses import dataclass

from chat.protocol.errors import ErrorCode


@dataclass(frozen=True, slots=True)
class Target:
    """The entry as it stands, read under the conversation's lock. `age_ms`: by the database's clock. `is_barred`: a
    block keeps its sender from writing there. `is_kept`: who has it has blocked its sender silently since."""

    is_own: bool
    is_visible: bool
    is_deleted: bool
    age_ms: int
    is_expired: bool = False
    is_event: bool = False
    is_barred: bool = False
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Windows:
    """How long after sending, in milliseconds."""

    edit_ms: int
    delete_ms: int


def edit_refusal(target: Target | None, windows: Windows) -> ErrorCode | None:
    if _is_event(target):
        return ErrorCode.NOT_ALLOWED
    if target is None or not target.is_visible or not target.is_own or target.is_deleted:
        return ErrorCode.NOT_FOUND
    if target.is_barred:
        return ErrorCode.USER_BLOCKED
    return ErrorCode.TOO_LATE if target.is_kept or target.age_ms > windows.edit_ms else None


def delete_refusal(target: Target | None, windows: Windows) -> ErrorCode | None:
    """For all. Deleting once more is no fault."""
    if _is_event(target):
        return ErrorCode.NOT_ALLOWED
    if target is None or not target.is_visible or not target.is_own:
        return ErrorCode.NOT_FOUND
    return ErrorCode.TOO_LATE if not target.is_deleted and target.age_ms > windows.delete_ms else None


def hide_refusal(target: Target | None) -> ErrorCode | None:
    if _is_event(target):
        return ErrorCode.NOT_ALLOWED
    return None if target is not None and target.is_visible else ErrorCode.NOT_FOUND


def resend_refusal(target: Target | None) -> ErrorCode | None:
    if _is_event(target):
        return ErrorCode.NOT_ALLOWED
    if target is None or not target.is_visible or not target.is_own or target.is_deleted:
        return ErrorCode.NOT_FOUND
    if target.is_barred:
        return ErrorCode.USER_BLOCKED
    return None if target.is_expired else ErrorCode.NOT_EXPIRED


def _is_event(target: Target | None) -> bool:
    return target is not None and target.is_visible and target.is_event
