"""PostgreSQL, Redis or Celery away, killed or deaf: what can go on does, the rest is told to come again, and all
work resumes by itself. Each test brings back what it took away."""

import asyncio
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from redis import Redis

from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.acceptance.wire import Frame, Wire, connect
from tests.faults.history import History

pytestmark = pytest.mark.acceptance

EACH = 100
# Below what a socket may say at once; five of them are more than the queue holds.
FLOOD = 2_800
# "Within 2 s", and what a busy machine may add.
ANSWER_S = 4.0


@asynccontextmanager
async def away(house: House, how: str, *parts: str) -> AsyncIterator[None]:
    """Killed and started again, or paused and resumed."""
    go, come = {"killed": (house.kill, house.restart), "paused": (house.pause, house.resume)}[how]
    for part in parts:
        await asyncio.to_thread(go, part)
    try:
        yield
    finally:
        for part in parts:
            await asyncio.to_thread(come, part)


def write(phones: list[Phone], conv: str) -> None:
    for n in range(EACH):
        for phone in phones:
            phone.send(conv, f"{phone.who.username} {n}")


async def through(
    house: House, cast: Cast, during: Callable[[Phone, Phone, str], Awaitable[None]], writes: int
) -> None:
    """A conversation of two phones on two processes, something that happens meanwhile, and the verdict."""
    history = History()
    async with (
        Phone(house.addresses[0], cast.alice, history, sees=True) as alice,
        Phone(house.addresses[1], cast.bob, history, sees=True) as bob,
    ):
        conv = await alice.open(cast.bob.username)
        await bob.until(lambda: conv in bob.conversations)
        write([alice, bob], conv)
        await during(alice, bob, conv)
        findings = await verdict(house, [alice, bob], conv, writes * 2 * EACH)
        assert not findings, "\n".join(findings[:20])
        last = max(seq for seq, entry in alice.store.entries[conv].items() if entry["sender"] == cast.alice.user)
        await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "SEEN"), 0) >= last)


def is_alive(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:  # noqa: S310
        return bool(answer.status == 200)


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_postgres_away_gets_retryable_answers(house: House, cast: Cast, how: str) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        before = await alice.send(conv, "before", "before")
        async with away(house, how, "postgres"):
            await alice.say({"t": "send", "conv": conv, "client_id": "during", "body": "during"})
            answer = await alice.answer("during", ANSWER_S)
            assert (answer["t"], answer["error_code"]) == ("retry", "UNAVAILABLE")
            for frame in (
                {"t": "fetch", "conv": conv, "from": 1, "to": 1},
                {"t": "info", "conv": conv, "seq": 1},
                {"t": "open", "username": cast.carol.username},
                {"t": "ping", "positions": [{"conv": conv, "received": 1}]},
            ):
                await alice.say(frame)
                error = await alice.hear("error", timeout=ANSWER_S)
                assert (error["code"], error["retryable"], error["ref"]["t"]) == ("UNAVAILABLE", True, frame["t"])
            # The process lives: what needs no database is answered.
            assert await alice.still_works()
            assert await asyncio.to_thread(is_alive, house.addresses[0])
            async with connect(house.addresses[0], cast.bob, hello=False) as bob:
                assert await bob.closed(ANSWER_S * 2) == 4500
        alice.heard.clear()
        during = await accepted(alice, conv, "during", "during")
        assert during["seq"] == 2
        assert await accepted(alice, conv, "before", "before") == before


async def accepted(wire: Wire, conv: str, body: str, client_id: str) -> Frame:
    """The same send until it is in."""
    async with asyncio.timeout(20):
        while (answer := await wire.send(conv, body, client_id)).get("type") != "ACCEPTED":
            wire.heard.clear()
    wire.heard.clear()
    return answer


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_nothing_is_lost_while_postgres_is_away(house: House, cast: Cast, how: str) -> None:
    async def during(alice: Phone, bob: Phone, conv: str) -> None:
        await alice.until(lambda: alice.store.received(conv) > EACH)
        async with away(house, how, "postgres"):
            write([alice, bob], conv)
            await alice.until(lambda: alice.retries)

    await through(house, cast, during, 2)


@pytest.mark.parametrize("how", ["killed", "paused"])
async def test_messages_flow_while_redis_is_away(house: House, cast: Cast, how: str) -> None:
    async def during(alice: Phone, bob: Phone, conv: str) -> None:
        await alice.until(lambda: alice.store.received(conv) == 2 * EACH)
        async with away(house, how, "redis"):
            write([alice, bob], conv)
            # Across processes, without a single hint.
            for phone in (alice, bob):
                await phone.until(lambda phone=phone: phone.store.received(conv) == 4 * EACH)

    await through(house, cast, during, 2)


async def test_redis_forgets_everything_in_mid_flow(house: House, cast: Cast) -> None:
    """Acknowledgements on their way, Celery's queues, all of it: put right within a minute, by nobody's doing."""

    def forget() -> None:
        with Redis.from_url(house.environment["REDIS_URL"]) as redis:
            redis.flushall()

    async def during(alice: Phone, bob: Phone, conv: str) -> None:
        for n in range(5):
            await alice.until(lambda n=n: alice.store.received(conv) >= EACH * n // 5)
            await asyncio.to_thread(forget)
        write([alice, bob], conv)
        await alice.until(lambda: alice.store.received(conv) > 2 * EACH)
        await asyncio.to_thread(forget)

    await through(house, cast, during, 2)


async def test_delivery_goes_on_without_celery_and_ticks_catch_up(house: House, cast: Cast) -> None:
    async def during(alice: Phone, bob: Phone, conv: str) -> None:
        await alice.until(lambda: alice.store.received(conv) == 2 * EACH)
        async with away(house, "killed", "celery"):
            write([alice, bob], conv)
            for phone in (alice, bob):
                await phone.until(lambda phone=phone: phone.store.received(conv) == 4 * EACH)

    await through(house, cast, during, 2)


async def test_everything_but_the_web_goes_and_comes_back(house: House, cast: Cast) -> None:
    async def during(alice: Phone, bob: Phone, conv: str) -> None:
        async with away(house, "killed", "postgres", "redis", "celery"):
            write([alice, bob], conv)
            await alice.until(lambda: alice.retries)

    await through(house, cast, during, 2)


async def test_a_flood_meets_a_bounded_queue_and_every_send_an_answer(house: House, cast: Cast) -> None:
    """With the commit path held up: what does not fit into the queue is told so, nothing is dropped silently."""
    async with AsyncExitStack() as stack:
        people = [cast.alice, *(house.sign_in(cast.alice.username) for _ in range(4))]
        wires = [await stack.enter_async_context(connect(house.addresses[0], who)) for who in people]
        conv = await wires[0].open(cast.bob.username)
        async with away(house, "paused", "postgres"):
            answers = await asyncio.gather(*(flood(wire, conv, n) for n, wire in enumerate(wires)))
        retries = [frame for frames in answers for frame in frames]
        assert len({frame["client_id"] for frame in retries}) == len(retries) == FLOOD * len(wires)
        assert {frame["error_code"] for frame in retries} == {"UNAVAILABLE", "OVERLOADED"}
        assert all(frame["retry_after_ms"] > 0 for frame in retries)
        await accepted(wires[0], conv, "afterwards", "afterwards")


async def flood(wire: Wire, conv: str, number: int) -> list[Frame]:
    for n in range(FLOOD):
        await wire.say({"t": "send", "conv": conv, "client_id": f"{number}-{n}", "body": "x"})
    return [await wire.hear("retry", timeout=60) for _ in range(FLOOD)]
