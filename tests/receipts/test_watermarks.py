"""Watermarks only rise, and the order acknowledgements come in does not matter."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.visibility import Stay
from receipts.watermarks import Claim, Kind, Mark, Member, Tick, rises, tick

SHARED = Path(__file__).resolve().parents[1] / "shared"

marks = st.integers(0, 30).flatmap(lambda delivered: st.builds(Mark, st.just(delivered), st.integers(0, delivered)))
claims = st.lists(st.builds(Claim, st.sampled_from(Kind), st.integers(0, 50), st.integers(0, 10**6)), max_size=12)


@given(marks, st.integers(30, 40), claims)
def test_a_watermark_never_falls_and_stays_in_order(mark: Mark, head: int, given_claims: list[Claim]) -> None:
    after, risen = rises(mark, head, given_claims)
    assert after.delivered >= mark.delivered and after.seen >= mark.seen
    assert after.seen <= after.delivered <= head
    assert {rise.kind: rise.upto for rise in risen} == {
        kind: value
        for kind, old, value in (
            (Kind.DELIVERED, mark.delivered, after.delivered),
            (Kind.SEEN, mark.seen, after.seen),
        )
        if value > old
    }


@given(marks, st.integers(30, 40), claims, st.randoms())
def test_order_and_repetition_do_not_matter(mark: Mark, head: int, given_claims: list[Claim], random: object) -> None:
    shuffled = given_claims * 2
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert rises(mark, head, given_claims)[0] == rises(mark, head, shuffled)[0]


@given(marks, st.integers(30, 40), claims)
def test_applying_again_raises_nothing(mark: Mark, head: int, given_claims: list[Claim]) -> None:
    after, _ = rises(mark, head, given_claims)
    assert rises(after, head, given_claims) == (after, [])


@given(st.lists(marks, min_size=1), st.lists(marks, min_size=1))
def test_merging_is_max_whatever_the_order(left: list[Mark], right: list[Mark]) -> None:
    merged = Mark()
    for mark in left + right:
        merged = merged.merge(mark)
    backwards = Mark()
    for mark in reversed(left + right):
        backwards = backwards.merge(mark)
    assert merged == backwards


@pytest.mark.parametrize("case", json.loads((SHARED / "ticks.json").read_text()), ids=lambda case: case["name"])
def test_the_tick_is_what_all_others_have_reached(case: dict[str, Any]) -> None:
    assert tick(case["seq"], [member(other) for other in case["others"]], case["direct"]) is Tick[case["tick"].upper()]


def member(other: dict[str, Any]) -> Member:
    stays = tuple(Stay(first, last) for first, last in other.get("stays", [[1, None]]))
    lapsed = tuple((first, last) for first, last in other.get("lapsed", []))
    return Member(Mark(other["delivered"], other["seen"]), stays, lapsed)


members = st.builds(
    Member,
    marks,
    st.lists(st.builds(Stay, st.integers(1, 12), st.none() | st.integers(1, 30)), max_size=3).map(tuple),
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), max_size=2).map(tuple),
)


@given(st.integers(1, 30), st.lists(members, max_size=4), st.booleans(), marks)
def test_a_rise_never_takes_a_tick_back(seq: int, others: list[Member], direct: bool, more: Mark) -> None:
    """Nor does it make an expired entry delivered: only taking it out of the lapse does."""
    before = tick(seq, others, direct)
    after = tick(seq, [replace(other, mark=other.mark.merge(more)) for other in others], direct)
    assert (before is Tick.FAILED) == (after is Tick.FAILED)
    assert after.value >= before.value


def test_seen_above_delivered_cannot_be_said() -> None:
    with pytest.raises(ValueError):
        Mark(1, 2)
