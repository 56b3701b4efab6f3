"""What a person may read, against the plainest model there is: one seq after another."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.visibility import WAITING, Readable, Span, Stay, absences, pairs, readable, told
from chat.protocol.frames import Why

HEAD = 30
SEQS = range(1, HEAD + 8)


@st.composite
def stays(draw: st.DrawFn) -> tuple[Stay, ...]:
    """One after another, as joining and leaving makes them; some last for no entry at all."""
    edges = sorted(draw(st.lists(st.integers(1, HEAD), min_size=1, max_size=7)))
    firsts, lasts = edges[::2], edges[1::2]
    found = [Stay(first, last) for first, last in zip(firsts, lasts, strict=False)]
    if draw(st.booleans()):
        # Left before anything was written: `last` below `first`.
        found.append(Stay(HEAD, HEAD - 1))
    open_stays = [Stay(draw(st.integers(edges[-1] + 1, HEAD + 1)))] if draw(st.booleans()) else []
    return tuple(draw(st.permutations(found))) + tuple(open_stays)


spans = st.tuples(st.integers(1, HEAD), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
lapses = st.lists(spans, max_size=4)
floors = st.integers(0, HEAD)


def is_own(seq: int, own: Sequence[Stay]) -> bool:
    return any(stay.first <= seq and (stay.last is None or seq <= stay.last) for stay in own)


def is_gone(seq: int, lapsed: Sequence[Span], floor: int) -> bool:
    return seq <= floor or any(first <= seq <= last for first, last in lapsed)


def reason(seq: int, own: Sequence[Stay], lapsed: Sequence[Span], floor: int) -> Why:
    if not is_own(seq, own):
        return "no_access"
    return "expired" if is_gone(seq, lapsed, floor) else "deleted"


def test_a_stay_that_ended_before_the_first_entry_opens_nothing() -> None:
    assert readable([Stay(1, 0), Stay(5)]) == Readable(5)


@given(stays(), lapses, floors)
def test_readable_is_what_is_of_a_stay_and_has_not_expired(own: Sequence[Stay], lapsed: list[Span], floor: int) -> None:
    may = readable(own, lapsed, floor)
    if not any(stay.last is None for stay in own):
        assert may is None
        return
    assert may is not None
    allowed = [seq for seq in SEQS if is_own(seq, own) and not is_gone(seq, lapsed, floor)]
    assert [seq for seq in SEQS if may.allows(seq)] == allowed
    beyond = HEAD + 1_000_000
    assert may.allows(beyond) and may.start == min([*allowed, may.open_from])
    for seq in SEQS:
        assert may.next(seq) == next((each for each in allowed if each >= seq), max(seq, may.open_from))
        for last in SEQS:
            assert may.meets(Stay(seq, last)) == any(seq <= each <= last for each in allowed)
        assert may.meets(Stay(seq))


@given(stays(), lapses, floors, st.integers(0, HEAD))
def test_the_newest_is_the_last_that_is_allowed(own: Sequence[Stay], lapsed: list[Span], floor: int, head: int) -> None:
    closed = [stay for stay in own if stay.last is not None and stay.last <= head]
    for open_stay in (Stay(head + 1), Stay(WAITING)):
        may = readable([*closed, open_stay], lapsed, floor)
        assert may is not None
        assert may.newest(head) == max((seq for seq in range(1, head + 1) if may.allows(seq)), default=0)


@given(stays())
def test_who_waits_is_told_of_as_if_they_had_not_left(own: Sequence[Stay]) -> None:
    closed = [stay for stay in own if stay.last is not None]
    before = max(closed, key=lambda stay: (stay.first, stay.last), default=None)
    if before is None:
        return
    as_if = [*(stay for stay in closed if stay is not before), Stay(before.first)]
    assert pairs(told([*closed, Stay(WAITING)])) == pairs(as_if)
    assert pairs(told(own)) == pairs(own), "of nobody else anything is made up"


@given(stays(), lapses, floors)
def test_earlier_spans_ascend_and_do_not_touch_the_open_one(
    own: Sequence[Stay], lapsed: list[Span], floor: int
) -> None:
    may = readable(own, lapsed, floor)
    if may is not None:
        ends = [edge for span in may.earlier for edge in span]
        assert ends == sorted(ends) and all(edge < may.open_from for edge in ends)


@given(stays(), lapses, floors, st.integers(1, HEAD), st.integers(0, HEAD + 5), st.sets(st.integers(1, HEAD)))
def test_each_seq_of_a_range_is_an_entry_or_in_one_absence_that_says_why(
    own: tuple[Stay, ...], lapsed: list[Span], floor: int, first: int, last: int, shown: set[int]
) -> None:
    found = absences(first, last, shown, own, lapsed, floor)
    told = [(seq, each["why"]) for each in found for seq in range(each["from"], each["to"] + 1)]
    missing = [seq for seq in range(first, last + 1) if seq not in shown]
    assert told == [(seq, reason(seq, own, lapsed, floor)) for seq in missing]
    for one, other in pairwise(found):
        assert one["to"] + 1 < other["from"] or one["why"] != other["why"], "neighbours of a kind stand together"


def test_the_work_is_that_of_the_spans_however_long_the_range() -> None:
    found = absences(1, 10**15, [5], [Stay(1, 10), Stay(10**12)], [(10**13, 10**14)], 2)
    assert [(each["from"], each["to"], each["why"]) for each in found] == [
        (1, 2, "expired"),
        (3, 4, "deleted"),
        (6, 10, "deleted"),
        (11, 10**12 - 1, "no_access"),
        (10**12, 10**13 - 1, "deleted"),
        (10**13, 10**14, "expired"),
        (10**14 + 1, 10**15, "deleted"),
    ]


@pytest.mark.parametrize(
    ("own", "lapsed", "floor", "expected"),
    [
        ([Stay(1)], [], 0, Readable(1)),
        ([Stay(1)], [], 9, Readable(10)),
        ([Stay(1)], [(1, 5)], 0, Readable(6)),
        ([Stay(1)], [(4, 5)], 0, Readable(6, ((1, 3),))),
        ([Stay(1)], [(4, 5), (7, 9)], 0, Readable(10, ((1, 3), (6, 6)))),
        ([Stay(1, 3), Stay(8)], [], 0, Readable(8, ((1, 3),))),
        ([Stay(1, 3), Stay(8)], [], 5, Readable(8)),
        ([Stay(1, 3), Stay(8)], [(2, 9)], 0, Readable(10, ((1, 1),))),
        ([Stay(1, 3), Stay(4)], [], 0, Readable(4, ((1, 3),))),
        ([Stay(5, 4), Stay(8)], [], 0, Readable(8)),
        ([Stay(1, 3)], [], 0, None),
        ([], [], 0, None),
    ],
)
def test_readable_by_example(own: list[Stay], lapsed: list[Span], floor: int, expected: Readable | None) -> None:
    assert readable(own, lapsed, floor) == expected
