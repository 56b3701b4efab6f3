"""How a query is read, and that whoever pages through windows meets everything once, newest first."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.search import MARGIN_MS, Cursor, Dated, Piece, Words, in_text, pieces, windows, words_of
from chat.policy.visibility import Readable


@pytest.mark.parametrize(
    ("query", "indexed", "parts"),
    [
        ("meet six", ("meet", "six"), ()),
        ("  MEET  meet MEET ", ("MEET", "meet"), ()),
        ("ok then", ("ok", "then"), ()),
        ("ok 👍", ("ok",), ("👍",)),
        ("don't e-mail 3.14", (), ("don't", "e-mail", "3.14")),
        ("Äpfel Straße", ("Äpfel", "Straße"), ()),
        ("привет", ("привет",), ()),
        ("你好世界 สวัสดี", (), ("你好世界", "สวัสดี")),
        ("😀😀😀", (), ("😀😀😀",)),
        ("a&b:* !c | (d)", (), ("a&b:*", "!c", "|", "(d)")),
    ],
)
def test_words_of_a_query(query: str, indexed: tuple[str, ...], parts: tuple[str, ...]) -> None:
    assert words_of(query) == Words(indexed, parts)
    assert in_text(query).indexed == ()


@given(st.text(max_size=50))
def test_what_goes_to_the_index_is_letters_and_digits(query: str) -> None:
    words = words_of(query)
    assert set(words.indexed + words.parts) == set(query.split())
    assert all(word.removesuffix(":*").isalnum() for word in words.tsquery.split(" & ") if word)


def test_short_words_find_only_themselves() -> None:
    assert words_of("it is fine").tsquery == "it & is & fine:*"


@given(st.integers(0, 2**128 - 1), st.sampled_from([(False, False), (True, False), (False, True)]))
def test_a_cursor_comes_back_as_it_was(before: int, found: tuple[bool, bool]) -> None:
    cursor = Cursor(before, *found)
    assert Cursor.read(cursor.text()) == cursor


@given(st.text(max_size=40))
def test_what_is_no_cursor_is_refused_or_is_one(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert Cursor.read(Cursor.read(text).text()) == Cursor.read(text)


@pytest.mark.parametrize("text", ["", "x", "AA", "é" * 23, "A" * 22, "_" * 23, "A" * 24])
def test_no_cursor(text: str) -> None:
    with pytest.raises(ValueError):
        Cursor.read(text)


@given(
    st.integers(1, 20_000),
    st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 9_000)), max_size=3),
    st.integers(0, 20_000),
)
def test_pieces_are_what_may_be_read(open_from: int, spans: list[tuple[int, int]], head: int) -> None:
    """Each once, also where spans overlap."""
    may = Readable(open_from, tuple(sorted((low, min(head, low + length)) for low, length in spans)))
    found = list(pieces("conv", may, head, 10))
    assert all(piece.first >> 10 == piece.last >> 10 and piece.count > 0 for piece in found)
    seqs = [seq for piece in found for seq in range(piece.first, piece.last + 1)]
    assert seqs == [seq for seq in range(1, head + 1) if may.allows(seq)]


# Conversations of entries by the minute at which they were written, off by less than clocks may be.
logs = st.lists(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, MARGIN_MS - 1)), min_size=1, max_size=40),
    min_size=1,
    max_size=4,
)


@given(logs, st.integers(1, 10), st.integers(1, 8), st.integers(1, 3))
def test_paging_meets_everything_once_newest_first(
    written: list[list[tuple[int, int]]], length: int, size: int, rounds: int
) -> None:
    """Pieces of `length` entries, windows of `size` entries, as many windows an answer as `rounds`."""
    entries: list[tuple[Dated, list[int]]] = []
    for conv, log in enumerate(written):
        ids = [
            (minute * 60_000 + off << 80) + conv * 1_000 + n
            for n, (minute, off) in enumerate(sorted(log, key=lambda at: at[0]), 1)
        ]
        # Within a minute in any order, as by clocks that differ.
        for start in range(0, len(ids), length):
            part = ids[start : start + length]
            piece = Piece(str(conv), start + 1, start + len(part))
            entries.append((Dated(piece, part[0], part[-1]), part))
    members = {dated.piece: part for dated, part in entries}
    met: list[int] = []
    before: int | None = None
    while True:
        found: list[int] = []
        window = None
        for window in windows([dated for dated, _ in entries], before, [size] * rounds):
            found += [each for piece in window.pieces for each in members[piece] if before is None or each < before]
        if window is None:
            break
        met += sorted((each for each in found if window.settles(each)), reverse=True)
        if window.rest is None:
            break
        assert before is None or window.rest < before, "no progress"
        before = window.rest
    assert met == sorted((each for part in members.values() for each in part), reverse=True)
