"""One signed-in socket: how far it has been sent to, how far its device has stored, and what it may be sent next.

- *pushed*: highest entry written to this socket (or named to it by ACCEPTED). Entry n goes out only after n-1.
- *stored*: the device's contiguous cursor, from its acknowledgements.
- *rev_told*, *rev_stored*: the same two for changes (edits, deletions), which are told in the order of revisions.
- The window is the sum of pushed - stored. When it is full, or what waits for the socket too large, nothing is pushed;
  acknowledgements let it go on, from the database. A conversation that could not be pushed to is *behind*.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chat.log.delta import Delta
from chat.policy.visibility import Readable
from chat.policy.window import ContiguousCursor
from chat.protocol import codec_json
from chat.protocol.codec_json import Packed
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import Absence

if TYPE_CHECKING:
    from chat.delivery.outlet import Outlet

# Entries on their way to one socket.
WINDOW = 256


# Revisions told and not acknowledged, in one conversation.
REV_WINDOW = 500


class Cursor:
    """One conversation on one socket. `seen_wanted`: a SEEN ahead of the stored cursor, restated when that rises."""

    __slots__ = ("pushed", "readable", "rev_stored", "rev_told", "seen", "seen_wanted", "stored")

    def __init__(self, position: int, rev: int, seen: int, readable: Readable) -> None:
        self.pushed = position
        self.stored = ContiguousCursor(position)
        self.rev_told = rev
        self.rev_stored = rev
        self.seen = seen
        self.seen_wanted = 0
        self.readable = readable

    @property
    def is_apart(self) -> bool:
        """Next are entries that not all members may read: this one's alone are read, with what is not there."""
        return self.pushed + 1 < self.readable.open_from


