"""The hub and its sessions against a model of the log: whatever happens in whatever order, every socket is told a
contiguous ascending run of what it may see, and in the end all of it (V6, V9, V11)."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat.delivery.hub import SILENT_S, STALLED_S, Hub
from chat.delivery.session import WINDOW, Cursor, Session
from chat.inbox.sync import Summary
from chat.protocol.codec_json import Packed
from chat.protocol.errors import CloseCode

CONVS = ("c1", "c2")
USERS = ("alice", "bob", "carol")
SMALL_WINDOW = 6
PAGE = 4


def packed(seq: int) -> Packed:
    return Packed(seq, json.dumps({"seq": seq}))


class Paper:
    """An outlet that writes to a list."""

    is_crowded = False

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    def write(self, text: str) -> bool:
        self.frames.append(json.loads(text))
        return True

    def close(self, code: int) -> None:
        self.closed = code


def new_session(user: str, device: str = "") -> Session:
    return Session(user, device or user, Paper(), now=0.0)  # type: ignore[arg-type]


def summary(conv: str, head: int, members_rev: int = 1, start: int = 1, received: int = 0) -> Summary:
    return Summary(conv, "group", "", head, members_rev, start, received, 0, 0, None, [])


@dataclass
class Conversation:
    """What the database holds."""

    head: int = 0
    members_rev: int = 1
    members: set[str] = field(default_factory=lambda: set(USERS))
    left: dict[str, int] = field(default_factory=dict)

    def may_see(self, user: str, seq: int) -> bool:
        return user in self.members or seq <= self.left[user]


@dataclass
class Phone:
    """What one device was told: `at` is the end of its run, `accepted` what it knows by ACCEPTED."""

    session: Session
    at: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, set[int]] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    read: int = 0

    def take(self, log: dict[str, Conversation]) -> None:
        paper: Any = self.session.outlet
        for frame in paper.frames[self.read :]:
            if frame["t"] == "messages":
                self._run(frame["conv"], [entry["seq"] for entry in frame["entries"]], log[frame["conv"]])
        self.read = len(paper.frames)

    def _run(self, conv: str, seqs: list[int], conversation: Conversation) -> None:
        for seq in seqs:
            assert seq <= conversation.head
            assert conversation.may_see(self.session.user, seq)
            skipped = set(range(self.at[conv] + 1, seq))
            assert seq > self.at[conv] and skipped <= self.accepted.get(conv, set())
            self.at[conv] = seq

    def knows_upto(self, conv: str) -> int:
        at = self.at[conv]
        while at + 1 in self.accepted.get(conv, ()):
            at += 1
        return at


conversations = st.sampled_from(CONVS)
numbers = st.integers(0, 10**6)


class HubMachine(RuleBasedStateMachine):
    """A process and its phones; layer events and readings may be late, lost or repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.window = patch("chat.delivery.session.WINDOW", SMALL_WINDOW)
        self.window.start()
        self.log = {conv: Conversation() for conv in CONVS}
        self.wanted: set[str] = set()
        self.reloads: set[str] = set()
        self.hub = Hub(self.wanted.add, self.reloads.add)
        self.phones: list[Phone] = []
        self.read_pages: list[tuple[str, int, int, int]] = []
        self.read_members: list[tuple[str, int, set[str]]] = []
        self.read_summaries: list[tuple[Phone, Summary, ExitStack]] = []
        self.gone: list[Phone] = []

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.window.stop()

    @initialize()
    def two_sockets(self) -> None:
        for user in USERS[:2]:
            self.connect(user)
            self.enter_all()

    # Sockets come and go

    @rule(user=st.sampled_from(USERS))
    def connect(self, user: str) -> None:
        phone = Phone(new_session(user, f"{user}{len(self.phones)}"))
        self.hub.arrive(phone.session)
        phone.session.begin()
        self.phones.append(phone)
        for conv in CONVS:
            self.look_up(phone, conv)

    def look_up(self, phone: Phone, conv: str) -> None:
        """Reads the conversation as `summaries` does; it is entered some time later."""
        stands = self.log[conv]
        if phone.session.user in stands.members and conv not in phone.session.cursors:
            reading = ExitStack()
            reading.enter_context(self.hub.reading())
            self.read_summaries.append((phone, summary(conv, stands.head, stands.members_rev), reading))

    @rule()
    def enter_all(self) -> None:
        for phone, found, reading in self.read_summaries:
            phone.at.setdefault(found.conv, found.received)
            phone.stored.setdefault(found.conv, found.received)
            entered = self.hub.enter(phone.session, found, Cursor(found.received, 0))
            assert entered == (phone not in self.gone)
            reading.close()
        self.read_summaries.clear()

    @precondition(lambda self: len(self.phones) > 1)
    @rule(n=numbers)
    def disconnect(self, n: int) -> None:
        phone = self.phones.pop(n % len(self.phones))
        self.gone.append(phone)
        self.hub.leave(phone.session)

    # The log

    @rule(conv=conversations, count=st.integers(1, 5), how=st.sampled_from(["told", "head only", "lost"]), n=numbers)
    def append(self, conv: str, count: int, how: str, n: int) -> None:
        stands = self.log[conv]
        first = stands.head + 1
        stands.head += count
        run = [packed(seq) for seq in range(first, stands.head + 1)]
        if how == "told":
            self.hub.deliver(conv, stands.members_rev, run, self._accept(conv, {run[-1].seq}, n))
        elif how == "head only":
            self.hub.raise_head(conv, stands.head)

    def _accept(self, conv: str, seqs: set[int], n: int) -> dict[Session, set[int]] | None:
        authors = [phone for phone in self.phones if phone.session.user in self.log[conv].members and conv in phone.at]
        if not authors or n % 3:
            return None
        author = authors[n % len(authors)]
        author.accepted.setdefault(conv, set()).update(seqs)
        return {author.session: seqs}

    @rule(conv=conversations, user=st.sampled_from(USERS[1:]))
    def remove(self, conv: str, user: str) -> None:
        stands = self.log[conv]
        if user in stands.members:
            stands.members.discard(user)
            stands.left[user] = stands.head
            stands.members_rev += 1

    @rule(conv=conversations)
    def read_members_now(self, conv: str) -> None:
        self.read_members.append((conv, self.log[conv].members_rev, set(self.log[conv].members)))

    @rule(n=numbers)
    def apply_members(self, n: int) -> None:
        if self.read_members:
            self.hub.members(*self.read_members.pop(n % len(self.read_members)))

    # Fills: read now, offered later

    @rule()
    def read_page(self) -> None:
        for conv in list(self.wanted):
            self.wanted.discard(conv)
            waiting = self.hub.waiting(conv)
            if waiting:
                first = min(session.cursors[conv].pushed for session in waiting) + 1
                last = min(first + PAGE - 1, self.hub.rooms[conv].head)
                self.read_pages.append((conv, self.log[conv].members_rev, first, last))

    @rule(n=numbers)
    def offer_page(self, n: int) -> None:
        if self.read_pages:
            conv, members_rev, first, last = self.read_pages.pop(n % len(self.read_pages))
            self.hub.deliver(conv, members_rev, [packed(seq) for seq in range(first, last + 1)])

    @rule(conv=conversations)
    def housekeeping(self, conv: str) -> None:
        self.hub.catch_up(conv)

    # Acknowledgements and nudges

    @rule(n=numbers, conv=conversations, m=numbers, cumulative=st.booleans())
    def acknowledge(self, n: int, conv: str, m: int, cumulative: bool) -> None:
        phone = self.phones[n % len(self.phones)]
        if conv not in phone.session.cursors or not phone.knows_upto(conv):
            return
        known = phone.knows_upto(conv)
        seq = m % known + 1
        was_full = phone.session.is_full
        rose = phone.session.store(conv, seq, cumulative)
        if rose is not None:
            assert phone.stored[conv] < rose <= known
            phone.stored[conv] = rose
        if was_full and not phone.session.is_full:
            self.hub.resume(phone.session)

    @rule(n=numbers, conv=conversations)
    def nudge(self, n: int, conv: str) -> None:
        device = self.phones[n % len(self.phones)].session.device
        for phone in self.phones:
            if phone.session.device == device and conv in phone.session.cursors:
                phone.at[conv] = phone.session.cursors[conv].stored.position
        self.hub.nudge(conv, device)

    # What must hold

    @invariant()
    def everyone_is_told_in_order_and_only_what_is_theirs(self) -> None:
        for phone in self.phones + self.gone:
            phone.take(self.log)

    @invariant()
    def the_window_is_what_is_on_its_way(self) -> None:
        for phone in self.phones:
            cursors = phone.session.cursors
            on_their_way = [cursor.pushed - cursor.stored.position for cursor in cursors.values()]
            assert all(each >= 0 for each in on_their_way)
            assert phone.session.unacked == sum(on_their_way)
            assert all(cursor.pushed <= self.log[conv].head for conv, cursor in cursors.items())

    @invariant()
    def nobody_who_went_is_kept(self) -> None:
        kept = set(self.hub.sessions()) | {s for room in self.hub.rooms.values() for s in room.sessions}
        assert not kept & {phone.session for phone in self.gone}

    def settle(self) -> None:
        """No more faults: reconcile tells heads and members, phones acknowledge. All reach the head."""
        self.enter_all()
        for _ in range(200):
            for conv, stands in self.log.items():
                self.hub.members(conv, stands.members_rev, set(stands.members))
                self.hub.raise_head(conv, stands.head)
            self.read_page()
            while self.read_pages:
                self.offer_page(0)
            self.everyone_is_told_in_order_and_only_what_is_theirs()
            for phone in self.phones:
                self._acknowledge_all(phone)
        for conv, stands in self.log.items():
            for phone in self.phones:
                if phone.session.user in stands.members:
                    assert phone.knows_upto(conv) == stands.head
                else:
                    assert conv not in phone.session.cursors

    def _acknowledge_all(self, phone: Phone) -> None:
        was_full = phone.session.is_full
        for conv in phone.session.cursors:
            if phone.knows_upto(conv):
                phone.session.store(conv, phone.knows_upto(conv), cumulative=True)
        if was_full and not phone.session.is_full:
            self.hub.resume(phone.session)


HubMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestHub = HubMachine.TestCase


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
    hub.enter(session, summary(conv, head), Cursor(0, 0))
    session.begin()
    return session


def frames(session: Session) -> list[dict[str, Any]]:
    paper: Any = session.outlet
    return list(paper.frames)


def run(first: int, last: int) -> list[Packed]:
    return [packed(seq) for seq in range(first, last + 1)]


def test_what_was_appended_while_a_conversation_was_read_is_filled(hub: Hub, wanted: set[str]) -> None:
    """The first message of a new conversation, committed between the reading and the entering."""
    session = new_session("bob")
    hub.arrive(session)
    with hub.reading():
        read = summary("c1", head=0)
        hub.deliver("c1", 1, run(1, 2))
        hub.enter(session, read, Cursor(0, 0))
    assert wanted == {"c1"} and hub.waiting("c1") == [session]


def test_a_full_window_stops_pushing_and_acknowledgements_let_it_go_on(hub: Hub, wanted: set[str]) -> None:
    session = joined(hub, "bob")
    hub.deliver("c1", 1, run(1, WINDOW))
    hub.deliver("c1", 1, run(WINDOW + 1, WINDOW + 1))
    assert session.is_full and frames(session)[-1]["entries"][-1]["seq"] == WINDOW
    assert hub.waiting("c1") == []
    session.store("c1", 10, cumulative=True)
    wanted.clear()
    hub.resume(session)
    assert wanted == {"c1"} and hub.waiting("c1") == [session]


