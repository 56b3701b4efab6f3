"""What may be said of whether somebody is here."""

from hypothesis import given
from hypothesis import strategies as st

from chat.policy.presence import Whereabouts, whereabouts
from chat.policy.privacy import Party, tells_presence

times = st.none() | st.integers(0, 2**53)
parties = st.builds(Party, st.sampled_from(["alice", "bob"]), st.booleans(), st.booleans())


@given(st.booleans(), st.booleans(), st.booleans(), times)
def test_online_is_said_only_of_who_is_connected_somewhere(is_here: bool, is_held: bool, whole: bool, at: int) -> None:
    said = whereabouts(is_here, is_held, whole, at)
    assert (said == Whereabouts(online=True)) == (is_here or is_held)


@given(st.booleans(), st.booleans(), times)
def test_offline_is_said_only_when_every_process_was_asked(is_here: bool, is_held: bool, at: int | None) -> None:
    said = whereabouts(is_here, is_held, False, at)
    assert said is None or said.online


@given(times)
def test_when_somebody_was_last_here_is_said_as_it_is_known(at: int | None) -> None:
    assert whereabouts(False, False, True, at) == Whereabouts(online=False, last_seen_at=at)


@given(parties, parties)
def test_to_show_it_is_reciprocal_and_nothing_to_oneself(one: Party, other: Party) -> None:
    assert tells_presence(one, other) == tells_presence(other, one)
    assert tells_presence(one, other) == (one.id != other.id and one.presence and other.presence)
