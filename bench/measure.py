"""What processes and PostgreSQL have used, read from outside."""

import re
from pathlib import Path

import psutil
import psycopg

from tests.acceptance.servers import House

CELERY = ("receipts", "default", "media", "beat")
GROUPS = {"web": ("web-1",), "postgres": ("postgres",), "redis": ("redis",), "celery": CELERY}


def cpu_seconds(house: House) -> dict[str, float]:
    """User and system time so far by group, with that of children, ended ones too."""
    return {group: sum(_used(house, name) for name in names) for group, names in GROUPS.items()}


def busy_seconds() -> float:
    """CPU time of the whole machine so far, whoever used it."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq + times.steal)


def process_seconds(pid: int) -> float:
    return _family_seconds(psutil.Process(pid))


def _used(house: House, name: str) -> float:
    if name not in house.parts or not house.is_running(name):
        return 0.0
    return _family_seconds(psutil.Process(house.parts[name].pid))


def _family_seconds(parent: psutil.Process) -> float:
    used = 0.0
    for process in [parent, *parent.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            # PostgreSQL's helpers come and go; its parent has their time then.
            continue
        used += times.user + times.system + times.children_user + times.children_system
    return used


def pss_kib(pid: int) -> int:
    """Proportional set size of a process: its own memory, and its share of what it shares."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def transactions(house: House) -> int:
    """Committed so far in the messenger's database. Asked from another one, so that asking does not count."""
    with psycopg.connect(house.postgres.uri()) as connection:
        query = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'messenger'"
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])
