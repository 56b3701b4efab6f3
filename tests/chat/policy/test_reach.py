"""Whom somebody may write to for the first time: the whole table."""

from itertools import product

import pytest

from chat.policy.reach import Writers, may_reach

SETTINGS: tuple[Writers, ...] = ("everyone", "acquainted", "nobody")


@pytest.mark.parametrize(("writers", "talked", "acquainted"), list(product(SETTINGS, [True, False], [True, False])))
def test_a_block_outweighs_everything(writers: Writers, talked: bool, acquainted: bool) -> None:
    assert not may_reach(writers, has_blocked=True, have_talked=talked, are_acquainted=acquainted)


@pytest.mark.parametrize(
    ("writers", "stranger", "acquainted"),
    [("everyone", True, True), ("acquainted", False, True), ("nobody", False, False)],
)
def test_who_may_begin(writers: Writers, stranger: bool, acquainted: bool) -> None:
    assert may_reach(writers, False, have_talked=False, are_acquainted=False) is stranger
    assert may_reach(writers, False, have_talked=False, are_acquainted=True) is acquainted


@pytest.mark.parametrize("writers", SETTINGS)
def test_who_has_talked_goes_on(writers: Writers) -> None:
    assert may_reach(writers, has_blocked=False, have_talked=True, are_acquainted=False)
