"""Watermarks: how far a person has got. They only rise, so merging is `max` and no acknowledgement can do harm.

Rules: delivered is the highest cursor of any of the person's devices, never above the head; seen never above
delivered; a claim at or below the watermark is a repeat and changes nothing. What expired for a person lies below their
watermark as soon as they take anything newer, so it is kept beside it and subtracted when a tick is computed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from chat.policy.visibility import Span, Stay


class Kind(str, Enum):
    DELIVERED = "delivered"
    SEEN = "seen"


class Tick(Enum):
    """What the sender of an entry is shown."""

    SENT = 1
    DELIVERED = 2
    SEEN = 3
    FAILED = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """One person in one conversation."""

    delivered: int = 0
    seen: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.seen <= self.delivered:
            raise ValueError(f"seen {self.seen} above delivered {self.delivered}")

    def merge(self, other: "Mark") -> "Mark":
        return Mark(max(self.delivered, other.delivered), max(self.seen, other.seen))


@dataclass(frozen=True, slots=True)
class Claim:
    """What one device says. `at`: when the server heard it, milliseconds since 1970."""

    kind: Kind
    upto: int
    at: int


@dataclass(frozen=True, slots=True)
class Rise:
    """A watermark went from `before` to `upto`."""

    kind: Kind
    before: int
    upto: int
    at: int


def rises(mark: Mark, head: int, claims: Iterable[Claim]) -> tuple[Mark, list[Rise]]:
    """The watermark after some claims, in whatever order, and what rose. Claims above the head count as the head."""
    highest: dict[Kind, Claim] = {}
    for claim in claims:
        known = highest.get(claim.kind)
        if known is None or claim.upto > known.upto:
            highest[claim.kind] = claim
    found: list[Rise] = []
    delivered, seen = mark.delivered, mark.seen
    if (stored := highest.get(Kind.DELIVERED)) and min(stored.upto, head) > delivered:
        delivered = min(stored.upto, head)
        found.append(Rise(Kind.DELIVERED, mark.delivered, delivered, stored.at))
    if (read := highest.get(Kind.SEEN)) and min(read.upto, delivered) > seen:
        seen = min(read.upto, delivered)
        found.append(Rise(Kind.SEEN, mark.seen, seen, read.at))
    return Mark(delivered, seen), found


@dataclass(frozen=True, slots=True)
class Member:
    """Another member who is present, as far as a tick depends on them. `stays`: all of theirs, earlier ones too, since
    who came back is owed what those hold. `lapsed`: what expired before any device of theirs took it."""

    mark: Mark
    stays: tuple[Stay, ...] = (Stay(1),)
    lapsed: tuple[Span, ...] = ()

    def is_asked(self, seq: int) -> bool:
        """Whether entry `seq` is for them."""
        return any(stay.holds(seq) for stay in self.stays)

    def has(self, seq: int, upto: int) -> bool:
        """Whether a watermark of theirs at `upto` means that they have `seq`."""
        return upto >= seq and not self.misses(seq)

    def misses(self, seq: int) -> bool:
        return any(first <= seq <= last for first, last in self.lapsed)


def tick(seq: int, others: Iterable[Member], direct: bool) -> Tick:
    """The tick of entry `seq` for its sender: what *all* present others it is for have reached. For no one: SENT, since
    nobody has told that they have it.

    A watermark above a lapse says nothing about what lapsed. Between two people (`direct`) a lapse is FAILED; in a
    group the entry stays SENT, and message info tells for whom it expired.
    """
    asked = [member for member in others if member.is_asked(seq)]
    if not asked:
        return Tick.SENT
    if direct and any(member.misses(seq) for member in asked):
        return Tick.FAILED
    if all(member.has(seq, member.mark.seen) for member in asked):
        return Tick.SEEN
    if all(member.has(seq, member.mark.delivered) for member in asked):
        return Tick.DELIVERED
    return Tick.SENT
