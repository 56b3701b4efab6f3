"""The committer against a real PostgreSQL: what it accepts is there, whatever happens around it."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from django.db import connection

from chat.log import devices
from chat.log.committer import Committer, Result
from chat.log.pending import Pending
from chat.log.transaction import BatchWriter, new_message_id
from chat.policy.decide import Accepted, Deferred, Outcome, Proposal, Refused
from chat.protocol.errors import ErrorCode
from tests.cast import Cast, Person, make_direct
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


def proposal(conv: str, person: Person, client_id: str, body: str = "hi", **more: Any) -> Proposal:
    return Proposal(conv, person.id, person.device_id, client_id, body, new_message_id(), **more)


class Outcomes:
    """Waits for answers by client_id."""

    def __init__(self) -> None:
        self.by_id: dict[str, Outcome] = {}
        self.order: list[str] = []
        self._changed = asyncio.Event()

    def __call__(self, result: Result) -> None:
        for pending, outcome in result.pairs:
            if not pending.settled:
                self.by_id[pending.proposal.client_id] = outcome
                self.order.append(pending.proposal.client_id)
        self._changed.set()

    async def of(self, client_id: str) -> Outcome:
        async with asyncio.timeout(10):
            while client_id not in self.by_id:
                self._changed.clear()
                await self._changed.wait()
        return self.by_id[client_id]


@pytest.fixture
def dsn(transactional_db: None) -> str:
    return str(connection.get_connection_params()["dbname"] and _dsn())


def _dsn() -> str:
    params = connection.get_connection_params()
    return psycopg.conninfo.make_conninfo(host=params["host"], user=params["user"], dbname=params["dbname"])


@pytest.fixture
def people(transactional_db: None) -> Cast:
    return Cast.create()


@pytest.fixture
def conv(people: Cast) -> str:
    return make_direct(people.alice, people.bob)


@pytest_asyncio.fixture
async def house(dsn: str) -> AsyncIterator[tuple[Committer, Outcomes]]:
    outcomes = Outcomes()
    committer = Committer(dsn, outcomes)
    committer.start()
    yield committer, outcomes
    await committer.stop()


Running = tuple[Committer, Outcomes]


def rows(dsn: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as direct:
        return direct.execute(query, parameters).fetchall()


LOG = "SELECT seq, client_id, body FROM chat_message WHERE conversation_id = %s ORDER BY seq"


async def test_a_batch_is_appended_in_order(house: Running, dsn: str, people: Cast, conv: str) -> None:
    committer, outcomes = house
    for n in range(50):
        assert committer.submit(proposal(conv, people.alice, f"a{n}", f"body {n}"), None)
    await outcomes.of("a49")
    assert rows(dsn, LOG, conv) == [(n + 1, f"a{n}", f"body {n}") for n in range(50)]
    assert rows(dsn, "SELECT last_seq FROM chat_conversation WHERE id = %s", conv) == [(50,)]


async def test_four_hundred_sends_make_few_exchanges(house: Running, people: Cast, conv: str) -> None:
    committer, outcomes = house
    committer.submit(proposal(conv, people.alice, "first"), None)
    await outcomes.of("first")
    batches, exchanges = committer.batches, committer.exchanges
    for n in range(400):
        committer.submit(proposal(conv, people.alice, f"a{n}"), None)
    await outcomes.of("a399")
    assert committer.batches - batches == 1
    assert committer.exchanges - exchanges <= 5


async def test_a_repeat_gets_the_same_answer(house: Running, dsn: str, people: Cast, conv: str) -> None:
    committer, outcomes = house
    committer.submit(proposal(conv, people.alice, "a1"), None)
    first = await outcomes.of("a1")
    outcomes.by_id.clear()
    committer.submit(proposal(conv, people.alice, "a1"), None)
    again = await outcomes.of("a1")
    assert isinstance(first, Accepted) and isinstance(again, Accepted)
    assert again.duplicate and again.entry == first.entry
    assert len(rows(dsn, LOG, conv)) == 1


async def test_who_was_let_in_before_a_changed_password_sends_nothing_more(
    house: Running, people: Cast, conv: str
) -> None:
    """Its socket may not have been closed yet."""
    committer, outcomes = house
    committer.submit(proposal(conv, people.alice, "a1"), None)
    assert isinstance(await outcomes.of("a1"), Accepted)
    await in_thread(devices.end_sessions, people.alice.user)
    for client_id, access_rev in (("a2", 0), ("a3", 1)):
        committer.submit(proposal(conv, people.alice, client_id, access_rev=access_rev), None)
    assert await outcomes.of("a2") == Refused(ErrorCode.AUTHENTICATION_FAILED)
    assert isinstance(await outcomes.of("a3"), Accepted)


async def test_outsiders_and_revoked_devices_are_refused(house: Running, people: Cast, conv: str) -> None:
    committer, outcomes = house
    await asyncio.to_thread(_revoke, people.bob)
    committer.submit(proposal(conv, people.mallory, "m1"), None)
    committer.submit(proposal(new_message_id(), people.mallory, "m2"), None)
    committer.submit(proposal(conv, people.bob, "b1"), None)
    assert await outcomes.of("m1") == await outcomes.of("m2") == Refused(ErrorCode.NOT_FOUND)
    assert await outcomes.of("b1") == Refused(ErrorCode.AUTHENTICATION_FAILED)


def _revoke(person: Person) -> None:
    from chat.log import devices

    assert devices.revoke(person.device)
    connection.close()


async def test_bad_data_costs_only_the_send_at_fault(house: Running, dsn: str, people: Cast, conv: str) -> None:
    """A NUL is refused at the frame; should one get past it, the database's refusal must not take others along."""
    committer, outcomes = house
    for n in range(9):
        committer.submit(proposal(conv, people.alice, f"a{n}", "b\x00d" if n == 4 else "good"), None)
    assert isinstance(await outcomes.of("a8"), Accepted)
    assert await outcomes.of("a4") == Refused(ErrorCode.INVALID_MESSAGE)
    assert [row[1] for row in rows(dsn, LOG, conv)] == [f"a{n}" for n in range(9) if n != 4]


