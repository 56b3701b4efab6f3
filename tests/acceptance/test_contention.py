"""Two processes and a stranger's transaction want the same rows: nothing deadlocks, nothing else waits."""

import asyncio

import psycopg
import pytest

from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.wire import Wire, connect

pytestmark = pytest.mark.acceptance

KEYS = 40
ROUNDS = 10
HOLD = "SELECT 1 FROM chat_conversation WHERE id = %s FOR UPDATE"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def burst(wire: Wire, conv: str, keys: list[str], body: str) -> dict[str, str]:
    """All at once, so that they are one batch; key -> what became of it."""
    for key in keys:
        await wire.say({"t": "send", "conv": conv, "client_id": key, "body": body})
    answers = {key: await wire.answer(key) for key in keys}
    wire.heard.clear()
    return {key: answer.get("error_code", answer.get("type")) for key, answer in answers.items()}


async def test_crossed_keys_from_two_processes(house: House, cast: Cast) -> None:
    """The same keys of one person, in opposite order, with other contents, in other conversations: for each key one
    is accepted and one refused, and PostgreSQL never has to break a deadlock."""
    tablet = house.sign_in(cast.alice.username)
    async with connect(house.addresses[0], cast.alice) as one, connect(house.addresses[1], tablet) as other:
        first, second = await one.open(cast.bob.username), await one.open(cast.carol.username)
        for number in range(ROUNDS):
            keys = [f"{number}-{n}" for n in range(KEYS)]
            here, there = await asyncio.gather(
                burst(one, first, keys, "one"), burst(other, second, keys[::-1], "other")
            )
            for key in keys:
                assert {here[key], there[key]} == {"ACCEPTED", "IDEMPOTENCY_CONFLICT"}, key
    with psycopg.connect(house.dsn) as connection:
        query = "SELECT count(*), count(DISTINCT client_id) FROM chat_message WHERE sender_id = %s"
        assert connection.execute(query, [cast.alice.user]).fetchone() == (KEYS * ROUNDS, KEYS * ROUNDS)
        assert connection.execute(DEADLOCKS).fetchone() == (0,)


async def test_a_slow_transaction_holds_up_its_own_conversation_only(house: House, cast: Cast) -> None:
    async with (
        connect(house.addresses[0], cast.alice) as alice,
        Phone(house.addresses[1], cast.carol) as carol,
        await psycopg.AsyncConnection.connect(house.dsn) as stranger,
    ):
        held, free = await alice.open(cast.bob.username), await alice.open(cast.carol.username)
        await carol.until(lambda: free in carol.conversations)
        async with stranger.transaction(force_rollback=True):
            await stranger.execute(HOLD, [held])
            await alice.say({"t": "send", "conv": held, "client_id": "held", "body": "one"})
            for n in range(20):
                assert (await alice.send(free, f"{n}"))["seq"] == n + 1
            await carol.until(lambda: carol.store.received(free) == 20)
            await alice.tick(free, "DELIVERED", 20)
            # The lock is still held: its own send is told to come again.
            answer = await alice.answer("held")
            assert (answer["t"], answer["error_code"]) == ("retry", "UNAVAILABLE")
            assert answer["retry_after_ms"] > 0
        alice.heard.clear()
        assert (await alice.send(held, "one", "held"))["seq"] == 1
        assert (await alice.send(held, "two"))["seq"] == 2


async def test_a_short_transaction_is_waited_for(house: House, cast: Cast) -> None:
    """A second of someone else's lock is no reason to bother the sender; order is kept."""
    async with (
        connect(house.addresses[0], cast.alice) as alice,
        await psycopg.AsyncConnection.connect(house.dsn) as stranger,
    ):
        conv = await alice.open(cast.bob.username)
        async with stranger.transaction(force_rollback=True):
            await stranger.execute(HOLD, [conv])
            for n in range(10):
                await alice.say({"t": "send", "conv": conv, "client_id": f"{n}", "body": "x"})
            # A send elsewhere has been through: the first ten were skipped at least once.
            await alice.send(await alice.open(cast.carol.username), "elsewhere")
        assert [(await alice.answer(f"{n}"))["seq"] for n in range(10)] == list(range(1, 11))
