"""The hub and its sessions, case by case; whatever can happen in whatever order: test_hub_machine.py."""

import pytest

from chat.delivery.cursor import Cursor
from chat.delivery.hub import Hub
from chat.delivery.session import WINDOW, Session
from chat.delivery.watchdog import HELLO_S, SILENT_S, STALLED_S
from chat.log.delta import Change, Delta
from chat.policy.visibility import Readable
from chat.protocol.errors import CloseCode
from chat.protocol.frames import Changed
from chat.protocol.packed import Packed
from tests.chat.delivery.paper import cursor_of, frames, new_session, packed, summary


def may(*users: str) -> dict[str, Readable]:
    return {user: Readable() for user in users}


def waiting(hub: Hub) -> list[Session]:
    return hub.rooms["c1"].waiting() if "c1" in hub.rooms else []


def look(hub: Hub, now: float) -> None:
    hub.watchdog.look(hub.sessions(), now)


@pytest.fixture
def wanted() -> set[str]:
    return set()


@pytest.fixture
def hub(wanted: set[str]) -> Hub:
    return Hub(wanted.add, lambda conv: None)


def joined(hub: Hub, user: str, conv: str = "c1", head: int = 0, now: float = 0.0) -> Session:
    session = new_session(user)
    session.heard_at = now
    hub.arrive(session)
    hub.enter(session, summary(conv, head), cursor_of(summary("c1", 0)))
    session.begin(0)
    return session


def run(first: int, last: int) -> list[Packed]:
    return [packed(seq) for seq in range(first, last + 1)]


def test_what_was_appended_while_a_conversation_was_read_is_filled(hub: Hub, wanted: set[str]) -> None:
    """The first message of a new conversation, committed between the reading and the entering."""
    session = new_session("bob")
    hub.arrive(session)
    with hub.reading():
        read = summary("c1", head=0)
        hub.deliver("c1", 1, run(1, 2))
        hub.enter(session, read, cursor_of(summary("c1", 0)))
    assert wanted == {"c1"} and waiting(hub) == [session]


def test_what_was_edited_while_a_conversation_was_read_is_told(hub: Hub, wanted: set[str]) -> None:
    """Nothing else would say so before the next edit: nudges name no revision."""
    session = new_session("bob")
    hub.arrive(session)
    with hub.reading():
        read = summary("c1", head=1, rev=4, received=1)
        hub.raise_rev("c1", 5)
        hub.enter(session, read, cursor_of(read))
    assert wanted == {"c1"} and hub.rooms["c1"].untold() == [session]


def test_a_full_window_stops_pushing_and_acknowledgements_let_it_go_on(hub: Hub, wanted: set[str]) -> None:
    session = joined(hub, "bob")
    hub.deliver("c1", 1, run(1, WINDOW))
    hub.deliver("c1", 1, run(WINDOW + 1, WINDOW + 1))
    assert session.is_full and frames(session)[-1]["entries"][-1]["seq"] == WINDOW
    assert waiting(hub) == []
    session.store("c1", 10, cumulative=True)
    wanted.clear()
    hub.resume(session)
    assert wanted == {"c1"} and waiting(hub) == [session]


def test_a_full_window_without_progress_is_closed(hub: Hub) -> None:
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    look(hub, 100.0)
    look(hub, 100.0 + STALLED_S)
    assert session.close_code is None
    look(hub, 100.1 + STALLED_S)
    assert session.close_code is CloseCode.SLOW_READER


def test_a_slow_reader_that_makes_progress_is_not_closed(hub: Hub) -> None:
    """Its window stays full for minutes, for so much was on its way; each acknowledgement shows that it reads."""
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, 2 * WINDOW))
    for n in range(100):
        look(hub, 10.0 * n)
        session.store("c1", n + 1, cumulative=True)
        assert session.is_full
    assert session.close_code is None


def test_an_emptied_window_is_not_held_against_it(hub: Hub) -> None:
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    look(hub, 0.0)
    session.store("c1", WINDOW, cumulative=True)
    look(hub, 1_000.0)
    assert session.close_code is None and not hub.watchdog.full


def test_a_window_that_was_rewound_is_not_held_against_it(hub: Hub) -> None:
    """Full once, not any more, and full again much later: that is not full all the while."""
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    look(hub, 0.0)
    session.rewind("c1")
    look(hub, 1.0)
    hub.deliver("c1", 1, run(1, WINDOW))
    assert session.is_full
    look(hub, 1_000.0)
    assert session.close_code is None


