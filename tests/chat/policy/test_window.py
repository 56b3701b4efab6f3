"""The cursor against a model: a set of acknowledged entries."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.window import ContiguousCursor

# The browser's order.js is held to the same cases.
SHARED = json.loads((Path(__file__).parents[2] / "shared" / "window.json").read_text())

acks = st.lists(st.tuples(st.integers(1, 60), st.booleans()), max_size=80)


@given(acks, st.integers(0, 20))
def test_the_cursor_is_the_end_of_the_gapless_run(given_acks: list[tuple[int, bool]], start: int) -> None:
    cursor = ContiguousCursor(start)
    stored = set(range(1, start + 1))
    for seq, cumulative in given_acks:
        before = cursor.position
        rose = cursor.upto(seq) if cumulative else cursor.one(seq)
        stored |= set(range(1, seq + 1)) if cumulative else {seq}
        expected = next(n for n in range(len(stored) + 2) if n + 1 not in stored)
        assert cursor.position == expected
        assert rose == (cursor.position > before)


@given(st.permutations(range(1, 30)))
def test_any_order_of_single_acknowledgements_ends_the_same(order: list[int]) -> None:
    cursor = ContiguousCursor()
    for seq in order:
        cursor.one(seq)
    assert cursor.position == 29


def test_what_is_forgotten_above_a_hole_never_lets_the_cursor_jump() -> None:
    cursor = ContiguousCursor(limit=2)
    for seq in (3, 4, 5):
        cursor.one(seq)
    cursor.one(1)
    cursor.one(2)
    assert cursor.position == 4


@pytest.mark.parametrize("case", SHARED)
def test_the_cases_shared_with_the_browser(case: dict[str, Any]) -> None:
    cursor = ContiguousCursor(case["start"])
    reached = []
    for ack in case["acks"]:
        cursor.upto(ack["seq"]) if ack.get("cumulative") else cursor.one(ack["seq"])
        reached.append(cursor.position)
    assert reached == case["positions"]
