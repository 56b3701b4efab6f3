"""Counters and histograms that cost a fraction of a microsecond.

prometheus-client's own take a lock and walk their buckets: some two microseconds each time, several times a message.
These are written by one thread only (a web process's event loop, a Celery worker's main thread) and read by anyone;
prometheus-client turns them into text when somebody asks. `drain` and `load` carry them from one process to another
as plain fields that can be added up.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric

Fields = dict[str, float]
"""Field -> what is to be added to it. Fields are named "metric|part"."""

# Seconds: from a quick disk to what nobody waits for.
LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000)


class Counter:
    """Only rises. With a `label`, one value for each of the label's values. `name` without its "_total"."""

    __slots__ = ("help", "label", "name", "values")

    def __init__(self, name: str, help_text: str, label: str = "") -> None:
        self.name = name
        self.help = help_text
        self.label = label
        self.values: defaultdict[str, float] = defaultdict(float)

    def add(self, amount: float = 1, of: str = "") -> None:
        self.values[of] += amount

    def drain(self) -> Fields:
        """What was added since the last time; it counts from nothing again."""
        taken, self.values = self.values, defaultdict(float)
        return {f"{self.name}|{of}": amount for of, amount in taken.items()}

    def load(self, fields: Mapping[str, float]) -> "Counter":
        """The same counter with the values of `fields`."""
        loaded = Counter(self.name, self.help, self.label)
        for part, value in _parts(self.name, fields):
            loaded.values[part] = value
        return loaded

    def metric(self) -> Metric:
        if not self.label:
            return CounterMetricFamily(self.name, self.help, value=self.values.get("", 0))
        family = CounterMetricFamily(self.name, self.help, labels=[self.label])
        for of, value in sorted(self.values.copy().items()):
            family.add_metric([of], value)
        return family


class Histogram:
    """How often a value fell between two bounds; a value on a bound belongs below it."""

    __slots__ = ("bounds", "counts", "help", "name", "sum")

    def __init__(self, name: str, help_text: str, bounds: tuple[float, ...]) -> None:
        self.name = name
        self.help = help_text
        self.bounds = bounds
        self.counts = [0.0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        self.counts[bisect_left(self.bounds, value)] += times
        self.sum += value * times

    def drain(self) -> Fields:
        counts, total = self.counts, self.sum
        self.counts, self.sum = [0.0] * len(counts), 0.0
        fields = {f"{self.name}|{n}": count for n, count in enumerate(counts) if count}
        return fields | {f"{self.name}|sum": total} if fields else {}

    def load(self, fields: Mapping[str, float]) -> "Histogram":
        loaded = Histogram(self.name, self.help, self.bounds)
        for part, value in _parts(self.name, fields):
            if part == "sum":
                loaded.sum = value
            elif part.isdecimal() and int(part) < len(loaded.counts):
                loaded.counts[int(part)] = value
        return loaded

    def metric(self) -> Metric:
        buckets: list[tuple[str, float]] = []
        total = 0.0
        for bound, count in zip(
            [*(str(float(bound)) for bound in self.bounds), "+Inf"], self.counts.copy(), strict=True
        ):
            total += count
            buckets.append((bound, total))
        return HistogramMetricFamily(self.name, self.help, buckets=buckets, sum_value=self.sum)


Instrument = Counter | Histogram


def _parts(name: str, fields: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for field, value in fields.items():
        metric, _, part = field.partition("|")
        if metric == name:
            yield part, value
