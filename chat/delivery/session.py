"""One signed-in socket: what its device knows and lacks (cursor.py, owed.py), and what it is sent next.

The window is the sum of what is on its way in all conversations. When it is full, or what waits for the socket too
large, nothing is pushed; acknowledgements let it go on, from the database. A conversation that could not be pushed to
is *behind*.
"""

import time
from collections.abc import Sequence
from typing import Any

from chat.delivery.cursor import Cursor
from chat.delivery.outlet import Outlet
from chat.delivery.owed import Owed
from chat.log.delta import Delta
from chat.protocol.codec import JSON, Codec, Encoded, Shared
from chat.protocol.errors import CloseCode
from chat.protocol.frames import Absence, Entry
from chat.protocol.packed import Packed

# Entries on their way to one socket.
WINDOW = 256


class Session:
    """State only; the hub decides when, the outlet writes."""

    __slots__ = (
        "access_rev",
        "address",
        "behind",
        "close_code",
        "codec",
        "cursors",
        "device",
        "early",
        "full_since",
        "good_until",
        "heard_at",
        "joined",
        "met_at",
        "outlet",
        "owed",
        "owed_since",
        "ready",
        "shows_presence",
        "since",
        "unacked",
        "user",
    )

    def __init__(
        self, user: str, device: str, outlet: Outlet, now: float, access_rev: int = 0, codec: Codec = JSON
    ) -> None:
        self.user = user
        self.device = device
        # Where from; empty: not known.
        self.address = ""
        # The device's, when it was let in.
        self.access_rev = access_rev
        self.outlet = outlet
        self.codec = codec
        self.cursors: dict[str, Cursor] = {}
        self.behind: set[str] = set()
        self.unacked = 0
        # When the window was found full, at the earliest since the last progress.
        self.full_since: float | None = None
        # Found with entries to take or to acknowledge, at the earliest since the last progress.
        self.owed_since: float | None = None
        # Connected, in milliseconds since 1970.
        self.since = time.time_ns() // 1_000_000
        self.met_at = self.heard_at = now
        # When what it was opened with expires.
        self.good_until: float | None = None
        self.close_code: CloseCode | None = None
        # Hello has been answered: conversations made from now on are introduced one by one.
        self.ready = False
        # Until then what happens is kept: ticks, and conversations that came to be while the others were read.
        self.early: list[dict[str, Any]] = []
        self.joined: list[str] = []
        self.owed = Owed()
        # Whether its person does, and so is told who types and who is online. None: not known yet.
        self.shows_presence: bool | None = None

    # What goes out

    def write(self, frame: dict[str, Any]) -> None:
        self.write_encoded(self.codec.encode(frame))

    def write_shared(self, frame: Shared) -> None:
        self.write_encoded(frame.by(self.codec))

    def write_encoded(self, frame: Encoded) -> None:
        """By this session's codec."""
        if not self.outlet.write(frame):
            self.end(CloseCode.SLOW_READER)

    def end(self, code: CloseCode) -> None:
        """Closes the socket, once; its consumer then meets the disconnect and leaves the hub."""
        if self.close_code is None:
            self.close_code = code
            self.outlet.close(code)

    def acknowledge(self, acks: list[dict[str, Any]]) -> None:
        self.write_encoded(self.codec.ack_frame(acks))

    def begin(self, as_of: int) -> None:
        """Hello has been answered, from what was true at `as_of` (milliseconds since 1970)."""
        self.ready = True
        if self.owed.begin(as_of, self.cursors):
            self._synced()

    def offer(self, conv: str, entries: Sequence[Packed], frame: Encoded, skip: set[int] | None = None) -> bool:
        """Pushes a contiguous run if it is this socket's turn for it. `frame` is the whole run encoded; `skip` are
        seqs this socket already knows from ACCEPTED. False: it is behind and must be filled."""
        cursor = self.cursors.get(conv)
        if cursor is None or cursor.pushed >= entries[-1].seq:
            return True
        if self.is_full or cursor.pushed < entries[0].seq - 1 or cursor.is_apart:
            self.behind.add(conv)
            return False
        last = entries[-1].seq
        if cursor.pushed >= entries[0].seq or skip:
            fresh = [e for e in entries if e.seq > cursor.pushed and not (skip and e.seq in skip)]
            frame = self.codec.messages_frame(conv, fresh) if fresh else ""
        self.unacked += cursor.push(last)
        if frame:
            self.write_encoded(frame)
        return True

    def offer_apart(self, conv: str, upto: int, entries: Sequence[Packed], absent: Sequence[Absence]) -> None:
        """What this person may read up to entry `upto`, and why the rest of it is not there."""
        cursor = self.cursors.get(conv)
        if cursor is None or cursor.pushed >= upto:
            return
        self.unacked += cursor.push(upto)
        for n, run in enumerate(self.codec.frames_of(entries)):
            self.write_encoded(self.codec.messages_frame(conv, run, absent if n == 0 else ()))

    def pass_over(self, conv: str, horizon: int) -> None:
        """What the device lacks up to `horizon` has expired, and it is told so: the cursor goes there."""
        cursor = self.cursors.get(conv)
        if cursor is None or cursor.stored >= horizon:
            return
        self.unacked += cursor.store(horizon, cumulative=True)
        self.write({"t": "reset", "conv": conv, "horizon": horizon, "why": "expired"})
        self._settle(conv)

    def may_be_told(self, conv: str, rev: int) -> bool:
        return self.cursors[conv].may_be_told(rev) and not self.outlet.is_crowded

    def tell(self, conv: str, delta: Delta) -> None:
        """Of changes through `delta.upto`: those it was not told of, that it may see."""
        cursor = self.cursors[conv]
        told = [
            change.told
            for change in delta.changes
            if change.told["rev"] > cursor.rev_told
            and change.user in (None, self.user)
            and cursor.readable.allows(change.seq)
        ]
        cursor.rev_told = max(cursor.rev_told, delta.upto)
        for frame in self.codec.changes_frames(conv, told, delta.upto):
            self.write_encoded(frame)

    @property
    def is_full(self) -> bool:
        return self.unacked >= WINDOW or self.outlet.is_crowded

    # What comes in

    def store(self, conv: str, seq: int, cumulative: bool) -> int | None:
        """The device has stored entry `seq` (cumulative: and all before). The cursor if it rose, else None."""
        cursor = self.cursors[conv]
        before = cursor.stored
        self.unacked += cursor.store(seq, cumulative)
        after = cursor.stored
        if after == before:
            return None
        self.full_since = self.owed_since = None
        self._settle(conv)
        return after

    def store_changes(self, conv: str, rev: int) -> int | None:
        """The device has stored all changes up to `rev`. The revision if that is news, else None."""
        if not self.cursors[conv].store_changes(rev):
            return None
        self._settle(conv)
        return rev

    def rewind(self, conv: str) -> None:
        """Back to what the device has acknowledged: what was pushed since may be lost."""
        self.unacked += self.cursors[conv].rewind()

    def drop(self, conv: str, ending: Entry | None = None) -> None:
        """The person is no longer in this conversation. `ending`: what says so in its log."""
        cursor = self.cursors.pop(conv, None)
        self.behind.discard(conv)
        if cursor is None:
            return
        self.unacked -= cursor.on_its_way
        self.write({"t": "left", "conv": conv} | ({"entry": ending} if ending else {}))
        self._settle(conv)

    def _settle(self, conv: str) -> None:
        if self.owed.left and self.owed.settle(conv, self.cursors.get(conv)):
            self._synced()

    def _synced(self) -> None:
        self.write({"t": "sync_done", "as_of": self.owed.as_of})
