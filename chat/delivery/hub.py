"""The hub: all sockets of a process, and who of them is owed what.

Everything here runs in the event loop without awaiting: committed batches, layer events, fills and nudges come in,
writes to outlets go out. What is known of a conversation is its room (room.py).
"""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from chat.delivery.cursor import Cursor
from chat.delivery.flight import Flight
from chat.delivery.room import Known, Room
from chat.delivery.session import Session
from chat.delivery.watchdog import Watchdog
from chat.inbox.sync import Summary
from chat.policy.visibility import Readable
from chat.protocol.frames import Entry
from chat.protocol.packed import Packed

# Change rows whose layer event was heard, remembered so that reconcile need not repeat them.
HEARD = 2_000


class Hub:
    """`need_fill(conv)`: some session is behind. `need_members(conv)`: who belongs to it has changed."""

    def __init__(self, need_fill: Callable[[str], None], need_members: Callable[[str], None]) -> None:
        self.need_fill = need_fill
        self.need_members = need_members
        self.rooms: dict[str, Room] = {}
        self.people: dict[str, set[Session]] = {}
        self.watchdog = Watchdog()
        self.flight = Flight()
        self._heard: deque[int] = deque(maxlen=HEARD)
        # Heads, revisions and blocks that went by while some session was reading its conversations, in no room yet.
        self._loading = 0
        self._passed: dict[str, int] = {}
        self._passed_revs: dict[str, int] = {}
        self._passed_blocks: dict[str, bool] = {}

    # Sessions

    def sessions(self) -> list[Session]:
        return [session for sessions in self.people.values() for session in sessions]

    def arrive(self, session: Session) -> None:
        """It has said hello: from now on the session gets its person's ticks. Before its conversations are read."""
        self.watchdog.strangers.discard(session)
        self.people.setdefault(session.user, set()).add(session)

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """While conversations are read from the database and entered: nothing that happens meanwhile is missed."""
        self._loading += 1
        try:
            yield
        finally:
            self._loading -= 1
            if not self._loading:
                self._passed.clear()
                self._passed_revs.clear()
                self._passed_blocks.clear()

    @property
    def is_reading(self) -> bool:
        return self._loading > 0

    def enter(self, session: Session, summary: Summary, cursor: Cursor) -> bool:
        """The session joins the conversation's room and is filled. False: its socket went while it was read."""
        if session not in self.people.get(session.user, ()):
            return False
        room = self.rooms.get(summary.conv)
        if room is None:
            room = self.rooms[summary.conv] = Room(
                summary.conv, summary.head, summary.rev, summary.members_rev, summary.roster_rev
            )
        # Read before the room's last change of members: they are read again before anything is pushed.
        room.members_rev = min(room.members_rev, summary.members_rev)
        room.roster_rev = min(room.roster_rev, summary.roster_rev)
        room.head = max(room.head, summary.head, self._passed.get(summary.conv, 0))
        room.rev = max(room.rev, summary.rev, self._passed_revs.get(summary.conv, 0))
        room.is_barred = self._passed_blocks.get(summary.conv, summary.own_block is not None)
        room.sessions.add(session)
        if summary.conv not in session.cursors:
            session.cursors[summary.conv] = cursor
        if session.cursors[summary.conv].pushed < room.head:
            session.behind.add(summary.conv)
            self.need_fill(summary.conv)
        elif session.cursors[summary.conv].rev_told < room.rev:
            self.need_fill(summary.conv)
        return True

    def leave(self, session: Session) -> None:
        """The socket is gone. Harmless when called twice."""
        sessions = self.people.get(session.user)
        if sessions is not None:
            sessions.discard(session)
            if not sessions:
                del self.people[session.user]
        for conv in session.cursors:
            self._leave_room(session, conv)
        self.watchdog.forget(session)

    def expel(self, session: Session, conv: str, ending: Entry | None = None) -> None:
        """The person does not belong to the conversation any more, and is told so."""
        self._leave_room(session, conv)
        session.drop(conv, ending)

    def _leave_room(self, session: Session, conv: str) -> None:
        room = self.rooms.get(conv)
        if room is not None:
            room.sessions.discard(session)
            if not room.sessions:
                del self.rooms[conv]

    def store(self, session: Session, conv: str, seq: int, cumulative: bool) -> int | None:
        """The device has stored entry `seq` (cumulative: and all before). Its cursor if it rose, else None."""
        before = session.cursors[conv].stored
        after = session.store(conv, seq, cumulative)
        if after is not None:
            self.flight.arrived(session, conv, before, after)
        return after

    # Entries

    def raise_head(self, conv: str, head: int) -> None:
        """The log has entries up to `head`: whoever has not been pushed them is filled."""
        if self._loading:
            self._passed[conv] = max(self._passed.get(conv, 0), head)
        room = self.rooms.get(conv)
        if room is None or head <= room.head:
            return
        room.head = head
        for session in room.sessions:
            session.behind.add(conv)
        self.need_fill(conv)

    def deliver(self, conv: str, members_rev: int, entries: Sequence[Packed], known: Known | None = None) -> None:
        """A contiguous run of entries, fresh or filled."""
        head = entries[-1].seq
        if self._loading:
            self._passed[conv] = max(self._passed.get(conv, 0), head)
        room = self.rooms.get(conv)
        if room is None:
            return
        room.head = max(room.head, head)
        if members_rev > room.members_rev:
            # Nobody is pushed anything until it is known who belongs here.
            self.need_members(conv)
            return
        self.flight.departed(conv, entries)
        if not room.offer(entries, known or {}, self.watchdog.full):
            self.need_fill(conv)

    def raise_rev(self, conv: str, rev: int) -> None:
        """There are changes up to `rev`: whoever has not been told is."""
        if self._loading:
            self._passed_revs[conv] = max(self._passed_revs.get(conv, 0), rev)
        room = self.rooms.get(conv)
        if room is not None and rev > room.rev:
            room.rev = rev
            self.need_fill(conv)

    def bar(self, conv: str, is_barred: bool) -> None:
        """One of the two has blocked the other, or not any more."""
        if self._loading:
            self._passed_blocks[conv] = is_barred
        if room := self.rooms.get(conv):
            room.is_barred = is_barred

    def members(
        self,
        conv: str,
        members_rev: int,
        readable: Mapping[str, Readable],
        endings: Mapping[str, Entry] = MappingProxyType({}),
    ) -> None:
        """Who belongs to the conversation now, and what they may read; the others' sockets leave it, with what ended
        their stay, then pushing goes on."""
        room = self.rooms.get(conv)
        if room is None or members_rev < room.members_rev:
            return
        news, gone = room.admit(members_rev, readable)
        for session in gone:
            self.expel(session, conv, endings.get(session.user))
        # Not when nothing has changed: a hole that cannot be filled asks for this, and would again.
        if news or gone:
            self.catch_up(conv)

    def catch_up(self, conv: str) -> None:
        """Has those filled who are below the room's head or revision."""
        room = self.rooms.get(conv)
        if room is not None and (room.lacking() or room.untold()):
            self.need_fill(conv)

    def resume(self, session: Session) -> None:
        """Acknowledgements came: what could not be pushed before may be now."""
        if not session.behind or session.is_full:
            return
        self.watchdog.full.discard(session)
        for conv in session.behind:
            self.need_fill(conv)

    def nudge(self, conv: str, device: str) -> None:
        """The device has not acknowledged what it was pushed: push it again, from where it is known to stand."""
        room = self.rooms.get(conv)
        for session in room.sessions if room else ():
            if session.device == device:
                session.rewind(conv)
        self.catch_up(conv)

    def typing(self, conv: str, members_rev: int, user: str) -> None:
        """Seen from another process. Unless both know the same members, one of them is not up to date."""
        room = self.rooms.get(conv)
        if room is not None and room.members_rev == members_rev:
            room.typing(user)

    # Ticks

    def tick(self, change: int | None, acks: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Tells senders how far others have got: pairs of (sender's user id, acknowledgement)."""
        if change is not None:
            self._heard.append(change)
        mail: dict[Session, list[dict[str, Any]]] = {}
        for user, ack in acks:
            for session in self.people.get(user, ()):
                mail.setdefault(session, []).append(ack)
        for session, told in mail.items():
            self._tick(session, told)

    def begin(self, session: Session, as_of: int) -> None:
        """Hello has been answered, from what was true at `as_of` (milliseconds since 1970)."""
        session.ready = True
        early, session.early = session.early, []
        self._tick(session, early)
        session.begin(as_of)

    def _tick(self, session: Session, acks: list[dict[str, Any]]) -> None:
        """Kept, as they are, until hello is answered. Who counts for a tick may depend on when they were there
        (`roster_rev`): if that is newer than what is known here, the members are told anew, with how far each has got,
        and not this before them."""
        if not session.ready:
            session.early.extend(acks)
            return
        told = []
        for ack in acks:
            if "roster_rev" not in ack:
                told.append(ack)
                continue
            room = self.rooms.get(ack["conv"])
            if room is not None and room.roster_rev < ack["roster_rev"]:
                self.need_members(room.conv)
            else:
                told.append({key: value for key, value in ack.items() if key != "roster_rev"})
        if told:
            session.acknowledge(told)

    def has_heard(self, change: int) -> bool:
        return change in self._heard
