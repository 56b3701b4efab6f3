"""E1: bounds, growth, spread, and an end."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.backoff import DEFAULT_BACKOFF, Backoff

# The browser's backoff.js is held to the same cases.
SHARED = json.loads((Path(__file__).parents[2] / "shared" / "backoff.json").read_text())

shares = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, 9), shares)
def test_each_pause_is_within_thirty_percent_of_its_base(failures: int, share: float) -> None:
    base = min(60_000, 500 * 2 ** (failures - 1))
    delay = DEFAULT_BACKOFF.delay_ms(failures, lambda: share)
    assert delay is not None
    assert base * 0.7 - 1 <= delay <= base * 1.3 + 1


def test_jitter_is_applied_after_the_cap() -> None:
    assert DEFAULT_BACKOFF.delay_ms(9, lambda: 0.0) == 42_000
    assert DEFAULT_BACKOFF.delay_ms(9, lambda: 0.999999) == 78_000


def test_the_tenth_failure_is_the_last() -> None:
    assert DEFAULT_BACKOFF.delay_ms(9) is not None
    assert DEFAULT_BACKOFF.delay_ms(10) is None
    assert DEFAULT_BACKOFF.delay_ms(11) is None


@pytest.mark.parametrize("case", SHARED, ids=lambda case: f"{case['failures']} failures at {case['share']}")
def test_the_cases_shared_with_the_browser(case: dict[str, float]) -> None:
    assert DEFAULT_BACKOFF.delay_ms(int(case["failures"]), lambda: case["share"]) == case["delay_ms"]


def test_a_crowd_spreads() -> None:
    delays = {DEFAULT_BACKOFF.delay_ms(5) for _ in range(200)}
    assert len(delays) > 100


@given(st.integers(1, 10**6))
def test_no_count_of_failures_overflows(failures: int) -> None:
    patient = Backoff(attempts=10**7)
    delay = patient.delay_ms(failures, lambda: 0.5)
    assert delay is not None and 500 <= delay <= 60_000


@pytest.mark.parametrize("wrong", [{"initial_ms": 0}, {"cap_ms": 1}, {"factor": 0.5}, {"attempts": 0}, {"jitter": 1.0}])
def test_a_senseless_backoff_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Backoff(**wrong)  # type: ignore[arg-type]


def test_there_is_no_pause_before_the_first_attempt() -> None:
    with pytest.raises(ValueError):
        DEFAULT_BACKOFF.delay_ms(0)