async def test_a_held_conversation_waits_while_others_flow(house: Running, dsn: str, people: Cast, conv: str) -> None:
    committer, outcomes = house
    free = await asyncio.to_thread(_direct_in_thread, people.alice, people.carol)
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        await holder.execute("SELECT 1 FROM chat_conversation WHERE id = %s FOR NO KEY UPDATE", [conv])
        for n in range(5):
            committer.submit(proposal(conv, people.alice, f"held{n}"), None)
            committer.submit(proposal(free, people.alice, f"free{n}"), None)
        assert isinstance(await outcomes.of("free4"), Accepted)
        assert "held0" not in outcomes.by_id
        await holder.rollback()
    assert isinstance(await outcomes.of("held4"), Accepted)
    assert [row[1] for row in rows(dsn, LOG, conv)] == [f"held{n}" for n in range(5)]


def _direct_in_thread(first: Person, second: Person) -> str:
    try:
        return make_direct(first, second)
    finally:
        connection.close()


async def test_a_conversation_held_too_long_is_answered_retryable(
    house: Running, dsn: str, people: Cast, conv: str
) -> None:
    committer, outcomes = house
    async with await psycopg.AsyncConnection.connect(dsn) as holder:
        await holder.execute("SELECT 1 FROM chat_conversation WHERE id = %s FOR NO KEY UPDATE", [conv])
        committer.submit(proposal(conv, people.alice, "a1"), None)
        assert await outcomes.of("a1") == Deferred(ErrorCode.UNAVAILABLE)
        await holder.rollback()
    outcomes.by_id.clear()
    committer.submit(proposal(conv, people.alice, "a1"), None)
    assert isinstance(await outcomes.of("a1"), Accepted)
    assert len(rows(dsn, LOG, conv)) == 1


async def test_a_lost_connection_is_replaced_and_nothing_is_doubled(
    house: Running, dsn: str, people: Cast, conv: str
) -> None:
    committer, outcomes = house
    for n in range(200):
        committer.submit(proposal(conv, people.alice, f"a{n}"), None)
        if n % 40 == 0:
            await asyncio.sleep(0)
            rows(
                dsn,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%%chat_message%%'",
            )
    assert isinstance(await outcomes.of("a199"), Accepted)
    assert [row[1] for row in rows(dsn, LOG, conv)] == [f"a{n}" for n in range(200)]


async def test_crossed_client_ids_from_two_processes(dsn: str, people: Cast, conv: str) -> None:
    """Two committers insert the same keys in opposite order, with other content: one of each wins, no deadlock."""
    other = await asyncio.to_thread(_direct_in_thread, people.alice, people.carol)
    answers = Outcomes(), Outcomes()
    committers = [Committer(dsn, each) for each in answers]
    for committer in committers:
        committer.start()
    for n in range(100):
        committers[0].submit(proposal(conv, people.alice, f"k{n}", "one"), None)
        committers[1].submit(proposal(other, people.alice, f"k{99 - n}", "two"), None)
    for n in range(100):
        pair = [await each.of(f"k{n}") for each in answers]
        accepted = [outcome for outcome in pair if isinstance(outcome, Accepted)]
        assert len(accepted) == 1
        assert Refused(ErrorCode.IDEMPOTENCY_CONFLICT) in pair
    for committer in committers:
        await committer.stop()


