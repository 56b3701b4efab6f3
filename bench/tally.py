"""What the people of a load did and saw: counts and times, in one place for all of them."""

from array import array
from collections import Counter
from collections.abc import Sequence

KINDS = ("accepted", "pushed", "ticked", "seen")


def percentile(times: Sequence[float], share: float) -> float | None:
    """Of sorted times, by the nearest rank; None when there are none."""
    return times[min(len(times) - 1, int(share * len(times)))] if times else None


class Tally:
    """`counts` covers the whole load; latencies (seconds) and rates what was between `begin` and `end`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.sent_at: dict[str, float] = {}
        self._times = {kind: array("d") for kind in KINDS}
        self._before: Counter[str] = Counter()
        self._between: Counter[str] = Counter()
        self._began_at = 0.0
        self._seconds = 0.0

    def note(self, kind: str, seconds: float) -> None:
        self.counts[kind] += 1
        self._times[kind].append(seconds)

    def begin(self, now: float) -> None:
        """The warm-up is over."""
        self._before, self._began_at = self.counts.copy(), now
        for times in self._times.values():
            del times[:]

    def end(self, now: float) -> None:
        """Sending is over; what comes back later still counts for latencies, not for rates."""
        self._between = self.counts - self._before
        self._seconds = now - self._began_at

    def result(self) -> dict[str, object]:
        found: dict[str, object] = {"seconds": self._seconds, "counts": dict(self.counts)}
        for kind, times in self._times.items():
            ordered = sorted(times)
            found[kind] = {
                "per_s": self._between[kind] / self._seconds,
                "p50_ms": _ms(percentile(ordered, 0.50)),
                "p99_ms": _ms(percentile(ordered, 0.99)),
            }
        return found


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
