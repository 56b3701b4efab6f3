"""Who is told what somebody has seen."""

from hypothesis import given
from hypothesis import strategies as st

from chat.policy.privacy import Party, tells_seen

parties = st.builds(Party, st.sampled_from(["alice", "bob", "carol"]), st.booleans())


@given(parties, parties)
def test_it_is_reciprocal(one: Party, other: Party) -> None:
    assert tells_seen(one, other) == tells_seen(other, one)


@given(parties, parties)
def test_one_switch_is_enough_to_keep_it_from_others(one: Party, other: Party) -> None:
    if one.id != other.id:
        assert tells_seen(one, other) == (one.receipts and other.receipts)


@given(parties, st.booleans())
def test_to_oneself_it_is_no_receipt(one: Party, receipts: bool) -> None:
    assert tells_seen(one, Party(one.id, receipts))
