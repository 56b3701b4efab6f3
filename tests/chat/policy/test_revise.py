"""Who may change an entry, and until when: the whole truth table."""

from itertools import product

import pytest

from chat.policy.revise import Target, Windows, delete_refusal, edit_refusal, hide_refusal, resend_refusal
from chat.protocol.errors import ErrorCode

WINDOWS = Windows(edit_ms=15 * 60_000, delete_ms=48 * 3_600_000)
NOT_FOUND, TOO_LATE, NOT_EXPIRED = ErrorCode.NOT_FOUND, ErrorCode.TOO_LATE, ErrorCode.NOT_EXPIRED
NOW, AN_HOUR, A_WEEK = 0, 3_600_000, 7 * 24 * 3_600_000


@pytest.mark.parametrize(
    ("is_own", "is_deleted", "age_ms", "edit", "delete", "hide", "resend"),
    [
        (True, False, NOW, None, None, None, NOT_EXPIRED),
        (True, False, AN_HOUR, TOO_LATE, None, None, NOT_EXPIRED),
        (True, False, A_WEEK, TOO_LATE, TOO_LATE, None, NOT_EXPIRED),
        (True, True, NOW, NOT_FOUND, None, None, NOT_FOUND),
        (True, True, A_WEEK, NOT_FOUND, None, None, NOT_FOUND),
        (False, False, NOW, NOT_FOUND, NOT_FOUND, None, NOT_FOUND),
        (False, False, A_WEEK, NOT_FOUND, NOT_FOUND, None, NOT_FOUND),
        (False, True, NOW, NOT_FOUND, NOT_FOUND, None, NOT_FOUND),
    ],
)
def test_who_may_do_what(
    is_own: bool,
    is_deleted: bool,
    age_ms: int,
    edit: ErrorCode | None,
    delete: ErrorCode | None,
    hide: ErrorCode | None,
    resend: ErrorCode | None,
) -> None:
    target = Target(is_own=is_own, is_visible=True, is_deleted=is_deleted, age_ms=age_ms)
    told = edit_refusal(target, WINDOWS), delete_refusal(target, WINDOWS), hide_refusal(target), resend_refusal(target)
    assert told == (edit, delete, hide, resend)


@pytest.mark.parametrize("window", ["edit", "delete"])
def test_a_window_is_open_to_its_last_millisecond(window: str) -> None:
    refusal, ends = {"edit": (edit_refusal, WINDOWS.edit_ms), "delete": (delete_refusal, WINDOWS.delete_ms)}[window]
    ages = (ends, ends + 1)
    targets = [Target(is_own=True, is_visible=True, is_deleted=False, age_ms=age) for age in ages]
    assert [refusal(target, WINDOWS) for target in targets] == [None, TOO_LATE]


def test_what_expired_may_be_sent_anew_by_its_sender_alone() -> None:
    for is_own, is_deleted in product((True, False), repeat=2):
        target = Target(is_own, is_visible=True, is_deleted=is_deleted, age_ms=A_WEEK, is_expired=True)
        assert resend_refusal(target) == (None if is_own and not is_deleted else NOT_FOUND)


def test_what_one_may_not_see_is_not_there_for_anything() -> None:
    unseen = [
        Target(is_own, is_visible=False, is_deleted=is_deleted, age_ms=age_ms, is_expired=is_expired)
        for is_own, is_deleted, is_expired in product((True, False), repeat=3)
        for age_ms in (NOW, A_WEEK)
    ]
    for target in [None, *unseen]:
        told = {edit_refusal(target, WINDOWS), delete_refusal(target, WINDOWS)}
        assert told | {hide_refusal(target), resend_refusal(target)} == {NOT_FOUND}


def test_what_who_blocks_silently_has_is_as_if_its_time_were_over() -> None:
    """It would reach them; all else goes on as if there were no block."""
    kept = Target(is_own=True, is_visible=True, is_deleted=False, age_ms=0, is_expired=True, is_kept=True)
    assert edit_refusal(kept, WINDOWS) is ErrorCode.TOO_LATE
    assert delete_refusal(kept, WINDOWS) is resend_refusal(kept) is None


@pytest.mark.parametrize("is_own", [True, False])
def test_nothing_said_anew_gets_past_a_block(is_own: bool) -> None:
    """But a deletion does."""
    target = Target(is_own, is_visible=True, is_deleted=False, age_ms=0, is_expired=True, is_barred=True)
    wanted = ErrorCode.USER_BLOCKED if is_own else ErrorCode.NOT_FOUND
    assert edit_refusal(target, WINDOWS) == resend_refusal(target) == wanted
    assert delete_refusal(target, WINDOWS) == (None if is_own else ErrorCode.NOT_FOUND)
    assert hide_refusal(target) is None
