"""What of a log a person may read, and why the rest of a range is not there. Pure.

For one person a log is a few *spans*: the entries of their stays, above the floor, without what expired for them.
The newest span is open at its upper end: it goes wherever the head goes. A range that is asked for is answered in
full: each of its seqs is an entry or stands in an absence that says why:

    expired     below the floor, or lapsed for this person
    no_access   outside this person's stays
    deleted     theirs, and not there: they deleted it for themselves
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chat.protocol.frames import MAX_SEQ, Absence, Why

# Where a stay begins that has not begun: no entry is there.
WAITING = MAX_SEQ

Span = tuple[int, int]
"""First and last seq, both included."""


@dataclass(frozen=True, slots=True)
class Stay:
    """The entries `first` to `last` are for a person; `last` None: until they leave."""

    first: int
    last: int | None = None

    def __post_init__(self) -> None:
        if self.first < 1:
            raise ValueError(f"not a stay: {self}")

    @property
    def waits(self) -> bool:
        """Until somebody is unblocked."""
        return self.first == WAITING

    def holds(self, seq: int) -> bool:
        return self.first <= seq and (self.last is None or seq <= self.last)


@dataclass(frozen=True, slots=True)
class Readable:
    """What one person may read of one log: everything from `open_from` on, and `earlier` spans below it, ascending."""

    open_from: int = 1
    earlier: tuple[Span, ...] = ()

    @property
    def start(self) -> int:
        """The first seq there is for them."""
        return self.earlier[0][0] if self.earlier else self.open_from

    def allows(self, seq: int) -> bool:
        return seq >= self.open_from or any(first <= seq <= last for first, last in self.earlier)

    def newest(self, head: int) -> int:
        """The last readable seq of a log that goes to `head`; 0: there is none."""
        if self.open_from <= head:
            return head
        return max((min(last, head) for first, last in self.earlier if first <= head), default=0)

    def meets(self, stay: Stay) -> bool:
        """Whether an entry of that stay is among it, now or later."""
        return stay.last is None or self.next(stay.first) <= stay.last

    def next(self, seq: int) -> int:
        """The first readable seq at or above `seq`."""
        return next((max(seq, first) for first, last in self.earlier if seq <= last), max(seq, self.open_from))


def told(stays: Iterable[Stay]) -> list[Stay]:
    """As others are told of them, ascending. Who waits seems to be in the stay before, which ended untold."""
    ordered = sorted(stays, key=_order)
    if len(ordered) > 1 and ordered[-1].waits:
        return [*ordered[:-2], Stay(ordered[-2].first)]
    return ordered


def _order(stay: Stay) -> Span:
    return stay.first, MAX_SEQ if stay.last is None else stay.last


def pairs(stays: Iterable[Stay]) -> list[list[int | None]]:
    """Stays as frames have them, ascending: from, to; an open one to null. One that holds nothing is left out."""
    return [
        [stay.first, stay.last] for stay in sorted(stays, key=_order) if stay.last is None or stay.first <= stay.last
    ]


def readable(stays: Iterable[Stay], lapsed: Sequence[Span] = (), floor: int = 0) -> Readable | None:
    """None without an open stay: who has left may read nothing."""
    ordered = sorted(stays, key=lambda stay: stay.first)
    present = next((stay for stay in ordered if stay.last is None), None)
    if present is None:
        return None
    spans = [(max(stay.first, floor + 1), MAX_SEQ if stay.last is None else stay.last) for stay in ordered]
    for first, last in lapsed:
        spans = without(spans, first, last)
    closed = [(low, high) for low, high in spans if low <= high < MAX_SEQ]
    return Readable(next(low for low, high in spans if high == MAX_SEQ), tuple(sorted(closed)))


def without(spans: Iterable[Span], first: int, last: int) -> list[Span]:
    """What is left of the spans when `first` to `last` is taken out; a span that loses its middle is split."""
    if first > last:
        return list(spans)
    parts = [part for low, high in spans for part in ((low, min(high, first - 1)), (max(low, last + 1), high))]
    return [(low, high) for low, high in parts if low <= high]


def absences(
    first: int, last: int, present: Iterable[int], stays: Sequence[Stay], lapsed: Sequence[Span], floor: int
) -> list[Absence]:
    """Why each seq of `first` to `last` that is not among `present` is not there, neighbours of a kind together. The
    work is that of the entries and spans, however long the range."""
    found: list[Absence] = []
    for low, high in _holes(first, last, present):
        for start, end in _pieces(low, high, stays, lapsed, floor):
            why = _why(start, stays, lapsed, floor)
            if found and found[-1]["to"] == start - 1 and found[-1]["why"] == why:
                found[-1]["to"] = end
            else:
                found.append(Absence({"from": start, "to": end, "why": why}))
    return found


def _holes(first: int, last: int, present: Iterable[int]) -> Iterator[Span]:
    for seq in [*sorted(seq for seq in present if first <= seq <= last), last + 1]:
        if first < seq:
            yield first, seq - 1
        first = seq + 1


def _pieces(low: int, high: int, stays: Sequence[Stay], lapsed: Sequence[Span], floor: int) -> Iterator[Span]:
    """Cut wherever the reason may change."""
    starts = {floor + 1, *(stay.first for stay in stays), *(stay.last + 1 for stay in stays if stay.last is not None)}
    starts |= {edge for first, last in lapsed for edge in (first, last + 1)}
    edges = [low, *sorted(edge for edge in starts if low < edge <= high), high + 1]
    yield from ((start, after - 1) for start, after in pairwise(edges))


def _why(seq: int, stays: Sequence[Stay], lapsed: Sequence[Span], floor: int) -> Why:
    if not any(stay.holds(seq) for stay in stays):
        return "no_access"
    if seq <= floor or any(first <= seq <= last for first, last in lapsed):
        return "expired"
    return "deleted"
