"""What one's own message shows, from how far the others have got. Pure; tests/shared/ticks.json holds this, the
server and the browser to one rule.

All the others present whom it is for are asked; for nobody, it is sent. A watermark above a lapse says nothing about
what lapsed: between two people that is failed, in a group not reached.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

# One end of a range that goes on is None.
Ranges = Iterable[Iterable[int | None]]
Member = Mapping[str, Any]


class Status(str, Enum):
    """`rejected` and `failed` before it was taken; `failed` also when it expired before anyone took it."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    FAILED = "failed"
    REJECTED = "rejected"


def tick(seq: int, others: Iterable[Member], direct: bool) -> Status:
    """`others`: {stays, delivered, seen, lapsed?} of each, as in `conversations` frames. SENT, DELIVERED, SEEN or
    FAILED."""
    asked = [other for other in others if _within(other["stays"], seq)]
    if not asked:
        return Status.SENT
    missed = [_within(other.get("lapsed", ()), seq) for other in asked]
    if direct and any(missed):
        return Status.FAILED
    for kind, status in (("seen", Status.SEEN), ("delivered", Status.DELIVERED)):
        if not any(missed) and all(other[kind] >= seq for other in asked):
            return status
    return Status.SENT


def _within(ranges: Ranges, seq: int) -> bool:
    return any(first is not None and first <= seq and (last is None or seq <= last) for first, last in ranges)