async def test_a_full_queue_says_so(dsn: str, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.log.committer.QUEUE", 3)
    committer = Committer(dsn, Outcomes())
    taken = [committer.submit(proposal(conv, people.alice, f"a{n}"), None) for n in range(5)]
    assert taken == [True, True, True, False, False]


async def test_durability_off_accepts_nothing(dsn: str, people: Cast, conv: str) -> None:
    name = rows(dsn, "SELECT current_database()")[0][0]
    with psycopg.connect(dsn, autocommit=True) as boss:
        boss.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    outcomes = Outcomes()
    committer = Committer(dsn, outcomes)
    committer.start()
    try:
        committer.submit(proposal(conv, people.alice, "a1"), None)
        assert await outcomes.of("a1") == Deferred(ErrorCode.UNAVAILABLE)
        assert rows(dsn, LOG, conv) == []
    finally:
        with psycopg.connect(dsn, autocommit=True) as boss:
            boss.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
        await committer.stop()


async def test_a_committed_send_answered_late_is_published_all_the_same(dsn: str, people: Cast, conv: str) -> None:
    """The answer said "once more"; the entry is in the log and must reach everyone without waiting for that."""
    results: list[Result] = []
    committer = Committer(dsn, results.append)
    writer = BatchWriter(dsn)
    late = Pending(proposal(conv, people.alice, "a1"), None, deadline=0.0, settled=True)
    settled = await writer.commit([late.proposal], wait_for_locks=False)
    committer._finish([late], settled)
    await writer.close()
    assert results[0].committed is settled and results[0].pairs[0][0].settled


async def test_a_key_someone_else_is_inserting_is_waited_for_without_parking_the_batch(
    house: Running, dsn: str, people: Cast, conv: str
) -> None:
    """The wait is bounded like a lock; the batch is run again on a connection that is good."""
    committer, outcomes = house
    committer.submit(proposal(conv, people.alice, "a0"), None)
    await outcomes.of("a0")
    insert = """
        INSERT INTO chat_message
            (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, created_at)
        SELECT gen_random_uuid(), conversation_id, 99, sender_id, device_id, 'a1', digest, body, now()
        FROM chat_message WHERE client_id = 'a0'
    """
    waiting: set[int] = set()
    with psycopg.connect(dsn) as rival:
        rival.execute(insert)
        committer.submit(proposal(conv, people.alice, "a1"), None)
        committer.submit(proposal(conv, people.alice, "a2"), None)
        async with asyncio.timeout(10):
            # A second one waits: the first was given up, and its connection with it.
            while len(waiting) < 2:
                waiting |= {row[0] for row in rows(dsn, "SELECT pid FROM pg_locks WHERE NOT granted")}
                await asyncio.sleep(0.002)
        rival.rollback()
    assert isinstance(await outcomes.of("a1"), Accepted)
    assert isinstance(await outcomes.of("a2"), Accepted)
    assert [row[1] for row in rows(dsn, LOG, conv)] == ["a0", "a1", "a2"]


async def test_a_connection_broken_off_ends_its_batch_whatever_gets_the_number_of_its_descriptor(
    dsn: str, people: Cast, conv: str
) -> None:
    """Closed under who waits on it, it would be confused with the next socket, and waited for as long as that lives."""
    writer = BatchWriter(dsn)
    await writer.commit([proposal(conv, people.alice, "a0")], wait_for_locks=False)
    connection = writer._connection
    assert connection is not None
    backend, number = connection.info.backend_pid, connection.fileno()
    os.kill(backend, signal.SIGSTOP)
    stuck = asyncio.create_task(writer.commit([proposal(conv, people.alice, "a1")], wait_for_locks=False))
    pairs = []
    try:
        _, waiting = await asyncio.wait([stuck], timeout=0.3)
        assert waiting
        writer.break_connection()
        while len(pairs) < 100 and not number_of(pairs, number):
            pairs.append(socket.socketpair())
        with pytest.raises(psycopg.OperationalError):
            await asyncio.wait_for(stuck, 5)
    finally:
        os.kill(backend, signal.SIGCONT)
        for one, other in pairs:
            one.close()
            other.close()
    settled = await writer.commit([proposal(conv, people.alice, "a1")], wait_for_locks=False)
    assert isinstance(settled.outcomes[0], Accepted)
    await writer.close()


def number_of(pairs: list[tuple[socket.socket, socket.socket]], number: int) -> bool:
    return any(number in (one.fileno(), other.fileno()) for one, other in pairs)
