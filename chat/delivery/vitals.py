"""How a web process is doing at this moment, in numbers: its gauges for /metrics."""

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from chat.delivery.watchdog import longest_owed

if TYPE_CHECKING:
    from chat.delivery.runtime import Runtime


def vitals(runtime: "Runtime") -> Iterator[Metric]:
    """Called in the process's event loop; walks its sockets once."""
    now = asyncio.get_running_loop().time()
    hub, committer, read_at = runtime.hub, runtime.committer, runtime.reconciler.read_at
    sessions = hub.sessions()
    gauges = {
        "messenger_sockets": ("Signed-in sockets.", len(sessions)),
        "messenger_conversations_open": ("Conversations with a socket here.", len(hub.rooms)),
        "messenger_windows_full": ("Sockets that are pushed nothing until they acknowledge.", len(hub.watchdog.full)),
        "messenger_longest_owed_seconds": (
            "Longest that a connected device has been owed entries, or owed acknowledgements, without progress.",
            longest_owed(sessions, now),
        ),
        "messenger_sends_waiting": ("Sends in the committer's queue or parked.", committer.waiting),
    }
    for name, (text, value) in gauges.items():
        yield GaugeMetricFamily(name, text, value=value)
    if read_at is not None:
        lag = "Since the database was last asked what changed; about a second when all is well."
        yield GaugeMetricFamily("messenger_reconcile_lag_seconds", lag, value=now - read_at)
    text = "Round trips made with PostgreSQL for sends."
    yield CounterMetricFamily("messenger_exchanges", text, value=committer.exchanges)