def test_a_full_window_without_progress_is_closed(hub: Hub) -> None:
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    hub.close_stalled(100.0)
    hub.close_stalled(100.0 + STALLED_S)
    assert session.close_code is None
    hub.close_stalled(100.1 + STALLED_S)
    assert session.close_code is CloseCode.SLOW_READER


def test_a_slow_reader_that_makes_progress_is_not_closed(hub: Hub) -> None:
    """Its window stays full for minutes, for so much was on its way; each acknowledgement shows that it reads."""
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, 2 * WINDOW))
    for n in range(100):
        hub.close_stalled(10.0 * n)
        session.store("c1", n + 1, cumulative=True)
        assert session.is_full
    assert session.close_code is None


def test_an_emptied_window_is_not_held_against_it(hub: Hub) -> None:
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    hub.close_stalled(0.0)
    session.store("c1", WINDOW, cumulative=True)
    hub.close_stalled(1_000.0)
    assert session.close_code is None and not hub.full


def test_a_window_that_was_rewound_is_not_held_against_it(hub: Hub) -> None:
    """Full once, not any more, and full again much later: that is not full all the while."""
    session = joined(hub, "bob", now=1e9)
    hub.deliver("c1", 1, run(1, WINDOW))
    hub.close_stalled(0.0)
    session.rewind("c1")
    hub.close_stalled(1.0)
    hub.deliver("c1", 1, run(1, WINDOW))
    assert session.is_full
    hub.close_stalled(1_000.0)
    assert session.close_code is None


