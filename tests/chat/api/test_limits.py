"""How fast a device may ask the API; each for itself."""

import asyncio

import pytest

from chat.api import limits
from chat.api.limits import Limits
from chat.api.problems import answer_to
from chat.log.refusal import Later
from chat.protocol.errors import ErrorCode

NOW = 1_000.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [NOW]
    monkeypatch.setattr(limits, "_now", lambda: now[0])
    return now


def test_a_device_that_asks_too_fast_waits_and_the_others_do_not(clock: list[float]) -> None:
    found = Limits()
    for _ in range(round(limits.REQUEST_BURST)):
        found.take("phone")
    with pytest.raises(Later) as late:
        found.take("phone")
    assert late.value.code is ErrorCode.RATE_LIMITED
    found.take("tablet")
    clock[0] += late.value.after_ms / 1000
    found.take("phone")


def test_what_is_told_is_rounded_up_to_whole_seconds() -> None:
    response = answer_to(Later(ErrorCode.RATE_LIMITED, 1_001))
    assert (response.status_code, response["Retry-After"]) == (429, "2")
    assert b'"retry_after_ms": 1001' in response.content


def test_who_was_not_heard_of_longest_is_forgotten(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_BUCKETS", 3)
    found = Limits()
    assert [found.is_visit(name) for name in "abca"] == [True, True, True, False]
    assert found.is_visit("d")
    assert [found.is_visit(name) for name in "acb"] == [False, False, True]


async def test_the_clock_is_the_event_loops() -> None:
    assert limits._now() == pytest.approx(asyncio.get_running_loop().time(), abs=1)
