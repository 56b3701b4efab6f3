"""docs/operations.md lists every setting there is, and its recipes work."""

import re
from collections.abc import Callable

import httpx
import pytest
from django.db import connection

from chat.inbox import sync
from messenger import commands
from messenger.celery import app
from tests.acceptance.scrape import scrape_until
from tests.acceptance.servers import House
from tests.docs.examples import BLOCK, CLONE, DOCS, prose, rows, section

DOCUMENT = (DOCS / "operations.md").read_text()
READ = re.compile(r'\benv\.\w+\(\s*"(\w+)"|environ(?:\.get|\.setdefault)?[\[(]\s*"(\w+)"')
# Told once what recurs has run.
FIRST_RUNS = {f"messenger_{work}_age_seconds" for work in ("sweep", "flush", "thumbnails")}


def test_every_variable_that_is_read_is_listed_and_no_other() -> None:
    folders = [CLONE / name for name in ("messenger", "chat", "receipts")]
    sources = [path.read_text() for folder in folders for path in folder.rglob("*.py")]
    read = {first or second for source in sources for first, second in READ.findall(source)}
    settings = section(DOCUMENT, "Settings")
    told = {cells[0] for cells in rows(settings)} | set(re.findall(r"`((?:DJANGO|MESSENGER)_\w+)`", prose(settings)))
    assert told == read


def test_the_tasks_of_beat_are_told() -> None:
    names = {
        "flush": "the flush of receipts",
        "sweep": "the sweep for late devices",
        "prune": "the pruning of the change table",
        "expire": "expiry",
        "purge": "the removal of history",
        "wake": "the sending of wake-ups",
        "draw": "the drawing of thumbnails",
        "tidy": "the removal of files",
        "sort_in": "the sorting of new messages into the index",
    }
    paragraph = " ".join(DOCUMENT[DOCUMENT.index("What beat starts") :].split("\n\n")[0].split())
    pauses = {"every second": 1.0, "every five seconds": 5.0, "every minute": 60.0}
    told = {pause for words, pause in pauses.items() if words in paragraph}
    assert told == {entry["schedule"] for entry in app.conf.beat_schedule.values()}
    assert set(names) == set(app.conf.beat_schedule)
    assert all(name in paragraph for name in names.values())


def test_the_workers_are_the_queues_there_are() -> None:
    table = section(DOCUMENT, "Processes")
    routed = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}
    assert set(re.findall(r"-Q (\w+)", table)) == routed
    assert all("solo" in commands.worker(queue) for queue in routed)


@pytest.mark.acceptance
@pytest.mark.xdist_group("house-daphne")
def test_every_metric_is_listed_and_no_other(houses: Callable[..., House]) -> None:
    """By name and kind, as a scrape of a running messenger tells them, after the first runs of what recurs."""
    [address, *_] = houses("daphne").addresses
    scrape_until(address, lambda now: FIRST_RUNS.issubset(now))
    page = httpx.get(f"{address}/metrics").text
    found = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    table = section(DOCUMENT, "What to look at")
    assert {cells[0]: cells[1] for cells in rows(table)} == found
    used = {name for block in BLOCK.finditer(table) for name in re.findall(r"\bmessenger_\w+", block["text"])}
    assert used <= found.keys() | {f"{name}_{part}" for name in found for part in ("count", "sum", "bucket")}


@pytest.mark.django_db
def test_the_recipe_begins_a_new_epoch() -> None:
    recipes = [block["text"] for block in BLOCK.finditer(DOCUMENT) if block["info"] == "sql"]
    assert len(recipes) == 1
    with connection.cursor() as cursor:
        cursor.execute(sync.EPOCH)
        before = cursor.fetchone()
        cursor.execute(recipes[0])
        cursor.execute(sync.EPOCH)
        assert cursor.fetchone() != before
