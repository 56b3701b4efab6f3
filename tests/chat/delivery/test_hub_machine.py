"""The hub and its sessions against a model of the log: whatever happens in whatever order, every socket is told a
contiguous ascending run of what it may see, and in the end all of it, with all that became of it (V6, V9, V11, V13)."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chat.delivery.hub import Hub
from chat.delivery.session import Session
from chat.inbox.sync import Summary
from chat.log.delta import Change, Delta
from chat.policy.visibility import Readable, Stay, absences, readable
from chat.protocol.frames import Changed
from tests.chat.delivery.paper import cursor_of, frames, new_session, packed, summary

CONVS = ("c1", "c2")
USERS = ("alice", "bob", "carol")
SMALL_WINDOW = 6
PAGE = 4


@dataclass
class Conversation:
    """What the database holds. `changed`: revision by seq, of its last change."""

    head: int = 0
    rev: int = 0
    members_rev: int = 1
    stays: dict[str, list[Stay]] = field(default_factory=lambda: {user: [Stay(1)] for user in USERS})
    left_rev: dict[str, int] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)

    def readable(self, user: str) -> Readable | None:
        return readable(self.stays[user])

    def everyone(self) -> dict[str, Readable]:
        return {user: may for user in USERS if (may := self.readable(user))}

    def may_see(self, user: str, seq: int) -> bool:
        return any(stay.first <= seq <= (self.head if stay.last is None else stay.last) for stay in self.stays[user])

    def delta(self, above: int) -> Delta:
        rows = sorted((rev, seq) for seq, rev in self.changed.items() if rev > above)[:PAGE]
        changes = [Change(seq, None, Changed(seq=seq, rev=rev, type="delete")) for rev, seq in rows]
        return Delta(changes, rows[-1][0] if len(rows) == PAGE else self.rev, self.members_rev)


@dataclass
class Phone:
    """What one device was told: `at` is the end of its run, `accepted` what it is known to have anyway, by ACCEPTED or
    because it acknowledged that one alone, `revs` the last change it knows of an entry, `began` the revision it
    started at."""

    session: Session
    at: dict[str, int] = field(default_factory=dict)
    accepted: dict[str, set[int]] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    revs: dict[str, dict[int, int]] = field(default_factory=dict)
    began: dict[str, int] = field(default_factory=dict)
    told_rev: dict[str, int] = field(default_factory=dict)
    read: int = 0

    def take(self, log: dict[str, Conversation]) -> None:
        written = frames(self.session)
        for frame in written[self.read :]:
            if frame["t"] == "messages":
                self._run(frame, log[frame["conv"]])
            elif frame["t"] == "changes":
                self._changes(frame, log[frame["conv"]])
        self.read = len(written)

    def _run(self, frame: dict[str, Any], conversation: Conversation) -> None:
        conv = frame["conv"]
        absent = {seq for gap in frame.get("absent", []) for seq in range(gap["from"], gap["to"] + 1)}
        told = [entry["seq"] for entry in frame["entries"]]
        assert not absent & set(told) and not any(conversation.may_see(self.session.user, seq) for seq in absent)
        for seq in sorted({*told, *absent}):
            assert seq <= conversation.head
            assert seq in absent or conversation.may_see(self.session.user, seq)
            skipped = set(range(self.at[conv] + 1, seq))
            assert seq > self.at[conv] and skipped <= self.accepted.get(conv, set())
            self.at[conv] = seq

    def _changes(self, frame: dict[str, Any], conversation: Conversation) -> None:
        conv, user = frame["conv"], self.session.user
        for change in frame["changes"]:
            assert conversation.may_see(user, change["seq"])
            assert conversation.readable(user) or change["rev"] <= conversation.left_rev[user]
            revs = self.revs.setdefault(conv, {})
            revs[change["seq"]] = max(revs.get(change["seq"], 0), change["rev"])
        assert frame["upto"] > self.told_rev.get(conv, self.began[conv])
        self.told_rev[conv] = frame["upto"]

    def knows_upto(self, conv: str) -> int:
        at = self.at[conv]
        while at + 1 in self.accepted.get(conv, ()):
            at += 1
        return at


conversations = st.sampled_from(CONVS)
numbers = st.integers(0, 10**6)
Told = st.sampled_from(["told", "head only", "lost"])


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
        self.read_pages: list[Any] = []
        self.read_members: list[tuple[str, int, dict[str, Readable]]] = []
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
        phone.session.begin(0)
        self.phones.append(phone)
        for conv in CONVS:
            self.look_up(phone, conv)

    def look_up(self, phone: Phone, conv: str) -> None:
        """Reads the conversation as `summaries` does; it is entered some time later."""
        stands = self.log[conv]
        may = stands.readable(phone.session.user)
        if may and conv not in phone.session.cursors:
            reading = ExitStack()
            reading.enter_context(self.hub.reading())
            # It goes on where it was, or begins where there is something for it.
            received = phone.stored.get(conv, may.start - 1)
            found = summary(conv, stands.head, stands.members_rev, stands.rev, received, may)
            self.read_summaries.append((phone, found, reading))

    @rule()
    def enter_all(self) -> None:
        for phone, found, reading in self.read_summaries:
            if found.conv not in phone.session.cursors:
                phone.at[found.conv] = phone.stored[found.conv] = found.received
                phone.began[found.conv] = found.rev
                phone.told_rev.pop(found.conv, None)
            entered = self.hub.enter(phone.session, found, cursor_of(found))
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

    @rule(conv=conversations, count=st.integers(1, 5), how=Told, n=numbers)
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
        authors = [phone for phone in self.phones if self.log[conv].readable(phone.session.user) and conv in phone.at]
        if not authors or n % 3:
            return None
        author = authors[n % len(authors)]
        author.accepted.setdefault(conv, set()).update(seqs)
        return {author.session: seqs}

    @rule(conv=conversations, n=numbers, how=Told)
    def change(self, conv: str, n: int, how: str) -> None:
        stands = self.log[conv]
        if stands.head:
            stands.rev += 1
            stands.changed[n % stands.head + 1] = stands.rev
            if how != "lost":
                self.hub.raise_rev(conv, stands.rev)

    @rule(conv=conversations, user=st.sampled_from(USERS[1:]))
    def remove(self, conv: str, user: str) -> None:
        stands = self.log[conv]
        if stands.readable(user):
            present = stands.stays[user].pop()
            stands.stays[user].append(Stay(present.first, stands.head))
            stands.left_rev[user] = stands.rev
            stands.members_rev += 1

    @rule(conv=conversations, user=st.sampled_from(USERS[1:]))
    def come_back(self, conv: str, user: str) -> None:
        stands = self.log[conv]
        if not stands.readable(user):
            stands.stays[user].append(Stay(stands.head + 1))
            stands.members_rev += 1

    @rule(conv=conversations)
    def read_members_now(self, conv: str) -> None:
        self.read_members.append((conv, self.log[conv].members_rev, self.log[conv].everyone()))

    @rule(n=numbers)
    def apply_members(self, n: int) -> None:
        if self.read_members:
            self.hub.members(*self.read_members.pop(n % len(self.read_members)))

    # Fills, as the filler does them: read now, offered later

    @rule()
    def read_page(self) -> None:
        for conv in list(self.wanted):
            self.wanted.discard(conv)
            room = self.hub.rooms.get(conv)
            if room is None:
                continue
            waiting = room.waiting()
            apart = [session for session in waiting if session.cursors[conv].is_apart]
            if apart:
                self._read_apart(conv, apart[0], room.head)
            elif waiting:
                first = min(session.cursors[conv].pushed for session in waiting) + 1
                self.read_pages.append((conv, self.log[conv].members_rev, first, min(first + PAGE - 1, room.head)))
            elif untold := room.untold():
                above = min(session.cursors[conv].rev_told for session in untold)
                self.read_pages.append((conv, above, self.log[conv].delta(above)))

    def _read_apart(self, conv: str, session: Session, head: int) -> None:
        stands, cursor = self.log[conv], session.cursors[conv]
        if stands.readable(session.user) is None:
            return
        first = cursor.pushed + 1
        last = min(cursor.readable.next(first) + PAGE - 1, cursor.readable.open_from - 1, head)
        there = [seq for seq in range(first, last + 1) if stands.may_see(session.user, seq)]
        absent = absences(first, last, there, stands.stays[session.user], (), 0)
        self.read_pages.append((session, conv, last, [packed(seq) for seq in there], absent))

    @rule(n=numbers)
    def offer_page(self, n: int) -> None:
        if not self.read_pages:
            return
        match self.read_pages.pop(n % len(self.read_pages)):
            case (Session() as session, conv, last, there, absent):
                cursor = session.cursors.get(conv)
                # The filler takes one page of a conversation at a time.
                if cursor is not None and there + absent and cursor.pushed + 1 == _first(there, absent):
                    session.offer_apart(conv, last, there, absent)
            case (conv, above, Delta() as delta):
                room = self.hub.rooms.get(conv)
                if room is not None and delta.members_rev <= room.members_rev:
                    room.tell(above, delta, USERS)
            case (conv, members_rev, first, last):
                self.hub.deliver(conv, members_rev, [packed(seq) for seq in range(first, last + 1)])

    @rule()
    def fill(self) -> None:
        """As it goes most of the time."""
        for _ in range(3):
            self.read_page()
            while self.read_pages:
                self.offer_page(0)
                self.everyone_is_told_in_order_and_only_what_is_theirs()

    @rule()
    def reconcile(self) -> None:
        for conv, stands in self.log.items():
            self.hub.members(conv, stands.members_rev, stands.everyone())

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
        if not cumulative:
            # Of a single one both know, also after a nudge and whatever lies below it.
            phone.accepted.setdefault(conv, set()).add(seq)
            known = phone.knows_upto(conv)
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
                cursor = phone.session.cursors[conv]
                phone.at[conv], phone.told_rev[conv] = cursor.stored, cursor.rev_stored
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
            on_their_way = [cursor.pushed - cursor.stored for cursor in cursors.values()]
            assert all(each >= 0 for each in on_their_way)
            assert phone.session.unacked == sum(on_their_way)
            assert all(cursor.pushed <= self.log[conv].head for conv, cursor in cursors.items())

    @invariant()
    def nobody_who_went_is_kept(self) -> None:
        kept = set(self.hub.sessions()) | {s for room in self.hub.rooms.values() for s in room.sessions}
        assert not kept & {phone.session for phone in self.gone}

    def settle(self) -> None:
        """No more faults: reconcile tells heads and members, phones acknowledge. All reach the head."""
        self.read_pages.clear()
        self.enter_all()
        for _ in range(200):
            for conv, stands in self.log.items():
                self.hub.members(conv, stands.members_rev, stands.everyone())
                self.hub.raise_head(conv, stands.head)
                self.hub.raise_rev(conv, stands.rev)
                self.hub.catch_up(conv)
            self.read_page()
            while self.read_pages:
                self.offer_page(0)
            self.everyone_is_told_in_order_and_only_what_is_theirs()
            for phone in self.phones:
                self._acknowledge_all(phone)
        for conv, stands in self.log.items():
            for phone in self.phones:
                self._has_everything(phone, conv, stands)

    def _has_everything(self, phone: Phone, conv: str, stands: Conversation) -> None:
        if not stands.readable(phone.session.user):
            assert conv not in phone.session.cursors
        elif conv in phone.session.cursors:
            assert phone.knows_upto(conv) == stands.head
            theirs = {
                seq: rev
                for seq, rev in stands.changed.items()
                if rev > phone.began[conv] and stands.may_see(phone.session.user, seq)
            }
            assert {seq: rev for seq, rev in phone.revs.get(conv, {}).items() if seq in theirs} == theirs

    def _acknowledge_all(self, phone: Phone) -> None:
        was_full = phone.session.is_full
        for conv, cursor in phone.session.cursors.items():
            if phone.knows_upto(conv):
                phone.session.store(conv, phone.knows_upto(conv), cumulative=True)
            phone.session.store_changes(conv, cursor.rev_told)
        if was_full and not phone.session.is_full:
            self.hub.resume(phone.session)


def _first(there: list[Any], absent: list[Any]) -> int:
    return min([entry.seq for entry in there] + [gap["from"] for gap in absent])


HubMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestHub = HubMachine.TestCase
