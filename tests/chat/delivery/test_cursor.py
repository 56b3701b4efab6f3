"""One socket's place in one conversation: what is on its way is what was pushed and is not stored, whatever happens."""

from hypothesis import given
from hypothesis import strategies as st

from chat.delivery.cursor import REV_WINDOW, Cursor
from chat.policy.visibility import Readable

seqs = st.integers(1, 40)
moves = st.one_of(
    st.tuples(st.just("push"), seqs),
    st.tuples(st.just("store"), seqs),
    st.tuples(st.just("store one"), seqs),
    st.tuples(st.just("rewind"), seqs),
)


def at(position: int, rev: int = 0) -> Cursor:
    return Cursor(position, rev, 0, Readable())


@given(st.integers(0, 20), st.lists(moves, max_size=40))
def test_what_the_moves_answer_adds_up_to_what_is_on_its_way(start: int, made: list[tuple[str, int]]) -> None:
    cursor, sum_of_moves = at(start), 0
    for move, seq in made:
        pushed, stored = cursor.pushed, cursor.stored
        if move == "rewind":
            sum_of_moves += cursor.rewind()
            assert cursor.pushed == cursor.stored == stored
        elif move != "push":
            sum_of_moves += cursor.store(seq, cumulative=move == "store")
            assert cursor.pushed >= pushed and cursor.stored >= stored
        elif seq > pushed:
            sum_of_moves += cursor.push(seq)
            assert cursor.pushed == seq
        assert sum_of_moves == cursor.on_its_way == cursor.pushed - cursor.stored >= 0


def test_an_entry_above_a_hole_counts_when_the_hole_is_closed() -> None:
    cursor = at(0)
    assert cursor.push(5) == 5
    assert [cursor.store(seq, cumulative=False) for seq in (2, 3, 1)] == [0, 0, -3]
    assert (cursor.stored, cursor.on_its_way) == (3, 2)
    assert cursor.store(2, cumulative=True) == 0


def test_a_device_that_knows_more_than_it_was_pushed_has_nothing_on_its_way() -> None:
    cursor = at(2)
    cursor.push(4)
    assert cursor.store(9, cumulative=True) == -2
    assert (cursor.pushed, cursor.stored, cursor.on_its_way) == (9, 9, 0)


def test_a_rewind_is_one_of_changes_too() -> None:
    cursor = at(0, rev=3)
    cursor.rev_told = 8
    cursor.rewind()
    assert cursor.rev_told == 3


def test_changes_stop_when_too_many_are_on_their_way() -> None:
    cursor = at(0, rev=3)
    cursor.rev_told = 3 + REV_WINDOW
    assert not cursor.may_be_told(10_000)
    assert cursor.store_changes(4) and cursor.may_be_told(10_000)
    assert not cursor.store_changes(4) and not cursor.may_be_told(cursor.rev_told)
    assert cursor.store_changes(9_000) and cursor.rev_told == 9_000


def test_seen_waits_for_what_is_not_stored() -> None:
    cursor = at(0)
    assert cursor.see(5) is None
    cursor.store(3, cumulative=True)
    assert cursor.see(1) == 3
    assert cursor.see(2) is None
    cursor.store(9, cumulative=True)
    assert cursor.see(cursor.seen_wanted) == 5


def test_what_not_all_may_read_is_read_apart() -> None:
    cursor = Cursor(2, 0, 0, Readable(open_from=5, earlier=((1, 2),)))
    assert cursor.is_apart
    cursor.push(4)
    assert not cursor.is_apart
