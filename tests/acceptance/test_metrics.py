"""What /metrics says of a running messenger is what happened in it, no more and no less."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.conftest import Cast, enrol_cast, one_server
from tests.acceptance.phone import Phone
from tests.acceptance.scrape import Figures, scrape, scrape_until
from tests.acceptance.servers import Celery, House
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance

SENDS = 40
TOKEN = "a-token-for-tests"


@pytest.fixture(scope="module", params=one_server("metrics"))
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Of its own: nobody else's traffic is counted."""
    with House(web=2, server=request.param) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


def rise(before: Figures, after: Figures, name: str) -> float:
    return after.get(name, 0) - before.get(name, 0)


async def test_counts_move_by_exactly_what_happened(house: House, cast: Cast) -> None:
    here, there = house.addresses
    async with Phone(here, cast.alice) as alice, Phone(there, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await bob.until(lambda: conv in bob.conversations)
        before = await asyncio.to_thread(scrape, here), await asyncio.to_thread(scrape, there)
        assert before[0]["messenger_sockets"] == before[1]["messenger_sockets"] == 1
        for n in range(SENDS):
            alice.send(conv, f"number {n}")
        ids = (conv, cast.bob.user, "DELIVERED")
        await alice.until(lambda: alice.ticks.get(ids, 0) >= SENDS)
        # The first is repeated under its id.
        first = next(entry for entry in alice.store.entries[conv].values() if entry["seq"] == 1)
        alice.post({"t": "send", "conv": conv, "client_id": first["client_id"], "body": "number 0"})
        duplicate = 'messenger_sends_total{outcome="duplicate"}'
        delivered = "messenger_deliver_seconds_count"
        mine = await asyncio.to_thread(
            scrape_until,
            here,
            lambda now: rise(before[0], now, duplicate) and rise(before[0], now, delivered) >= SENDS,
        )
        theirs = await asyncio.to_thread(scrape, there)
    assert rise(before[0], mine, duplicate) == 1
    accepted = 'messenger_sends_total{outcome="accepted"}'
    assert rise(before[0], mine, accepted) == rise(before[0], mine, "messenger_accept_seconds_count") == SENDS
    assert rise(before[0], mine, "messenger_batch_sends_sum") == SENDS + 1
    batches = rise(before[0], mine, "messenger_batch_sends_count")
    assert 2 <= batches <= SENDS + 1
    assert rise(before[0], mine, "messenger_exchanges_total") >= 2 * batches
    assert 0 < rise(before[0], mine, "messenger_accept_seconds_sum") < 60 * SENDS
    # Each device counts where it is connected, the sender's own too.
    assert rise(before[0], mine, delivered) == rise(before[1], theirs, delivered) == SENDS
    assert rise(before[1], theirs, "messenger_deliver_seconds_sum") >= 0
    assert rise(before[1], theirs, accepted) == 0


async def test_what_was_missed_while_away_is_no_slow_delivery(house: House, cast: Cast) -> None:
    here = house.addresses[0]
    async with connect(here, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "while you are out")
        before = await asyncio.to_thread(scrape, here)
        async with connect(here, cast.bob) as bob:
            await bob.entry(conv, 1)
            await bob.delivered(conv, 1)
            await alice.tick(conv, "DELIVERED", 1)
            after = await asyncio.to_thread(scrape, here)
            await alice.delivered(conv, 1)
    assert rise(before, after, "messenger_deliver_seconds_count") == 0


async def test_the_backlog_rises_while_a_device_is_away_and_falls_after(house: House, cast: Cast) -> None:
    here, there = house.addresses
    async with Phone(here, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        before = (await asyncio.to_thread(scrape, here))["messenger_nudges_total"]
        for n in range(3):
            alice.send(conv, f"{n}")
        # Bob is away: the sweep notices it.
        waits = await asyncio.to_thread(scrape_until, here, lambda now: now["messenger_entries_waiting"] == 3)
        assert waits["messenger_inboxes_behind"] == 1
        older = await asyncio.to_thread(
            scrape_until, there, lambda now: now["messenger_oldest_undelivered_seconds"] > 3
        )
        assert older["messenger_deliveries_stuck"] == 0
        await asyncio.to_thread(scrape_until, here, lambda now: now["messenger_nudges_total"] > before)
        async with Phone(there, cast.bob):
            gone = await asyncio.to_thread(scrape_until, here, lambda now: now["messenger_inboxes_behind"] == 0)
    assert gone["messenger_entries_waiting"] == gone["messenger_oldest_undelivered_seconds"] == 0


async def test_a_device_that_owes_is_seen_where_it_is_connected(house: House, cast: Cast) -> None:
    here = house.addresses[0]
    owed = "messenger_longest_owed_seconds"
    async with connect(here, cast.alice) as alice, connect(here, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "hello?")
        await bob.entry(conv, 1)
        await alice.delivered(conv, 1)
        await asyncio.to_thread(scrape_until, here, lambda now: now[owed] > 2)
        await bob.delivered(conv, 1)
        await asyncio.to_thread(scrape_until, here, lambda now: now[owed] == 0)


async def test_celery_is_heard_of(house: House, cast: Cast) -> None:
    here = house.addresses[0]
    before = await asyncio.to_thread(scrape_until, here, lambda now: now.get('messenger_task_runs_total{task="sweep"}'))
    async with connect(here, cast.alice) as alice, connect(here, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "hi")
        await bob.entry(conv, 1)
        for wire in (alice, bob):
            await wire.delivered(conv, 1)
        await alice.tick(conv, "DELIVERED", 1)
        rows = "messenger_flush_rows_sum"
        after = await asyncio.to_thread(scrape_until, here, lambda now: rise(before, now, rows) >= 1)
    flushes = rise(before, after, "messenger_flush_rows_count")
    assert flushes == rise(before, after, "messenger_flush_seconds_count") >= 1
    assert rise(before, after, 'messenger_task_runs_total{task="flush"}') >= 1
    assert rise(before, after, 'messenger_task_failures_total{task="flush"}') == 0
    assert after["messenger_flush_age_seconds"] < 30 and after["messenger_sweep_age_seconds"] < 60


async def test_it_answers_while_the_others_are_away(house: House) -> None:
    here = house.addresses[0]
    celery, database = "messenger_celery_figures_read", "messenger_database_figures_read"
    for part, name, missing in (
        ("redis", celery, "messenger_nudges_total"),
        ("postgres", database, "messenger_entries_waiting"),
    ):
        await asyncio.to_thread(house.kill, part)
        try:
            found = await asyncio.to_thread(scrape_until, here, lambda now, name=name: now[name] == 0)
            assert missing not in found and "messenger_sockets" in found
        finally:
            await asyncio.to_thread(house.restart, part)
        await asyncio.to_thread(scrape_until, here, lambda now, name=name: now[name] == 1)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_without_a_token_a_proxy_gets_nothing(house: House, name: str) -> None:
    answer = httpx.get(f"{house.addresses[0]}/metrics", headers={name: "for=203.0.113.9"})
    assert (answer.status_code, answer.content) == (404, b"")


@pytest.mark.xdist_group("metrics-daphne")
def test_with_a_token_only_whoever_has_it_gets_something() -> None:
    with House(celery=Celery.NONE, environment={"METRICS_TOKEN": TOKEN}) as house:
        page = f"{house.address}/metrics"
        wrongs = ("", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "Bearer \u00e9")
        for wrong in wrongs:
            answer = httpx.get(page, headers={"Authorization": wrong.encode("latin-1")} if wrong else {})
            assert (answer.status_code, answer.content) == (404, b""), wrong
        assert httpx.post(page, headers={"Authorization": f"Bearer {TOKEN}"}).status_code in (403, 405)
        right = httpx.get(page, headers={"Authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200 and "messenger_sockets 0.0" in right.text
        assert right.headers["content-type"].startswith("text/plain")