def test_silence_is_closed(hub: Hub) -> None:
    session = joined(hub, "bob")
    look(hub, SILENT_S)
    assert session.close_code is None
    look(hub, SILENT_S + 0.1)
    assert session.close_code is CloseCode.SILENT


def test_a_stranger_that_does_not_say_hello_is_closed_however_much_else_it_says(hub: Hub) -> None:
    stranger, guest, gone = new_session("bob"), new_session("bob"), new_session("bob")
    for session in (stranger, guest, gone):
        hub.watchdog.strangers.add(session)
    hub.arrive(guest)
    hub.leave(gone)
    stranger.heard_at = guest.heard_at = HELLO_S
    look(hub, HELLO_S)
    assert stranger.close_code is None
    look(hub, HELLO_S + 0.1)
    assert (stranger.close_code, guest.close_code, gone.close_code) == (CloseCode.NO_HELLO, None, None)
    hub.leave(stranger)
    assert hub.watchdog.strangers == set()


def test_ticks_go_to_every_device_of_the_sender_in_one_frame(hub: Hub) -> None:
    first, second, other = joined(hub, "alice"), joined(hub, "alice"), joined(hub, "bob")
    acks = [("alice", {"type": "DELIVERED", "seq": n}) for n in (1, 2)]
    hub.tick(7, acks)
    assert frames(first)[1:] == frames(second)[1:] == [{"t": "ack", "acks": [ack for _, ack in acks]}]
    assert frames(other)[1:] == []
    assert hub.has_heard(7) and not hub.has_heard(8)


def test_a_tick_during_the_greeting_comes_after_it(hub: Hub) -> None:
    """The watermarks of the greeting may have been read just before; before welcome nothing is said."""
    session = new_session("alice")
    hub.arrive(session)
    hub.tick(7, [("alice", {"type": "SEEN", "seq": 3})])
    assert frames(session) == []
    hub.begin(session, 0)
    assert frames(session)[0] == {"t": "ack", "acks": [{"type": "SEEN", "seq": 3}]}


def test_a_tick_of_who_was_away_waits_for_the_members(hub: Hub) -> None:
    """Whom an entry is for may be news: they are read first, and told with how far each has got."""
    asked: list[str] = []
    hub.need_members = asked.append
    session = joined(hub, "alice")
    before = len(frames(session))
    ack = {"type": "DELIVERED", "conv": "c1", "seq": 3}
    hub.tick(7, [("alice", ack | {"roster_rev": 2})])
    assert asked == ["c1"] and len(frames(session)) == before
    hub.rooms["c1"].roster_rev = 2
    hub.tick(8, [("alice", ack | {"roster_rev": 2})])
    assert frames(session)[before:] == [{"t": "ack", "acks": [ack]}] and asked == ["c1"]


def test_also_one_that_came_during_the_greeting(hub: Hub) -> None:
    asked: list[str] = []
    hub.need_members = asked.append
    session, found = new_session("alice"), summary("c1", 3)
    hub.arrive(session)
    hub.tick(7, [("alice", {"type": "DELIVERED", "conv": "c1", "seq": 3, "roster_rev": 2})])
    hub.enter(session, found, cursor_of(found))
    hub.begin(session, 0)
    assert asked == ["c1"] and "ack" not in [frame["t"] for frame in frames(session)]


def test_a_session_that_went_while_it_was_read_for_is_not_entered(hub: Hub) -> None:
    session = new_session("bob")
    hub.arrive(session)
    hub.leave(session)
    assert not hub.enter(session, summary("c1", 3), cursor_of(summary("c1", 0)))
    assert hub.rooms == {} and hub.people == {}


def test_members_read_before_a_later_change_expel_nobody(hub: Hub) -> None:
    session = joined(hub, "carol")
    hub.members("c1", 3, may("bob", "carol"))
    hub.members("c1", 2, may("bob"))
    assert "c1" in session.cursors


def test_a_summary_read_before_a_change_of_members_is_checked_before_anything_is_pushed(
    hub: Hub, wanted: set[str]
) -> None:
    """bob was removed while his conversations were read; the room here knows already."""
    alice, bob = joined(hub, "alice"), new_session("bob")
    hub.members("c1", 2, may("alice"))
    hub.arrive(bob)
    hub.enter(bob, summary("c1", 0, members_rev=1), cursor_of(summary("c1", 0)))
    hub.deliver("c1", 2, run(1, 1))
    assert frames(bob) == []
    hub.members("c1", 2, may("alice"))
    assert bob.cursors == {} and waiting(hub) == [alice]


