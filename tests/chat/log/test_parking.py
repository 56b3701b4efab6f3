"""Sends that wait aside: in order, and a held conversation does not take a free one with it."""

from chat.log.parking import PAUSES_S, SKIPS_BEFORE_WAITING, ParkingLot
from chat.log.pending import Pending
from chat.policy.decide import Proposal


def send(conv: str, client_id: str) -> Pending:
    return Pending(Proposal(conv, "alice", "phone", client_id, "hi", client_id), None, 1e9)


def often_skipped(lot: ParkingLot, *sends: Pending, now: float = 0.0) -> float:
    """Parked until their conversations are to be waited for; the time when they are due."""
    for _ in range(SKIPS_BEFORE_WAITING):
        lot.park(sends, now)
        now += PAUSES_S[-1]
        if _ < SKIPS_BEFORE_WAITING - 1:
            lot.due(now, 512)
    return now


def test_one_conversation_at_a_time_is_waited_for() -> None:
    lot = ParkingLot()
    held, free = send("a", "a1"), send("b", "b1")
    now = often_skipped(lot, held, free)
    first, waits = lot.due(now, 512)
    assert waits and len({pending.proposal.conv for pending in first}) == 1
    # In vain: it is the other's turn, however often the first is.
    lot.park(first, now)
    second, waits = lot.due(now, 512)
    assert waits and {*first, *second} == {held, free}


def test_what_is_parked_keeps_its_order() -> None:
    lot = ParkingLot()
    one, two, three = (send("a", f"a{n}") for n in range(3))
    lot.park([one, two], 0.0)
    assert lot.holds_back(three)
    assert lot.due(1.0, 512) == ([one, two, three], False)
