"""What does not fit into one frame, in portions that do. A thing that alone is too large goes alone: nothing is left
out. Sizes are in whatever the encoding counts.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from chat.protocol.frames import Changed

Thing = TypeVar("Thing")
Piece = TypeVar("Piece", str, bytes)


def runs(things: Sequence[Thing], sizes: Iterable[int], most: int) -> Iterator[Sequence[Thing]]:
    """At least one run, which may be empty."""
    start = total = 0
    for at, size in enumerate(sizes):
        total += size
        if total > most and at > start:
            yield things[start:at]
            start, total = at, size
    yield things[start:] if start else things


def revisions(
    changes: Sequence[Changed], pieces: Sequence[Piece], upto: int, most: int
) -> Iterator[tuple[Sequence[Piece], int]]:
    """Changes, encoded, in runs, and up to which revision all is told with each; the last one: `upto`."""
    told = 0
    for run in runs(pieces, map(len, pieces), most):
        told += len(run)
        yield run, upto if told == len(pieces) else changes[told - 1]["rev"]


def parts(pieces: Iterable[bytes], count: int, most: int) -> Iterator[tuple[Sequence[bytes], bool]]:
    """At most `count` pieces each, and whether more follow. Taken one by one, so that no more wait than one part."""
    part: list[bytes] = []
    total = 0
    for piece in pieces:
        if part and (len(part) == count or total + len(piece) > most):
            yield part, True
            part, total = [], 0
        part.append(piece)
        total += len(piece)
    yield part, False