def test_who_may_not_read_all_of_a_run_is_offered_none_of_it(hub: Hub, wanted: set[str]) -> None:
    """bob was away while 3 and 4 were written, and is still below them: what others are filled with is not for him."""
    alice, bob = joined(hub, "alice"), new_session("bob")
    hub.arrive(bob)
    found = summary("c1", 0, readable=Readable(open_from=5, earlier=((1, 2),)))
    hub.enter(bob, found, cursor_of(found))
    hub.deliver("c1", 1, run(1, 6))
    assert frames(bob) == [] and frames(alice)[-1]["entries"][-1]["seq"] == 6
    assert bob in waiting(hub) and bob.cursors["c1"].is_apart


def test_who_leaves_is_told(hub: Hub) -> None:
    bob = joined(hub, "bob")
    hub.members("c1", 2, may("alice"))
    assert frames(bob)[-1] == {"t": "left", "conv": "c1"}


def test_all_that_was_owed_is_stored(hub: Hub) -> None:
    session = new_session("bob")
    hub.arrive(session)
    found = summary("c1", 2, rev=3)
    hub.enter(session, found, Cursor(0, 1, 0, found.readable))
    session.owed.add("c1", 2, 3)
    session.begin(77)
    session.store("c1", 2, cumulative=True)
    assert frames(session) == []
    session.store_changes("c1", 3)
    assert frames(session) == [{"t": "sync_done", "as_of": 77}]


def hidden(seq: int, user: str, rev: int) -> Change:
    return Change(seq, user, Changed(seq=seq, rev=rev, type="hide"))


def told(session: Session) -> list[tuple[int, list[int]]]:
    frames_told = [frame for frame in frames(session) if frame["t"] == "changes"]
    return [(frame["upto"], [change["seq"] for change in frame["changes"]]) for frame in frames_told]


def test_what_others_deleted_for_themselves_is_never_told(hub: Hub) -> None:
    alice, bob = joined(hub, "alice"), joined(hub, "bob")
    hub.raise_rev("c1", 3)
    changes = [hidden(1, "alice", 1), hidden(2, "bob", 2), Change(3, None, Changed(seq=3, rev=3, type="delete"))]
    hub.rooms["c1"].tell(0, Delta(changes, 3, 1), {"alice", "bob"})
    assert (told(alice), told(bob)) == ([(3, [1, 3])], [(3, [2, 3])])


def test_who_came_in_while_changes_were_read_for_others_is_told_their_own_later(hub: Hub) -> None:
    """What bob deleted for himself was not asked for: were he told that he has all up to there, he would never hear."""
    alice = joined(hub, "alice")
    hub.raise_rev("c1", 2)
    read_for_alice = Delta([hidden(1, "alice", 1)], 2, 1)
    bob = joined(hub, "bob")
    hub.rooms["c1"].tell(0, read_for_alice, {"alice"})
    assert (told(alice), told(bob)) == ([(2, [1])], [])
    assert hub.rooms["c1"].untold() == [bob]
    hub.rooms["c1"].tell(0, Delta([hidden(2, "bob", 2)], 2, 1), {"bob"})
    assert (told(alice), told(bob)) == ([(2, [1])], [(2, [2])])


def test_changes_that_were_read_before_someone_came_in_are_not_told_to_them_again(hub: Hub) -> None:
    bob = new_session("bob")
    hub.arrive(bob)
    found = summary("c1", 0, rev=1)
    hub.enter(bob, found, cursor_of(found))
    hub.raise_rev("c1", 2)
    hub.rooms["c1"].tell(0, Delta([Change(1, None, Changed(seq=1, rev=1, type="delete"))], 1, 1), {"bob"})
    assert told(bob) == [] and hub.rooms["c1"].untold() == [bob]


def test_an_entry_acknowledged_alone_counts_also_after_a_nudge(hub: Hub) -> None:
    """It was stored above a hole: when the hole is closed it is not pushed once more."""
    bob = joined(hub, "bob")
    hub.deliver("c1", 1, run(1, 3))
    assert bob.store("c1", 2, cumulative=False) is None
    hub.nudge("c1", "bob")
    assert bob.store("c1", 1, cumulative=False) == 2
    assert (bob.cursors["c1"].pushed, bob.unacked) == (2, 0)


def test_leaving_twice_is_harmless(hub: Hub) -> None:
    session = joined(hub, "bob")
    hub.leave(session)
    hub.leave(session)
    assert hub.rooms == {} and hub.sessions() == []