def test_silence_is_closed(hub: Hub) -> None:
    session = joined(hub, "bob")
    hub.close_stalled(SILENT_S)
    assert session.close_code is None
    hub.close_stalled(SILENT_S + 0.1)
    assert session.close_code is CloseCode.SILENT


def test_ticks_go_to_every_device_of_the_sender_in_one_frame(hub: Hub) -> None:
    first, second, other = joined(hub, "alice"), joined(hub, "alice"), joined(hub, "bob")
    acks = [("alice", {"type": "DELIVERED", "seq": n}) for n in (1, 2)]
    hub.tick(7, acks)
    assert frames(first) == frames(second) == [{"t": "ack", "acks": [ack for _, ack in acks]}]
    assert frames(other) == []
    assert hub.has_heard(7) and not hub.has_heard(8)


def test_a_tick_during_the_greeting_comes_after_it(hub: Hub) -> None:
    """The watermarks of the greeting may have been read just before; before welcome nothing is said."""
    session = new_session("alice")
    hub.arrive(session)
    hub.tick(7, [("alice", {"type": "SEEN", "seq": 3})])
    assert frames(session) == []
    session.begin()
    assert frames(session) == [{"t": "ack", "acks": [{"type": "SEEN", "seq": 3}]}]


def test_a_session_that_went_while_it_was_read_for_is_not_entered(hub: Hub) -> None:
    session = new_session("bob")
    hub.arrive(session)
    hub.leave(session)
    assert not hub.enter(session, summary("c1", 3), Cursor(0, 0))
    assert hub.rooms == {} and hub.people == {}


def test_members_read_before_a_later_change_expel_nobody(hub: Hub) -> None:
    session = joined(hub, "carol")
    hub.members("c1", 3, {"bob", "carol"})
    hub.members("c1", 2, {"bob"})
    assert "c1" in session.cursors


def test_a_summary_read_before_a_change_of_members_is_checked_before_anything_is_pushed(
    hub: Hub, wanted: set[str]
) -> None:
    """bob was removed while his conversations were read; the room here knows already."""
    alice, bob = joined(hub, "alice"), new_session("bob")
    hub.members("c1", 2, {"alice"})
    hub.arrive(bob)
    hub.enter(bob, summary("c1", 0, members_rev=1), Cursor(0, 0))
    hub.deliver("c1", 2, run(1, 1))
    assert frames(bob) == []
    hub.members("c1", 2, {"alice"})
    assert bob.cursors == {} and hub.waiting("c1") == [alice]


def test_leaving_twice_is_harmless(hub: Hub) -> None:
    session = joined(hub, "bob")
    hub.leave(session)
    hub.leave(session)
    assert hub.rooms == {} and hub.sessions() == []
