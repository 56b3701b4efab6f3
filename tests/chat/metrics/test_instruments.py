"""Counters and histograms against prometheus-client's own, and their way from worker to web process."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Histogram as Theirs
from prometheus_client.metrics_core import Metric
from redis import Redis

from chat.metrics import tally
from chat.metrics.instruments import SIZES, Counter, Histogram
from chat.metrics.tally import FLUSH_ROWS, KEY, NUDGES, TASK_RUNS, Tally


def samples(metric: Metric) -> dict[str, float]:
    return {f"{sample.name}{sorted(sample.labels.items())}": sample.value for sample in metric.samples}


@given(st.lists(st.integers(0, 6_000)))
def test_a_histogram_tells_what_prometheus_own_would(values: list[int]) -> None:
    ours, theirs = Histogram("sizes", "", SIZES), Theirs("sizes", "", buckets=SIZES, registry=None)
    for value in values:
        ours.observe(value)
        theirs.observe(value)
    told = samples(next(iter(theirs.collect())))
    assert samples(ours.metric()) == {name: value for name, value in told.items() if "_created" not in name}


@given(st.lists(st.lists(st.integers(0, 6_000))))
def test_drained_parts_add_up_to_the_whole(parts: list[list[int]]) -> None:
    whole, ours, fields = Histogram("sizes", "", SIZES), Histogram("sizes", "", SIZES), dict[str, float]()
    for values in parts:
        for value in values:
            whole.observe(value)
            ours.observe(value)
        for field, amount in ours.drain().items():
            fields[field] = fields.get(field, 0) + amount
    assert samples(ours.load(fields).metric()) == samples(whole.metric())


def test_a_labelled_counter_is_text_prometheus_reads() -> None:
    counter = Counter("sends", "By outcome.", "outcome")
    counter.add(of="accepted")
    counter.add(2, of="accepted")
    counter.add(of="retry")
    registry = CollectorRegistry()
    registry.register(type("Given", (), {"collect": lambda _: [counter.metric()]})())  # type: ignore[arg-type]
    assert [line for line in generate_latest(registry).decode().splitlines() if "{" in line] == [
        'sends_total{outcome="accepted"} 3.0',
        'sends_total{outcome="retry"} 1.0',
    ]


def test_workers_add_up_in_redis_and_keep_what_it_does_not_take(redis: "Redis[str]") -> None:
    for instrument in tally.INSTRUMENTS:
        instrument.drain()
    away = Redis(unix_socket_path="/nowhere")
    first, second = Tally(away), Tally(redis)
    NUDGES.add(3)
    FLUSH_ROWS.observe(7)
    TASK_RUNS.add(of="flush")
    first.add_up()
    assert not redis.exists(KEY)
    first._redis = redis
    first.add_up()
    first.add_up()
    NUDGES.add(2)
    TASK_RUNS.add(of="flush")
    second.add_up()
    tally.note_flushed(redis)
    loaded, flushed_at = tally.load(redis.hgetall(KEY))
    found = {instrument.name: samples(instrument.metric()) for instrument in loaded}
    assert found["messenger_nudges"] == {"messenger_nudges_total[]": 5}
    assert found["messenger_task_runs"] == {"messenger_task_runs_total[('task', 'flush')]": 2}
    assert found["messenger_flush_rows"]["messenger_flush_rows_bucket[('le', '5.0')]"] == 0
    assert found["messenger_flush_rows"]["messenger_flush_rows_bucket[('le', '10.0')]"] == 1
    assert found["messenger_flush_rows"]["messenger_flush_rows_sum[]"] == 7
    assert flushed_at is not None
