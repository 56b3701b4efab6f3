"""Delivery is measured once for each entry and connected device, and never for what was missed while away."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from chat.delivery import flight as module
from chat.delivery.flight import HISTORY_MS, Flight
from chat.metrics.instruments import LATENCY_S, Histogram
from chat.protocol.packed import Packed


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Histogram:
    histogram = Histogram("seconds", "", LATENCY_S)
    monkeypatch.setattr(module, "DELIVER_SECONDS", histogram)
    return histogram


def now() -> int:
    return time.time_ns() // 1_000_000


def since(at: int) -> Any:
    return SimpleNamespace(since=at)


def run(first: int, last: int, at: int) -> list[Packed]:
    return [Packed(seq, "", at) for seq in range(first, last + 1)]


def test_each_entry_counts_with_its_own_time(seconds: Histogram) -> None:
    flight, device = Flight(), since(now() - 50_000)
    flight.departed("c", run(1, 3, now() - 3_000))
    flight.departed("c", run(4, 5, now() - 20_000))
    flight.departed("other", run(6, 6, now()))
    flight.arrived(device, "c", 0, 2)
    flight.arrived(device, "c", 2, 6)
    buckets = {bound: count for bound, count in zip(LATENCY_S, seconds.counts[:-1], strict=True) if count}
    assert buckets == {5.0: 3, 30.0: 2}
    assert 49 <= seconds.sum < 60


def test_what_was_accepted_before_it_was_connected_does_not_count(seconds: Histogram) -> None:
    flight, at = Flight(), now()
    flight.departed("c", run(1, 4, at))
    flight.arrived(since(at + 1), "c", 0, 4)
    assert sum(seconds.counts) == 0
    flight.arrived(since(at), "c", 0, 4)
    assert sum(seconds.counts) == 4


def test_a_clock_that_is_ahead_counts_as_no_time(seconds: Histogram) -> None:
    flight = Flight()
    flight.departed("c", run(1, 1, now() + 5_000))
    flight.arrived(since(1), "c", 0, 1)
    assert seconds.counts[0] == 1 and seconds.sum == 0


def test_notes_are_bounded_and_history_takes_none(seconds: Histogram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOTES", 100)
    flight = Flight()
    for n in range(50):
        flight.departed(f"c{n}", run(1, 20, now()))
        flight.departed("history", run(1, 20, now() - HISTORY_MS - 1_000))
    held = sum(len(notes) for notes in [*flight._young.values(), *flight._old.values()])
    assert 100 <= held <= 200
    for n in range(50):
        flight.arrived(since(1), f"c{n}", 0, 20)
    assert sum(seconds.counts) == held
    flight.arrived(since(1), "history", 0, 20)
    assert sum(seconds.counts) == held


def test_a_leap_of_a_million_is_not_walked(seconds: Histogram) -> None:
    flight = Flight()
    flight.departed("c", run(999_991, 1_000_000, now()))
    flight.arrived(since(1), "c", 0, 10**12)
    assert sum(seconds.counts) == 0
    flight.arrived(since(1), "c", 0, 1_000_000)
    assert sum(seconds.counts) == 10
