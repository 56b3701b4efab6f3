"""Leases of several processes on one bucket, with a lender that answers late or not at all."""

from hypothesis import given
from hypothesis import strategies as st

from chat.policy.lease import CREDIT, PORTIONS, Lease
from chat.policy.rate import Rate, TokenBucket

RATE = Rate(100.0, 10.0)


class Lender:
    """The shared bucket, as chat/quota/bucket.py keeps it."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.level = rate.most
        self.at = 0.0

    def answer(self, lease: Lease, now: float) -> None:
        wish = lease.wish(now)
        self.level = min(self.rate.most, self.level + (now - self.at) * self.rate.per_s)
        self.at = now
        self.level = max(-self.rate.most, self.level - wish.owed)
        granted = max(0.0, min(wish.want, self.level))
        self.level -= granted
        lease.lent(now, granted, self.level)


Step = tuple[int, float, bool]


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0, 0.5), st.booleans()), max_size=400))
def test_what_all_processes_grant_is_bounded(steps: list[Step]) -> None:
    """The bucket, what filled up meanwhile, and the credit of each process that had not heard back."""
    lender, now, granted = Lender(RATE), 0.0, 0
    leases = [Lease(RATE, 0.0) for _ in range(3)]
    for which, pause, answers in steps:
        now += pause
        lease = leases[which]
        granted += lease.take(now) == 0
        if answers and lease.needs_more(now):
            lender.answer(lease, now)
        assert granted <= RATE.most * (1 + len(leases) * CREDIT) + now * RATE.per_s + 1e-6


def test_one_portion_is_spent_without_asking() -> None:
    lender, lease = Lender(RATE), Lease(RATE, 0.0)
    assert lease.needs_more(0.0)
    lender.answer(lease, 0.0)
    asked = 0
    for _ in range(50):
        assert lease.take(0.0) == 0
        if lease.needs_more(0.0):
            asked += 1
            lender.answer(lease, 0.0)
    assert asked <= 2 * PORTIONS * 50 / RATE.most


def test_who_obeys_gets_through_and_those_turned_away_come_in_a_row() -> None:
    lender, lease = Lender(RATE), Lease(RATE, 0.0)
    waits: list[float] = []
    for _ in range(150):
        if lease.needs_more(0.0):
            lender.answer(lease, 0.0)
        if wait := lease.take(0.0):
            waits.append(wait)
    assert len(waits) == 50 and waits == sorted(waits)
    # The last of 50 waits until 50 have filled up, at ten a second.
    assert 4.9 < waits[-1] < 5.2
    for wait in waits:
        if lease.needs_more(wait):
            lender.answer(lease, wait)
        assert lease.take(wait + 0.01) == 0, wait


def test_a_lender_that_is_away_leaves_each_process_a_bucket_of_its_own() -> None:
    lease, alone = Lease(RATE, 0.0), TokenBucket(RATE.per_s, RATE.most, 0.0)
    lease.wish(0.0)
    lease.unanswered(0.0)
    for n in range(300):
        assert (lease.take(n / 20) == 0) == (alone.take(n / 20) == 0)
    assert lease.needs_more(15.0)
    lender = Lender(RATE)
    lender.at, lender.level = 15.0, 0.0
    lender.answer(lease, 15.0)
    assert lease.take(15.0) > 0


def test_what_came_to_nothing_is_given_back_and_what_was_too_much_is_owed() -> None:
    lender, lease = Lender(RATE), Lease(RATE, 0.0)
    lender.answer(lease, 0.0)
    for _ in range(1000):
        assert lease.take(0.0) == 0
        lease.spend(0.0, -1.0)
    assert lease.take(0.0) == 0
    lease.spend(0.0, 150.0)
    assert lease.needs_more(0.2)
    lender.answer(lease, 0.2)
    assert lease.take(0.2) > 4


Use = tuple[float, float, float]


def granted_at(lease: Lease, now: float, lender: Lender | None = None) -> int:
    """All there is at this moment; with a lender, who is asked whenever more is wished for."""
    granted = 0
    while not lease.take(now):
        granted += 1
        if lender and lease.needs_more(now):
            lender.answer(lease, now)
    return granted


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(1, 20), st.sampled_from([-1.0, 0.0, 3.0])), max_size=100))
def test_a_lender_that_is_back_is_asked_whatever_was_done_while_it_was_away(uses: list[Use]) -> None:
    """`back` of what was taken came to nothing, or `back` times as much was spent on top of it."""
    lease, lender, now = Lease(RATE, 0.0), Lender(RATE), 0.0
    lease.wish(now)
    lease.unanswered(now)
    for pause, tokens, back in uses:
        now += pause
        if not lease.take(now, tokens):
            lease.spend(now, back * tokens)
        assert lease.needs_more(now)
    # Everything has filled up since.
    now += 10 * RATE.seconds
    lender.answer(lease, now)
    assert RATE.most <= granted_at(lease, now, lender) <= RATE.most * (1 + CREDIT)


@given(st.integers(0, 400))
def test_nothing_is_hoarded_by_giving_back_while_an_answer_is_on_its_way(times: int) -> None:
    lease = Lease(RATE, 0.0)
    lease.wish(0.0)
    lease.unanswered(0.0)
    lease.wish(1.0)
    for n in range(times):
        assert lease.take(1 + n / 20) == 0
        lease.spend(1 + n / 20, -1.0)
    now = 1 + times / 20
    lease.lent(now, RATE.most / PORTIONS, 0.0)
    assert granted_at(lease, now) == RATE.most / PORTIONS
    lease.spend(now, -2 * RATE.most)
    assert granted_at(lease, now) == RATE.most


def test_who_is_alone_pays_for_what_was_too_much_and_is_given_back_no_more_than_a_bucket() -> None:
    lease = Lease(RATE, 0.0)
    lease.wish(0.0)
    lease.unanswered(0.0)
    lease.spend(0.0, -50.0)
    assert lease.take(0.0, 100.0) == 0 and lease.take(0.0) > 0
    lease.spend(0.0, -1.0)
    assert lease.take(0.0) == 0
    lease.spend(0.0, 30.0)
    assert lease.take(3.0) > 0
    assert lease.take(3.2) == 0
