"""5,000 messages both ways while every part is killed with -9 again and again, then V1 to V10.

FAULT_MESSAGES (in all), FAULT_KILLS (of each part) and FAULT_SEED set the size; `make faults` runs it large.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from chat.protocol.frames import PROTO_SUBPROTOCOL
from tests.acceptance.phone import Phone
from tests.acceptance.servers import Celery, House
from tests.faults.checker import check
from tests.faults.history import History, Row, Sampled

MESSAGES = int(os.environ.get("FAULT_MESSAGES", "600"))
KILLS = int(os.environ.get("FAULT_KILLS", "1"))
SEED = int(os.environ.get("FAULT_SEED", str(random.SystemRandom().randrange(10**6))))
PARTS = ("web-1", "web-2", "receipts", "default", "beat", "redis", "postgres")
# How many may wait in one outbox before the writer pauses: a person does not type faster than the network for ever.
OUTBOX = 40

WATERMARKS = "SELECT conversation_id::text, user_id::text, delivered_seq, seen_seq FROM receipts_watermark"
INBOXES = "SELECT conversation_id::text, device_id::text, received_seq FROM chat_inbox"
LOG = "SELECT conversation_id::text, seq, id::text, sender_id::text, client_id, body FROM chat_message ORDER BY 1, 2"


class Pace:
    """Lets the writers go on as the faults do: each fault meets a conversation in full flow."""

    def __init__(self, steps: int) -> None:
        self._share = MESSAGES / steps
        self._step = 0
        self._changed = asyncio.Condition()

    def middle(self) -> int:
        """Entries in the log when this step's share is half written."""
        return int((self._step - 0.5) * self._share)

    async def advance(self) -> None:
        async with self._changed:
            self._step += 1
            self._changed.notify_all()

    async def turn(self, n: int) -> None:
        """Until message `n` (of both writers) may be written."""
        async with self._changed:
            await self._changed.wait_for(lambda: n < self._step * self._share)


async def write(phone: Phone, conv: str, pace: Pace, chance: random.Random) -> None:
    for n in range(MESSAGES // 2):
        await pace.turn(2 * n)
        await phone.until(lambda: len(phone.store.outbox) < OUTBOX, 180)
        reply = phone.store.received(conv) if chance.random() < 0.2 else None
        phone.send(conv, f"{phone.who.username} {n}", reply_to=reply or None)
        await asyncio.sleep(chance.uniform(0, 0.004))


def faults(chance: random.Random) -> list[str]:
    """Each part KILLS times, shuffled, and one kill between commit and answer."""
    plan = [part for part in PARTS for _ in range(KILLS)]
    chance.shuffle(plan)
    plan.insert(len(plan) // 2, "failpoint")
    return plan


async def break_things(
    house: House, phone: Phone, conv: str, plan: list[str], pace: Pace, chance: random.Random, flag: Path
) -> None:
    for part in plan:
        if part == "failpoint":
            # Before more is written: with all of it in already there would be no commit to die after.
            flag.touch()
        await pace.advance()
        if part == "failpoint":
            part = await first_dead(house)
        else:
            await phone.until(lambda: phone.store.received(conv) >= pace.middle(), 180)
            await asyncio.to_thread(house.kill, part)
        await asyncio.sleep(chance.uniform(0, 0.5))
        await asyncio.to_thread(house.restart, part)
    await pace.advance()


async def first_dead(house: House) -> str:
    async with asyncio.timeout(60):
        while True:
            for name in ("web-1", "web-2"):
                if not house.is_running(name):
                    return name
            await asyncio.sleep(0.02)


async def sample(dsn: str, history: History) -> None:
    """Watermarks and cursors as the database has them, while it is there."""
    for query, kinds in ((WATERMARKS, ("delivered", "seen")), (INBOXES, ("received",))):
        try:
            async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=2) as connection:
                for conv, who, *values in await (await connection.execute(query)).fetchall():
                    for kind, value in zip(kinds, values, strict=True):
                        history.add(Sampled(who, conv, kind, value))
        except (psycopg.Error, OSError):
            return


@asynccontextmanager
async def sampling(dsn: str, history: History) -> AsyncIterator[None]:
    async def run() -> None:
        while True:
            await sample(dsn, history)
            await asyncio.sleep(0.3)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()


def finish(dsn: str, history: History) -> None:
    with psycopg.connect(dsn) as connection:
        history.log = [Row(*row) for row in connection.execute(LOG)]
        history.watermarks = {(c, u): (d, s) for c, u, d, s in connection.execute(WATERMARKS)}
        history.inboxes = {(c, d): r for c, d, r in connection.execute(INBOXES)}


async def quiet(dsn: str, phones: list[Phone], conv: str) -> None:
    """Until the database says what the devices say: bounded, and nobody does anything."""
    async with asyncio.timeout(60):
        while True:
            with psycopg.connect(dsn) as connection:
                marks = {u: (d, s) for _, u, d, s in connection.execute(WATERMARKS)}
                cursors = {d: r for _, d, r in connection.execute(INBOXES)}
            truth = {p.who.user: (p.store.received(conv), p.store.seen.get(conv, 0)) for p in phones}
            if marks == truth and cursors == {p.who.device: p.store.received(conv) for p in phones}:
                return
            await asyncio.sleep(0.2)


@pytest.mark.faults
# Bounded by the number of faults: each takes seconds.
@pytest.mark.timeout(max(900, 60 * KILLS * len(PARTS)))
async def test_nothing_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    print(f"FAULT_SEED={SEED} FAULT_MESSAGES={MESSAGES} FAULT_KILLS={KILLS}")
    chance, history, flag = random.Random(SEED), History(), tmp_path / "failpoint"
    plan = faults(chance)
    pace = Pace(len(plan) + 1)
    house = House(web=2, celery=Celery.APART, environment={"MESSENGER_FAILPOINT": f"after_commit_once:{flag}"})
    await asyncio.to_thread(house.start)
    try:
        people = house.enrol("alice", "bob")
        async with (
            Phone(house.address, people[0], history, sees=True) as alice,
            Phone(house.address, people[1], history, sees=True, subprotocol=PROTO_SUBPROTOCOL) as bob,
            sampling(house.dsn, history),
        ):
            conv = await alice.open("bob")
            history.members[conv] = {person.user for person in people}
            await bob.until(lambda: conv in bob.conversations)
            phones = [alice, bob]
            await asyncio.gather(
                write(alice, conv, pace, chance),
                write(bob, conv, pace, chance),
                break_things(house, alice, conv, plan, pace, chance, flag),
            )
            # V10: from here nobody does anything.
            for phone in phones:
                await asyncio.wait_for(phone.is_connected.wait(), 30)
            for phone in phones:
                await phone.until(lambda phone=phone: phone.store.received(conv) == MESSAGES, 10)
            await quiet(house.dsn, phones, conv)
            await alice.until(lambda: alice.ticks.get((conv, bob.who.user, "SEEN"), 0) >= last_of(alice, conv))
            finish(house.dsn, history)
    finally:
        await asyncio.to_thread(house.stop)
    findings = check(history)
    assert not findings, "\n".join(findings[:20])
    assert not flag.exists(), "the kill between commit and answer did not happen"


def last_of(phone: Phone, conv: str) -> int:
    """The phone's own newest entry."""
    return max(seq for seq, entry in phone.store.entries[conv].items() if entry["sender"] == phone.who.user)
