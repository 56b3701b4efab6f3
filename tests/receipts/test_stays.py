"""The tick of an entry, over all that people can do: come, go, come back, write, store, see, be too late."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from chat.policy.retention import lapsing
from chat.policy.visibility import WAITING, Stay, told
from receipts.watermarks import Claim, Kind, Mark, Member, Tick, rises, tick

NAMES = ("bob", "carol")

steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["come", "go", "store", "see", "expire"]), st.sampled_from(NAMES)),
        st.tuples(st.just("write"), st.just("")),
    ),
    min_size=12,
    max_size=40,
)


@dataclass
class Reader:
    """What the server knows of one person, and beside it the truth: what is theirs, stored and seen, entry by entry."""

    mark: Mark = field(default_factory=Mark)
    stays: list[Stay] = field(default_factory=list)
    lapsed: list[tuple[int, int]] = field(default_factory=list)
    expired: int = 0
    theirs: set[int] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    @property
    def is_present(self) -> bool:
        return bool(self.stays) and self.stays[-1].last is None

    def come(self, head: int) -> None:
        if not self.is_present:
            self.mark = self.mark if self.stays else Mark(head, head)
            self.stays.append(Stay(head + 1))

    def go(self, head: int) -> None:
        if self.is_present:
            self.stays[-1] = Stay(self.stays[-1].first, head)

    def store(self, head: int) -> None:
        """The next entry that is there for them, and has not expired."""
        waiting = [seq for seq in sorted(self.theirs - self.stored) if not self._is_lapsed(seq)]
        if self.is_present and waiting:
            self.stored.add(waiting[0])
            self._claim(head, Kind.DELIVERED, waiting[0])

    def see(self, head: int) -> None:
        if self.is_present:
            self.seen |= self.stored
            self._claim(head, Kind.SEEN, max(self.stored, default=0))

    def expire(self, head: int) -> None:
        """All there is: what no device of theirs took is lost."""
        self.lapsed += lapsing(self.stays, max(self.mark.delivered, self.expired), head)
        self.expired = head

    @property
    def member(self) -> Member:
        return Member(self.mark, tuple(self.stays), tuple(self.lapsed))

    def _is_lapsed(self, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self.lapsed)

    def _claim(self, head: int, kind: Kind, upto: int) -> None:
        self.mark, _ = rises(self.mark, head, [Claim(kind, upto, 0)])


@settings(max_examples=400)
@given(steps)
def test_a_tick_claims_what_everyone_present_has_done_and_no_less(given_steps: list[tuple[str, str]]) -> None:
    readers = {name: Reader(stays=[Stay(1)]) for name in NAMES}
    head = 0
    for act, name in given_steps:
        if act == "write":
            head += 1
            for reader in readers.values():
                if reader.is_present:
                    reader.theirs.add(head)
        else:
            getattr(readers[name], act)(head)
        present = [reader for reader in readers.values() if reader.is_present]
        for seq in range(1, head + 1):
            asked = [reader for reader in present if seq in reader.theirs]
            shown = tick(seq, [reader.member for reader in present], direct=False)
            assert shown is _truth(seq, asked), (seq, given_steps)


@dataclass
class Blocker(Reader):
    """The other one of a 1:1, who blocks silently (chat/log/silence.py) and ends it again."""

    @property
    def is_blocking(self) -> bool:
        return self.stays[-1].waits

    def block(self, head: int) -> None:
        if not self.is_blocking:
            self.go(head)
            self.stays.append(Stay(WAITING))

    def unblock(self, head: int) -> None:
        if self.is_blocking:
            self.stays.pop()
            before = self.stays[-1]
            if before.last == head:
                self.stays[-1] = Stay(before.first)
            else:
                self.stays.append(Stay(head + 1))

    def pass_over(self, head: int) -> None:
        """A device says that it has all there is up to the head: entries, or that they are not for it."""
        self.stored |= {seq for seq in self.theirs if not self._is_lapsed(seq)}
        self._claim(head, Kind.DELIVERED, head)

    def _claim(self, head: int, kind: Kind, upto: int) -> None:
        super()._claim(self.stays[-2].last or 0 if self.is_blocking else head, kind, upto)

    @property
    def member(self) -> Member:
        return Member(self.mark, tuple(told(self.stays)), tuple(self.lapsed))


@settings(max_examples=400)
@given(
    st.lists(
        st.sampled_from(["write", "write", "block", "unblock", "store", "pass_over", "see", "expire"]), max_size=40
    )
)
def test_what_is_written_to_who_blocks_silently_is_never_more_than_sent(given_steps: list[str]) -> None:
    """Not while it lasts, not after it, whatever is taken, seen or expires; all else is ticked as ever."""
    bob, head = Blocker(stays=[Stay(1)]), 0
    for act in given_steps:
        if act == "write":
            head += 1
            bob.theirs |= set() if bob.is_blocking else {head}
        else:
            getattr(bob, act)(head)
        for seq in range(1, head + 1):
            is_lost = seq in bob.theirs and bob._is_lapsed(seq)
            truth = Tick.FAILED if is_lost else _truth(seq, [bob] if seq in bob.theirs else [])
            assert tick(seq, [bob.member], direct=True) is truth, (seq, given_steps)


def _truth(seq: int, asked: list[Reader]) -> Tick:
    if asked and all(seq in reader.seen for reader in asked):
        return Tick.SEEN
    if asked and all(seq in reader.stored for reader in asked):
        return Tick.DELIVERED
    return Tick.SENT
