"""What expires: the old end, for those who did not take it, once; and what was taken after all is given back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.retention import Media, floor, lapsing, withheld
from chat.policy.visibility import Span, Stay, without

HEAD = 30
NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)


def numbers(spans: list[Span]) -> set[int]:
    return {seq for first, last in spans for seq in range(first, last + 1)}


@st.composite
def stays(draw: st.DrawFn) -> list[Stay]:
    """Of one person, in order and apart; the last may be open."""
    edges = sorted(draw(st.sets(st.integers(1, HEAD), max_size=6)))
    found = [Stay(first, last) for first, last in zip(edges[::2], edges[1::2], strict=False)]
    return [*found, Stay(edges[-1])] if len(edges) % 2 else found


def inside(stays: list[Stay]) -> set[int]:
    return {seq for stay in stays for seq in range(stay.first, (stay.last or HEAD) + 1)}


@given(stays(), st.integers(0, HEAD), st.integers(0, HEAD))
def test_lapsed_and_taken_cover_what_is_old_and_nothing_newer(stays: list[Stay], reached: int, upto: int) -> None:
    spans = lapsing(stays, reached, upto)
    assert numbers(spans) == {seq for seq in inside(stays) if reached < seq <= upto}
    assert spans == sorted(spans)
    assert sum(last - first + 1 for first, last in spans) == len(numbers(spans))


@given(stays(), st.integers(0, HEAD), st.lists(st.integers(0, HEAD)))
def test_nothing_lapses_twice_however_often_it_is_asked(stays: list[Stay], delivered: int, limits: list[int]) -> None:
    seen: list[int] = []
    reached = delivered
    for upto in limits:
        spans = lapsing(stays, reached, upto)
        seen += numbers(spans)
        reached = max([reached, *(last for _, last in spans)])
    assert len(seen) == len(set(seen))
    assert set(seen) == {seq for seq in inside(stays) if delivered < seq <= max(limits, default=0)}


@given(stays(), st.integers(0, HEAD), st.lists(st.tuples(st.integers(1, HEAD), st.integers(1, HEAD)), max_size=5))
def test_what_is_taken_after_all_is_no_longer_lapsed(stays: list[Stay], upto: int, taken: list[Span]) -> None:
    spans = lapsing(stays, 0, upto)
    left = spans
    for first, last in taken:
        left = without(left, first, last)
    assert numbers(left) == numbers(spans) - numbers(taken)
    assert all(first <= last for first, last in left) and left == sorted(left)


@pytest.mark.parametrize(
    ("first", "last", "left"),
    [
        (1, 2, [(3, 9)]),
        (1, 3, [(4, 9)]),
        (3, 9, []),
        (1, 20, []),
        (5, 6, [(3, 4), (7, 9)]),
        (9, 12, [(3, 8)]),
        (10, 12, [(3, 9)]),
        (6, 5, [(3, 9)]),
    ],
)
def test_a_lapse_shrinks_at_its_ends_and_splits_in_its_middle(first: int, last: int, left: list[Span]) -> None:
    assert without([(3, 9)], first, last) == left


media = st.lists(
    st.builds(
        lambda conv, seq, size: Media(conv, seq, NOON + timedelta(seconds=seq), size),
        st.sampled_from("ab"),
        st.integers(1, 20),
        st.integers(0, 60),
    ),
    max_size=15,
)


def is_kept(item: Media, horizons: dict[str, int]) -> bool:
    return item.seq > horizons.get(item.conv, 0)


@given(media, st.integers(0, 200))
def test_what_is_kept_fits_and_is_the_newest(items: list[Media], most: int) -> None:
    horizons = withheld(items, most)
    kept = [item for item in items if is_kept(item, horizons)]
    gone = [item for item in items if not is_kept(item, horizons)]
    assert sum(item.size for item in kept) <= most
    assert all(item.at >= old.at for item in kept for old in gone)
    assert set(horizons) == {item.conv for item in gone}


@given(media, st.integers(0, 200))
def test_no_more_is_withheld_than_must_be(items: list[Media], most: int) -> None:
    horizons = withheld(items, most)
    gone = [item for item in items if not is_kept(item, horizons)]
    if gone:
        newest = max(gone, key=lambda item: item.at)
        same = sum(item.size for item in items if item.at >= newest.at)
        assert same > most


@given(media, media, st.integers(0, 200))
def test_a_media_horizon_only_rises_with_what_comes(old: list[Media], new: list[Media], most: int) -> None:
    later = [Media(item.conv, item.seq + 20, item.at + timedelta(minutes=1), item.size) for item in new]
    before, after = withheld(old, most), withheld(old + later, most)
    assert all(after.get(conv, 0) >= seq for conv, seq in before.items())


@pytest.mark.parametrize(
    ("present", "ages", "expected"),
    [
        (0, [], 0),
        (0, [9, 8, 7], 3),
        (4, [9, 8, 2, 1], 6),
        (0, [1, 9, 9], 0),
        (0, [9, 1, 9], 1),
        (0, [5], 0),
    ],
)
def test_a_log_is_removed_up_to_the_first_entry_that_is_young(present: int, ages: list[int], expected: int) -> None:
    entries = [(present + n, NOON - timedelta(days=days)) for n, days in enumerate(ages, 1)]
    assert floor(present, entries, NOON - timedelta(days=5)) == expected


def test_a_hole_ends_the_run() -> None:
    """There are none; if there were, removing across one would hide it."""
    entries = [(1, NOON), (3, NOON)]
    assert floor(0, entries, NOON + timedelta(days=1)) == 1


def test_a_stay_begins_somewhere() -> None:
    with pytest.raises(ValueError, match="not a stay"):
        Stay(0)
