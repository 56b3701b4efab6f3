"""Which texts are the same, when they are too many, and what an episode is."""

from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chat.policy.spam import SpamLimit, episode, essence, is_spam

AT = 1_790_000_000_000
HOUR = SpamLimit(10, 3_600_000)


@pytest.mark.parametrize("other", ["BUY NOW", "buy   now!!!", "Buy\nnow 💸", "b-u-y n.o.w", "\uff22\uff35\uff39 now"])
def test_what_only_looks_different_is_the_same(other: str) -> None:
    assert essence(other) == essence("Buy now")


def test_other_words_are_other_texts() -> None:
    assert len({essence("Buy now"), essence("Buy now 2"), essence("Sell now")}) == 3


@pytest.mark.parametrize("body", ["", "  ", "💸💸", "?!"])
def test_what_says_nothing_is_not_looked_at(body: str) -> None:
    assert essence(body) is None


@given(st.text(max_size=60), st.sampled_from(" .,!-\n\t"), st.integers(0, 60))
def test_spacing_and_punctuation_do_not_count(body: str, between: str, place: int) -> None:
    assume(all(ord(character) < 0x300 for character in body))
    assert essence(body[:place] + between + body[place:]) == essence(body)


@given(st.text())
def test_any_text_has_an_essence_of_one_size(body: str) -> None:
    text = essence(body)
    assert text is None or len(text) == 16


@given(st.integers(0, 50), st.integers(0, 50))
def test_so_many_are_let_through_and_no_more(limit: int, begun: int) -> None:
    assert is_spam(begun, SpamLimit(limit)) is (limit > 0 and begun >= limit)


@given(st.integers(0, 2**41), st.integers(0, 3_599_999), st.binary(min_size=16, max_size=16))
def test_an_episode_has_one_id_of_the_form_of_all_ids(window: int, later: int, text: bytes) -> None:
    began = window - window % HOUR.window_ms
    first = episode("alice", text, began, HOUR)
    assert episode("alice", text, began + later, HOUR) == first
    assert (UUID(first).version, UUID(first).int >> 80) == (7, began)
    assert first not in (episode("bob", text, began, HOUR), episode("alice", text, began + HOUR.window_ms, HOUR))
