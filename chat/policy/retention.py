"""What expires, for whom and how far (spec H3): rules over positions, without I/O.

A span is (first, last), both included. What expires is always the old end of a log, so one number tells it: the
newest seq that is gone. Nothing here looks at a clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chat.policy.visibility import Span, Stay


@dataclass(frozen=True, slots=True)
class Media:
    """An attachment a device has not taken yet. `at`: when its entry was written; `size` in bytes."""

    conv: str
    seq: int
    at: datetime
    size: int


def lapsing(stays: Iterable[Stay], reached: int, upto: int) -> list[Span]:
    """What lapses for a person when everything through `upto` expires: what was for them and lies above `reached`
    (what a device of theirs took, what lapsed before, what is gone for everyone). Ascending, without overlaps."""
    spans: list[Span] = []
    for stay in sorted(stays, key=lambda stay: stay.first):
        first = max(stay.first, reached + 1)
        last = upto if stay.last is None else min(upto, stay.last)
        if first <= last:
            spans.append((first, last))
            reached = last
    return spans


def withheld(media: Iterable[Media], most: int) -> dict[str, int]:
    """The media horizon of each conversation that gets one: the oldest are withheld until the rest, in all
    conversations of the device together, is at most `most` bytes. The text of an entry is never withheld."""
    horizons: dict[str, int] = {}
    kept = 0
    for item in sorted(media, key=lambda item: (item.at, item.conv, item.seq), reverse=True):
        # One that does not fit takes all that are older with it, though a smaller one might.
        kept += item.size
        if kept > most:
            horizons[item.conv] = max(horizons.get(item.conv, 0), item.seq)
    return horizons


def floor(present: int, entries: Sequence[tuple[int, datetime]], limit: datetime) -> int:
    """Up to where a log may be removed: the run of entries (seq, written at; ascending) that follows `present`
    and is older than `limit` throughout. One young entry keeps everything above it, so that a clock that went wrong
    for a moment removes nothing early."""
    for seq, at in entries:
        if seq != present + 1 or at >= limit:
            break
        present = seq
    return present
