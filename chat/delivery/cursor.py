"""How far one socket has been sent to in one conversation, and how far its device has stored it.

- *pushed*: highest entry written to this socket (or named to it by ACCEPTED). Entry n goes out only after n-1.
- *stored*: the device's contiguous cursor, from its acknowledgements.
- *rev_told*, *rev_stored*: the same two for changes (edits, deletions), which are told in the order of revisions.

What is pushed and not stored is on its way; `stored` never passes `pushed`. Whatever moves one of the two answers by
how many more entries are on their way now (fewer: negative), so that a window over many conversations is a sum.
"""

from chat.policy.visibility import Readable
from chat.policy.window import ContiguousCursor

# Revisions told and not acknowledged, in one conversation.
REV_WINDOW = 500


class Cursor:
    """`seen_wanted`: a SEEN ahead of the stored cursor, restated when that rises. `media_horizon`: for attachments up
    to there the device gets placeholders."""

    __slots__ = (
        "_gapless",
        "_held_at",
        "media_horizon",
        "pushed",
        "readable",
        "rev_stored",
        "rev_told",
        "seen",
        "seen_wanted",
        "stored",
    )

    def __init__(self, position: int, rev: int, seen: int, readable: Readable, media_horizon: int = 0) -> None:
        self.pushed = position
        # Everything up to it is on the device. Asked for with every entry: no call.
        self.stored = position
        self._gapless = ContiguousCursor(position)
        self._held_at = -1
        self.rev_told = rev
        self.rev_stored = rev
        self.seen = seen
        self.seen_wanted = 0
        self.readable = readable
        self.media_horizon = media_horizon

    @property
    def on_its_way(self) -> int:
        return self.pushed - self.stored

    def hold(self) -> None:
        """Nothing more goes out before all that is on its way is stored: then the device passes over what expired, and
        what it acknowledges is known not to be of that."""
        self._held_at = self.pushed

    @property
    def is_held(self) -> bool:
        return self._held_at == self.pushed and self.on_its_way > 0

    @property
    def is_apart(self) -> bool:
        """Next are entries that not all members may read, or not with all they hold: this one's alone are read, with
        what is not there."""
        return self.pushed < self.apart_upto

    @property
    def apart_upto(self) -> int:
        return max(self.readable.open_from - 1, self.media_horizon)

    def push(self, upto: int) -> int:
        """Entries up to `upto`, which is above what was pushed, go out."""
        more = upto - self.pushed
        self.pushed = upto
        return more

    def store(self, seq: int, cumulative: bool) -> int:
        """The device has stored entry `seq` (cumulative: and all before), or is not owed it any more."""
        before = self.stored
        if not (self._gapless.upto(seq) if cumulative else self._gapless.one(seq)):
            return 0
        after = self.stored = self._gapless.position
        if after <= self.pushed:
            return before - after
        # A device may know more than it was pushed here.
        fewer = before - self.pushed
        self.pushed = after
        return fewer

    def rewind(self) -> int:
        """What is on its way may be lost: it goes out once more."""
        fewer = -self.on_its_way
        self.pushed = self.stored
        self.rev_told = self.rev_stored
        return fewer

    def may_be_told(self, rev: int) -> bool:
        """Of changes up to `rev`, some."""
        return self.rev_told < min(rev, self.rev_stored + REV_WINDOW)

    def store_changes(self, rev: int) -> bool:
        """The device has stored all changes up to `rev`. Whether that is news."""
        if rev <= self.rev_stored:
            return False
        self.rev_stored = rev
        self.rev_told = max(self.rev_told, rev)
        return True

    def see(self, seq: int) -> int | None:
        """Seen up to `seq`, clamped to what is stored. The seen watermark if it rose, else None."""
        self.seen_wanted = max(self.seen_wanted, seq)
        seen = min(self.seen_wanted, self.stored)
        if seen <= self.seen:
            return None
        self.seen = seen
        return seen
