"""One conversation with at least one socket in this process: how far its log goes, and who of the sockets lacks what.

A room's head and rev only say what exists. Each session is pushed entry n only after n - 1, and told of changes only
in the order of their revisions; who is behind is filled from the database (fill.py).
"""

from collections.abc import Collection, Mapping, Sequence

from chat.delivery.session import Session
from chat.log.delta import Delta
from chat.policy.visibility import Readable
from chat.protocol.codec import Codec, Encoded, Shared
from chat.protocol.packed import Packed

# With more sockets here than this, nobody is told who types.
CROWD = 200

Known = Mapping[Session, set[int]]
"""What sessions learn from their ACCEPTED, as seqs."""


class Room:
    """State and the rules over it; the hub decides when."""

    __slots__ = ("conv", "head", "is_barred", "members_rev", "rev", "roster_rev", "sessions")

    def __init__(self, conv: str, head: int, rev: int, members_rev: int, roster_rev: int) -> None:
        self.conv = conv
        self.head = head
        self.rev = rev
        self.members_rev = members_rev
        # How much of it everyone here was told.
        self.roster_rev = roster_rev
        self.sessions: set[Session] = set()
        # Of a 1:1: one has blocked the other.
        self.is_barred = False

    def offer(self, entries: Sequence[Packed], known: Known, full: set[Session]) -> bool:
        """A contiguous run, to everyone whose turn it is; whose window is full then is put into `full`. False: someone
        with an open window is behind."""
        behind = False
        framed: dict[Codec, list[tuple[Sequence[Packed], Encoded]]] = {}
        for session in self.sessions:
            codec = session.codec
            if codec not in framed:
                framed[codec] = [(run, codec.messages_frame(self.conv, run)) for run in codec.frames_of(entries)]
            taken = [session.offer(self.conv, run, frame, known.get(session)) for run, frame in framed[codec]]
            if session.is_full:
                full.add(session)
            elif not all(taken):
                behind = True
        return not behind

    def typing(self, user: str) -> None:
        """Somebody writes something: told to the others who are here, and take it at once."""
        if self.is_barred:
            return
        frame = Shared({"t": "typing", "conv": self.conv, "user": user})
        for session in self.sessions if len(self.sessions) <= CROWD else ():
            if session.user != user and session.ready and session.shows_presence and not session.outlet.is_behind:
                session.write_shared(frame)

    def lacking(self) -> list[Session]:
        """Marks who is below the head; those sessions."""
        late = [session for session in self.sessions if session.cursors[self.conv].pushed < self.head]
        for session in late:
            session.behind.add(self.conv)
        return late

    def waiting(self) -> list[Session]:
        """Who lacks entries, has room in its window, and may be sent more."""
        waiting = []
        for session in self.sessions:
            if self.conv not in session.behind:
                continue
            if session.cursors[self.conv].pushed >= self.head:
                session.behind.discard(self.conv)
            elif not session.is_full and not session.cursors[self.conv].is_held:
                waiting.append(session)
        return waiting

    def untold(self) -> list[Session]:
        """Who lacks changes and can take some."""
        return [session for session in self.sessions if session.may_be_told(self.conv, self.rev)]

    def tell(self, above: int, delta: Delta, users: Collection[str]) -> None:
        """All changes above revision `above`, to everyone who has been told as much and not all of it, and was asked
        for: what others have deleted for themselves is not in it."""
        for session in self.untold():
            # Read while another reading was on its way, it may hold nothing new.
            if session.user in users and above <= session.cursors[self.conv].rev_told < delta.upto:
                session.tell(self.conv, delta)

    def admit(self, members_rev: int, readable: Mapping[str, Readable]) -> tuple[bool, list[Session]]:
        """Who belongs here now, and what they may read. Whether that is news, and whose sessions have to leave."""
        news = members_rev > self.members_rev
        self.members_rev = max(self.members_rev, members_rev)
        for session in self.sessions:
            may, cursor = readable.get(session.user), session.cursors[self.conv]
            if may is not None and may != cursor.readable:
                cursor.readable = may
                news = True
        return news, [session for session in self.sessions if session.user not in readable]
