"""Whom a moderator may act on: the table of chat/policy/moderation.py."""

import pytest

from chat.policy.moderation import Standing, act_refusal, remove_refusal, restore_refusal, suspend_refusal
from chat.protocol.errors import ErrorCode

ANYBODY, STAFF, SUPER = Standing(False, False), Standing(True, False), Standing(True, True)
ODD = Standing(False, True)


@pytest.mark.parametrize(
    ("moderator", "subject", "may"),
    [
        (STAFF, ANYBODY, True),
        (STAFF, STAFF, False),
        (STAFF, SUPER, False),
        (STAFF, ODD, False),
        (SUPER, ANYBODY, True),
        (SUPER, STAFF, True),
        (SUPER, SUPER, True),
    ],
)
def test_moderators_leave_colleagues_and_superusers_alone(moderator: Standing, subject: Standing, may: bool) -> None:
    expected = None if may else ErrorCode.NOT_ALLOWED
    assert act_refusal(moderator, subject) == expected
    assert suspend_refusal(moderator, subject, is_self=False) == expected
    assert restore_refusal(moderator, subject, is_deleted=False) == expected


def test_nobody_locks_themselves_out_and_no_deleted_account_comes_back() -> None:
    assert suspend_refusal(SUPER, SUPER, is_self=True) == ErrorCode.NOT_ALLOWED
    assert restore_refusal(SUPER, ANYBODY, is_deleted=True) == ErrorCode.NOT_FOUND


def test_what_is_no_message_is_not_removed() -> None:
    assert remove_refusal(is_there=True, is_event=False) is None
    assert remove_refusal(is_there=True, is_event=True) == ErrorCode.NOT_ALLOWED
    assert remove_refusal(is_there=False, is_event=False) == ErrorCode.NOT_FOUND
