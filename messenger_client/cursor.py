"""What a device has stored without a gap, from entries that come in any order. Pure; tests/shared/window.json holds
this, the server and the browser to one rule."""

from collections.abc import Iterable


def contiguous(position: int, above: Iterable[int], absent: Iterable[tuple[int, int]] = ()) -> int:
    """The end of the run from `position` on, in which each seq is one of `above` (ascending) or within a range (first
    and last) that is known not to be there (ascending by its first)."""
    ranges = iter(absent)
    seqs = iter(above)
    gap, seq = next(ranges, None), next(seqs, None)
    while True:
        if seq is not None and seq <= position + 1:
            position, seq = max(position, seq), next(seqs, None)
        elif gap is not None and (gap[0] <= position + 1 or gap[1] <= position):
            position, gap = max(position, gap[1]), next(ranges, None)
        else:
            return position
