from hypothesis import given
from hypothesis import strategies as st

from chat.policy.rate import TokenBucket


@given(st.lists(st.floats(0, 0.2), max_size=200))
def test_never_more_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    bucket, now, granted = TokenBucket(rate=10, burst=5, now=0.0), 0.0, 0
    for pause in pauses:
        now += pause
        granted += bucket.take(now) == 0
        assert granted <= 5 + 10 * now + 1e-6


def test_a_refusal_names_the_wait_that_is_enough() -> None:
    bucket = TokenBucket(rate=2, burst=1, now=0.0)
    assert bucket.take(0.0) == 0
    wait = bucket.take(0.0)
    assert wait == 0.5
    assert bucket.take(wait) == 0


def test_what_was_too_much_is_owed_and_what_came_to_nothing_is_given_back() -> None:
    bucket = TokenBucket(rate=2, burst=10, now=0.0)
    bucket.spend(1.0, 4.0)
    bucket.spend(1.0, -100.0)
    assert bucket.take(1.0, 10) == 0
    bucket.spend(1.0, 100.0)
    assert bucket.take(1.0) == 5.5
    assert bucket.take(6.5) == 0
