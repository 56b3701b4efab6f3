"""Whole processes: a phone that is away is woken up, told where and not what, once."""

import asyncio
import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.acceptance.app import apps
from tests.acceptance.conftest import Cast
from tests.acceptance.people import SignedIn
from tests.acceptance.phone import Phone
from tests.acceptance.scripts import asked
from tests.acceptance.servers import House
from tests.push_service import Answer, Browser, PushService
from tests.servers import VAPID_PRIVATE_KEY
from tests.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("wakeups")]

SECRET = "meet me behind the library"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    environment = {"VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY, "MESSENGER_PUSH_LOOPBACK": "true"}
    with House(environment=environment) as house:
        yield house


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as service:
        yield service
    assert service.faults == []


async def subscribed(house: House, who: SignedIn, service: PushService) -> Browser:
    browser = service.subscribe()
    await asyncio.to_thread(asked, house, who, "/push/subscription", browser.subscription)
    return browser


async def test_a_phone_that_is_away_is_woken_once_and_for_nothing_that_was_read_elsewhere(
    house: House, cast: Cast, service: PushService
) -> None:
    browser = await subscribed(house, cast.bob, service)
    async with Phone(house.address, cast.alice) as alice:
        async with Phone(house.address, cast.bob):
            conv = await alice.open(cast.bob.username)
        for _ in range(3):
            alice.send(conv, SECRET)
        await alice.until(lambda: not alice.store.outbox)
        await until(lambda: service.heard, 120)
        (heard,) = service.heard
        assert heard.payload == {"t": "wake", "conv": conv, "title": cast.alice.username.capitalize(), "seq": 3}
        assert SECRET not in json.dumps(heard.payload) and SECRET.encode() not in heard.body
        # His laptop reads it.
        async with Phone(house.address, await asyncio.to_thread(house.sign_in, cast.bob.username), sees=True):
            await until(lambda: not wakeups(house), 120)
        alice.send(conv, SECRET)
        await until(lambda: len(service.heard) > 1, 120)
    assert [each["seq"] for each in service.payloads(browser)] == [3, 4]
    assert service.heard[1].topic == heard.topic
    for name in ("web-1", "celery"):
        log = house.programs[name].log.read_text()
        assert SECRET not in log and browser.endpoint not in log and "Traceback" not in log


async def test_a_worker_killed_in_the_middle_is_made_up_for(house: House, cast: Cast, service: PushService) -> None:
    """What it had in hand is sent when its lease is over; nothing is sent twice."""
    browser = await subscribed(house, cast.bob, service)
    async with Phone(house.address, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        service.answers.append(Answer(hang=True))
        alice.send(conv, SECRET)
        await until(lambda: service.requests == 1, 120)
        await asyncio.to_thread(house.kill, "celery")
        await asyncio.to_thread(house.restart, "celery")
        assert not service.heard
        await asyncio.to_thread(lease_ends, house)
        await until(lambda: service.heard, 120)
        alice.send(conv, SECRET)
        await until(lambda: len(service.heard) > 1, 120)
    assert [each["seq"] for each in service.payloads(browser)] == [1, 2]
    assert service.requests == 3


def wakeups(house: House) -> int:
    with psycopg.connect(house.dsn) as connection:
        return int(connection.execute("SELECT count(*) FROM chat_wakeup").fetchall()[0][0])


def lease_ends(house: House) -> None:
    """As it would by itself within a minute."""
    with psycopg.connect(house.dsn) as connection:
        connection.execute("UPDATE chat_wakeup SET next_attempt_at = now() WHERE next_attempt_at > now()")


async def test_what_a_browser_asks_for(house: House, cast: Cast) -> None:
    assert len((await asyncio.to_thread(asked, house, cast.bob, "/push/key"))["key"]) == 87
    await asyncio.to_thread(asked, house, cast.bob, "/push/subscription", None, "DELETE")


async def test_an_app_that_is_away_is_woken_by_what_it_registered(
    house: House, cast: Cast, service: PushService
) -> None:
    """By requests alone; what cannot be used is refused, and after taking it back nobody rings."""
    browser = service.subscribe()
    path = "/devices/self/push"
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        assert (await bob.told("GET", "/push/key"))["key"]
        for wrong in (
            browser.subscription | {"endpoint": "https://elsewhere.example/x"},
            browser.subscription | {"endpoint": "http://127.0.0.1:1/x"} | {"keys": {"p256dh": "x", "auth": "y"}},
        ):
            assert await bob.refused("PUT", path, wrong) == (422, "INVALID_SUBSCRIPTION"), wrong
        assert await bob.refused("PUT", path, {"endpoint": 5}) == (422, "INVALID_REQUEST")
        for _ in range(2):
            await bob.told("PUT", path, browser.subscription, 204)
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "ring_1_0", SECRET)
        await until(lambda: service.heard, 120)
        assert service.heard[0].payload["conv"] == conv and SECRET.encode() not in service.heard[0].body
        for _ in range(2):
            await bob.told("DELETE", path, status=204)
        with psycopg.connect(house.dsn) as connection:
            query = "SELECT count(*) FROM chat_pushsubscription WHERE device_id = %s"
            assert connection.execute(query, [bob.device]).fetchone() == (0,)
