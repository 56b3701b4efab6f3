"""Reading /metrics of a running web process, as Prometheus does."""

import time
from collections.abc import Callable

import httpx
from prometheus_client.parser import text_string_to_metric_families

Figures = dict[str, float]
"""Sample -> value; labels in braces, sorted."""


def scrape(address: str) -> Figures:
    answer = httpx.get(f"{address}/metrics", timeout=30)
    assert answer.status_code == 200, answer.status_code
    found: Figures = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def scrape_until(address: str, true: Callable[[Figures], object], seconds: float = 60.0) -> Figures:
    """Asks now and then, as the figures of the database are only read every few seconds."""
    end = time.monotonic() + seconds
    while not true(found := scrape(address)):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.25)
    return found