class Session:
    """State only; the hub decides when, the outlet writes."""

    __slots__ = (
        "access_rev",
        "behind",
        "close_code",
        "cursors",
        "device",
        "early",
        "full_since",
        "heard_at",
        "joined",
        "outlet",
        "owed",
        "owed_as_of",
        "owed_since",
        "ready",
        "since",
        "unacked",
        "user",
    )

    def __init__(self, user: str, device: str, outlet: Outlet, now: float, access_rev: int = 0) -> None:
        self.user = user
        self.device = device
        # The device's, when it was let in.
        self.access_rev = access_rev
        self.outlet = outlet
        self.cursors: dict[str, Cursor] = {}
        self.behind: set[str] = set()
        self.unacked = 0
        # When the window was found full, at the earliest since the last progress.
        self.full_since: float | None = None
        # Found with entries to take or to acknowledge, at the earliest since the last progress.
        self.owed_since: float | None = None
        # Connected, in milliseconds since 1970.
        self.since = time.time_ns() // 1_000_000
        self.heard_at = now
        self.close_code: CloseCode | None = None
        # Hello has been answered: conversations made from now on are introduced one by one.
        self.ready = False
        # Until then what happens is kept: ticks, and conversations that came to be while the others were read.
        self.early: list[dict[str, Any]] = []
        self.joined: list[str] = []
        # What was owed when hello was answered, as (head, rev) by conversation; all of it stored: sync_done.
        self.owed: dict[str, tuple[int, int]] = {}
        self.owed_as_of = 0

    # What goes out

    def write(self, frame: dict[str, Any]) -> None:
        self.write_text(codec_json.encode(frame))

    def write_text(self, text: str) -> None:
        if not self.outlet.write(text):
            self.end(CloseCode.SLOW_READER)

    def end(self, code: CloseCode) -> None:
        """Closes the socket, once; its consumer then meets the disconnect and leaves the hub."""
        if self.close_code is None:
            self.close_code = code
            self.outlet.close(code)

    def tick(self, acks: list[dict[str, Any]]) -> None:
        """How far others have got; nothing is told before welcome."""
        if self.ready:
            self.write_text(codec_json.ack_frame(acks))
        else:
            self.early.extend(acks)

    def begin(self, as_of: int) -> None:
        """Hello has been answered, from what was true at `as_of` (milliseconds since 1970)."""
        self.ready = True
        self.owed_as_of = as_of
        if self.early:
            self.tick(self.early)
            self.early = []
        self.owed = {conv: owed for conv, owed in self.owed.items() if not self._has(conv, owed)}
        if not self.owed:
            self._synced()

    def write_error(
        self, code: ErrorCode, text: str = "", ref: dict[str, str] | None = None, after_ms: int = 0
    ) -> None:
        frame = {
            "t": "error",
            "code": code.value,
            "text": text or code.text,
            "retryable": code.retry.value == "later",
            "retry_after_ms": after_ms,
        }
        self.write(frame | ({"ref": ref} if ref else {}))

    def offer(self, conv: str, entries: Sequence[Packed], frame: str, skip: set[int] | None = None) -> bool:
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
            frame = codec_json.messages_frame(conv, fresh) if fresh else ""
        self.unacked += last - cursor.pushed
        cursor.pushed = last
        if frame:
            self.write_text(frame)
        return True

    def offer_apart(self, conv: str, upto: int, entries: Sequence[Packed], absent: Sequence[Absence]) -> None:
        """What this person may read up to entry `upto`, and why the rest of it is not there."""
        cursor = self.cursors.get(conv)
        if cursor is None or cursor.pushed >= upto:
            return
        self.unacked += upto - cursor.pushed
        cursor.pushed = upto
        for n, run in enumerate(codec_json.frames_of(entries)):
            self.write_text(codec_json.messages_frame(conv, run, absent if n == 0 else ()))

    def pass_over(self, conv: str, horizon: int) -> None:
        """What the device lacks up to `horizon` has expired, and it is told so: the cursor goes there."""
        cursor = self.cursors.get(conv)
        if cursor is None or cursor.stored.position >= horizon:
            return
        self.unacked -= cursor.pushed - cursor.stored.position
        cursor.stored.upto(horizon)
        cursor.pushed = max(cursor.pushed, cursor.stored.position)
        self.unacked += cursor.pushed - cursor.stored.position
        self.write({"t": "reset", "conv": conv, "horizon": horizon, "why": "expired"})
        self._paid(conv)

    def may_be_told(self, conv: str, rev: int) -> bool:
        cursor = self.cursors[conv]
        return cursor.rev_told < min(rev, cursor.rev_stored + REV_WINDOW) and not self.outlet.is_crowded

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
        for frame in codec_json.changes_frames(conv, told, delta.upto):
            self.write_text(frame)

    @property
    def is_full(self) -> bool:
        return self.unacked >= WINDOW or self.outlet.is_crowded

    # What comes in

    def store(self, conv: str, seq: int, cumulative: bool) -> int | None:
        """The device has stored entry `seq` (cumulative: and all before). The cursor if it rose, else None."""
        cursor = self.cursors[conv]
        before = cursor.stored.position
        rose = cursor.stored.upto(seq) if cumulative else cursor.stored.one(seq)
        if not rose:
            return None
        after = cursor.stored.position
        if after > cursor.pushed:
            self.unacked += after - cursor.pushed
            cursor.pushed = after
        self.unacked -= after - before
        self.full_since = self.owed_since = None
        self._paid(conv)
        return after

    def store_changes(self, conv: str, rev: int) -> int | None:
        """The device has stored all changes up to `rev`. The revision if that is news, else None."""
        cursor = self.cursors[conv]
        if rev <= cursor.rev_stored:
            return None
        cursor.rev_stored = rev
        cursor.rev_told = max(cursor.rev_told, rev)
        self._paid(conv)
        return rev

    def _has(self, conv: str, owed: tuple[int, int]) -> bool:
        cursor = self.cursors.get(conv)
        return cursor is None or (cursor.stored.position >= owed[0] and cursor.rev_stored >= owed[1])

    def _paid(self, conv: str) -> None:
        if conv in self.owed and self._has(conv, self.owed[conv]):
            del self.owed[conv]
            if not self.owed and self.ready:
                self._synced()

    def _synced(self) -> None:
        self.write({"t": "sync_done", "as_of": self.owed_as_of})

    def see(self, conv: str, seq: int) -> int | None:
        """Seen up to `seq`, clamped to what is stored. The seen watermark if it rose, else None."""
        cursor = self.cursors[conv]
        cursor.seen_wanted = max(cursor.seen_wanted, seq)
        seen = min(cursor.seen_wanted, cursor.stored.position)
        if seen <= cursor.seen:
            return None
        cursor.seen = seen
        return seen

    def rewind(self, conv: str) -> None:
        """Back to what the device has acknowledged: what was pushed since may be lost."""
        cursor = self.cursors[conv]
        self.unacked -= cursor.pushed - cursor.stored.position
        cursor.pushed = cursor.stored.position
        cursor.rev_told = cursor.rev_stored

    def drop(self, conv: str) -> None:
        """The person is no longer in this conversation."""
        cursor = self.cursors.pop(conv, None)
        self.behind.discard(conv)
        if cursor is None:
            return
        self.unacked -= cursor.pushed - cursor.stored.position
        self.write({"t": "left", "conv": conv})
        self._paid(conv)
