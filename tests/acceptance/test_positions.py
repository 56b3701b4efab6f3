"""Where a device stands: restated when acknowledgements were lost, taken back when a store was, nudged when silent."""

from typing import Any

import psycopg
import pytest

from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.wire import Wire, connect
from tests.waiting import until

pytestmark = pytest.mark.acceptance

DUE = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, next_attempt_at)
VALUES (%s, %s, 0, %s, now()) ON CONFLICT (conversation_id, device_id) DO UPDATE
SET attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at
"""
PLAN = """
SELECT attempts, extract(epoch FROM next_attempt_at - now())::float, received_seq FROM chat_inbox
WHERE conversation_id = %s AND device_id = %s
"""


def sql(house: House, query: str, *parameters: Any) -> Any:
    with psycopg.connect(house.dsn) as connection:
        cursor = connection.execute(query, parameters)
        return cursor.fetchone() if cursor.description else None


async def three(alice: Wire, cast: Cast) -> str:
    conv = await alice.open(cast.bob.username)
    for n in range(3):
        await alice.send(conv, f"{n}")
    return conv


async def test_lost_acknowledgements_are_restated(house: House, cast: Cast) -> None:
    """By hello for what was stored in an earlier connection, by a heartbeat for what was in this one."""
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await three(alice, cast)
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(positions=[{"conv": conv, "received": 2, "seen": 1}])
            await alice.tick(conv, "DELIVERED", 2)
            await alice.tick(conv, "SEEN", 1)
            assert (await bob.entry(conv, 3))["seq"] == 3
            assert not [frame for frame in bob.of("messages") if frame["entries"][0]["seq"] < 3]
            ping = {"t": "ping", "positions": [{"conv": conv, "received": 3, "seen": 3}]}
            await bob.ask(ping, "pong")
            await alice.tick(conv, "SEEN", 3)
            pong = await bob.ask(ping, "pong")
            assert pong["positions"] == [{"conv": conv, "received": 3, "rev": 0, "seen": 3}]


async def test_a_lost_store_is_filled_again_and_nothing_falls(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await three(alice, cast)
        async with connect(house.addresses[1], cast.bob) as bob:
            await bob.entry(conv, 3)
            await bob.delivered(conv, 3)
            await alice.tick(conv, "DELIVERED", 3)
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(positions=[{"conv": conv, "received": 0}])
            assert (await bob.entry(conv, 1))["body"] == "0"
            pong = await bob.ask({"t": "ping", "positions": [{"conv": conv, "received": 0}]}, "pong")
            assert pong["positions"][0]["received"] == 3
            assert bob.conversations[conv]["received"] == 3
        # A position beyond the log counts as its head.
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(positions=[{"conv": conv, "received": 2**63 - 1, "seen": 2**63 - 1}])
            assert (await alice.send(conv, "next"))["seq"] == 4
            assert (await bob.entry(conv, 4))["body"] == "next"
            await alice.tick(conv, "SEEN", 3)


async def test_positions_of_another_epoch_count_for_nothing(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await three(alice, cast)
        claim = [{"conv": conv, "received": 3, "seen": 3}]
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(epoch="01a20d51-c834-714c-b108-1217ce6921fc", positions=claim)
            assert bob.welcome["epoch"] == alice.welcome["epoch"]
            # Pushed from where the server holds the device; no tick by what was claimed.
            assert (await bob.entry(conv, 1))["body"] == "0"
            info = await alice.ask({"t": "info", "conv": conv, "seq": 1}, "info")
            assert info["people"][0]["delivered_at"] is None
        async with connect(house.addresses[1], cast.bob, hello=False) as bob:
            await bob.greet(epoch=alice.welcome["epoch"], positions=claim)
            await alice.tick(conv, "SEEN", 3)


async def test_who_does_not_acknowledge_is_nudged(house: House, cast: Cast) -> None:
    """Pushed again by the sweep with E1's pauses (here the fourth: 4 s, give or take 30 %), until it acknowledges."""
    async with connect(house.addresses[0], cast.alice) as alice, connect(house.addresses[1], cast.bob) as bob:
        conv = await three(alice, cast)
        await bob.entry(conv, 3)
        bob.heard.clear()
        sql(house, DUE, conv, cast.bob.device, 3)
        assert (await bob.entry(conv, 1, 30))["body"] == "0"
        await until(lambda: sql(house, PLAN, conv, cast.bob.device)[0] >= 4)
        attempts, pause, received = sql(house, PLAN, conv, cast.bob.device)
        assert received == 0 and pause <= 5.2 * 2 ** (attempts - 4)
        # The last attempt: nudged once more, then given up; what is owed stays owed.
        bob.heard.clear()
        sql(house, DUE, conv, cast.bob.device, 9)
        await until(lambda: sql(house, PLAN, conv, cast.bob.device)[:2] == (10, None))
        assert (await bob.entry(conv, 1, 30))["body"] == "0"
        await bob.delivered(conv, 3)
        await alice.tick(conv, "DELIVERED", 3)
        assert sql(house, PLAN, conv, cast.bob.device)[::2] == (0, 3)
