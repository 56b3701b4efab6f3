"""From one process to another, with hints and without: whatever was committed arrives, with the right times."""

import asyncio
import logging
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection

from chat.delivery import reconcile
from chat.delivery.fill import PAGE
from chat.delivery.runtime import Runtime
from chat.delivery.session import WINDOW
from chat.inbox.redelivery import Nudge
from chat.log import devices
from chat.log.changes import ChangeReader
from chat.log.history import RANGE
from chat.log.pool import Database
from chat.models import Change, User
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Receipt
from tests.cast import Cast, Person
from tests.chat.process import Client, process
from tests.log import write
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]


async def greeted(runtime: Runtime, person: Person) -> Client:
    client = Client(runtime, person)
    await client.hello()
    await client.told("conversations")
    return client


async def test_without_any_hint_all_still_arrives(deaf: None, runtime: Runtime, people: Cast, conv: str) -> None:
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        for n in range(5):
            await alice.send(conv, f"a{n}", f"body {n}")
        await until(lambda: len(alice.acks("ACCEPTED")) == 5)
        await until(lambda: bob.seqs(conv) == [1, 2, 3, 4, 5])


async def test_with_hints_too_and_nothing_twice(runtime: Runtime, people: Cast, conv: str) -> None:
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        for n in range(50):
            await alice.send(conv, f"a{n}")
        await until(lambda: len(bob.seqs(conv)) == 50)
        assert bob.seqs(conv) == list(range(1, 51))


async def test_a_tick_found_by_reconcile_has_the_time_of_the_rise(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 3)
    alice = await greeted(runtime, people.alice)
    before = time.time_ns() // 1_000_000 - 300_000
    await until(lambda: runtime.reconciler._read_at is not None)
    await in_thread(ledger.apply, [Row(conv, people.bob.device_id, "delivered", 2, before)])
    await until(lambda: alice.acks("DELIVERED"))
    [ack] = alice.acks("DELIVERED")
    assert (ack["seq"], ack["timestamp"], ack["sender_id"]) == (2, before, people.bob.id)
    assert (await in_thread(Receipt.objects.get)).at == datetime.fromtimestamp(before / 1000, UTC)


async def test_a_conversation_is_introduced_to_the_other_and_its_first_message_arrives(
    deaf: None, runtime: Runtime, people: Cast
) -> None:
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        await alice.say({"t": "open", "username": "bob"})
        await until(lambda: len(alice.of("conversations")) == 2)
        opened = alice.of("conversations")[1]["items"][0]["id"]
        await alice.send(opened, "a0")
        await until(lambda: bob.seqs(opened) == [1])
        kinds = [frame["t"] for frame in bob.frames]
        assert kinds.index("messages") > 1 and kinds.count("conversations") == 2


class SlowReading:
    """Holds back what a process has already read of people's conversations."""

    def __init__(self, database: Database) -> None:
        self.read, self.go_on = asyncio.Event(), asyncio.Event()
        self._many = database.many

    async def many(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> Any:
        rows = await self._many(queries)
        if any("unread" in query for query, _ in queries):
            self.read.set()
            await self.go_on.wait()
        return rows


async def test_a_conversation_made_during_a_greeting_is_introduced_after_it(
    deaf: None, runtime: Runtime, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowReading(runtime.database)
    async with process() as other:
        alice = await greeted(other, people.alice)
        await until(lambda: runtime.reconciler._read_at is not None)
        monkeypatch.setattr(runtime.database, "many", slow.many)
        bob = Client(runtime, people.bob)
        greeting = asyncio.create_task(bob.hello())
        await slow.read.wait()
        await alice.say({"t": "open", "username": "bob"})
        await until(lambda: bob.session.joined)
        slow.go_on.set()
        await greeting
        assert [len(frame["items"]) for frame in bob.of("conversations")] == [0, 1]
        assert bob.frames[0]["t"] == "welcome"


async def test_a_socket_that_goes_while_it_is_introduced_leaves_nothing_behind(
    deaf: None, runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = Client(runtime, people.bob)
    await bob.hello()
    runtime.hub.expel(bob.session, conv)
    slow = SlowReading(runtime.database)
    monkeypatch.setattr(runtime.database, "many", slow.many)
    introducing = asyncio.create_task(runtime.postman.members_changed(conv, [people.bob.id]))
    await slow.read.wait()
    await bob.leave()
    slow.go_on.set()
    await introducing
    assert runtime.hub.rooms == {} and runtime.hub.people == {}


async def test_a_revoked_device_and_a_suspended_person_are_closed(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    laptop = Person(people.bob.user, *await in_thread(devices.register, people.bob.user, "laptop"))
    phone, other, alice = [await greeted(runtime, each) for each in (people.bob, laptop, people.alice)]
    await until(lambda: runtime.reconciler._read_at is not None)
    await in_thread(devices.revoke, people.bob.device)
    await until(lambda: phone.closed == 4401)
    assert other.closed is None
    await in_thread(_suspend, people.bob.user)
    await until(lambda: other.closed == 4401)
    assert alice.closed is None


def _suspend(user: User) -> None:
    User.objects.filter(id=user.id).update(is_active=False)
    devices.reconsider(user.id)


async def test_a_nudge_tells_a_process_of_an_entry_it_never_heard_of(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    bob = await greeted(runtime, people.bob)
    head = await in_thread(write, conv, people.alice, 2)
    nudge = Nudge(conv, people.bob.device_id, head)
    runtime.postman.heard({"type": "nudges", "nudges": [[nudge.conv, nudge.device, nudge.head]]})
    await until(lambda: bob.seqs(conv) == [1, 2])
    runtime.postman.heard({"type": "nudges", "nudges": [[nudge.conv, nudge.device, nudge.head]]})
    await until(lambda: bob.seqs(conv) == [1, 2, 1, 2])
    await bob.ack("DELIVERED", conv, 2)
    assert bob.session.unacked == 0


async def test_an_acknowledgement_on_its_way_does_not_keep_a_process_from_ending(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 2)
    bob = await greeted(runtime, people.bob)
    await until(lambda: bob.seqs(conv) == [1, 2])
    await bob.ack("DELIVERED", conv, 2)
    async with asyncio.timeout(15):
        await runtime.stop()
    assert bob.closed == 4503 and bob.of("reconnect")


async def test_cut_off_too_long_everyone_is_sent_away_to_come_back(
    deaf: None, runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = await greeted(runtime, people.bob)
    monkeypatch.setattr(reconcile, "LOST_TRACK_S", -1.0)
    await until(lambda: bob.closed == 4503)


async def test_the_database_away_costs_a_retry_and_nothing_else(
    deaf: None, runtime: Runtime, dsn: str, own: int, people: Cast, conv: str
) -> None:
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    _cut_connections(dsn, own)
    await alice.send(conv, "a0")
    await until(lambda: alice.acks("ACCEPTED"))
    await until(lambda: bob.seqs(conv) == [1])
    await bob.say({"t": "fetch", "conv": conv, "from": 1, "to": 5})
    assert [entry["seq"] for entry in (await bob.told("page"))["entries"]] == [1]


@pytest.fixture
def own(transactional_db: None) -> int:
    """The process id of the test's own connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _cut_connections(dsn: str, own: int) -> None:
    """All but the test's own."""
    with psycopg.connect(dsn, autocommit=True) as boss:
        boss.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> %s",
            [own],
        )


async def test_one_fill_serves_a_room_and_stays_within_the_window(
    deaf: None, runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_thread(write, conv, people.alice, 400)
    reads: list[str] = []
    many = runtime.database.many

    async def counted(queries: Any) -> Any:
        reads.extend(query for query, _ in queries if query == RANGE)
        return await many(queries)

    monkeypatch.setattr(runtime.database, "many", counted)
    bobs = [Client(runtime, people.bob) for _ in range(10)]
    await asyncio.gather(*(bob.hello() for bob in bobs))
    await until(lambda: all(bob.session.is_full and len(bob.seqs(conv)) >= WINDOW for bob in bobs))
    # The page that filled the window is the last; it may have been pushed in several frames.
    assert all(len(bob.seqs(conv)) < WINDOW + PAGE for bob in bobs)
    assert len(reads) < 20
    for bob in bobs:
        await bob.ack("DELIVERED", conv, bob.seqs(conv)[-1])
    await until(lambda: all(bob.seqs(conv) == list(range(1, 401)) for bob in bobs))


async def test_a_change_that_commits_late_is_not_missed(database: Database, dsn: str) -> None:
    """Its transaction began before one that was read already."""
    reader = ChangeReader(database)
    await reader.read()
    reader.advance()
    insert = "INSERT INTO chat_change (kind, conversations, heads, users, at) VALUES (%s, '{}', '{}', '{}', now())"
    async with await psycopg.AsyncConnection.connect(dsn) as slow, await psycopg.AsyncConnection.connect(dsn) as quick:
        await slow.execute(insert, ["members"])
        await quick.execute(insert, ["append"])
        await quick.commit()
        assert [row.kind for row in await reader.read()] == ["append"]
        reader.advance()
        await slow.commit()
    assert "members" in [row.kind for row in await reader.read()]
    # Other people's transactions hold the oldest one back: until they end a row is given again.
    async with asyncio.timeout(30):
        while await reader.read():
            reader.advance()
    assert await in_thread(Change.objects.count) == 2


async def test_no_body_and_no_secret_reaches_a_log(
    runtime: Runtime, dsn: str, own: int, people: Cast, conv: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for noisy in ("asyncio", "psycopg", "psycopg.pool"):
        caplog.set_level(logging.DEBUG, logger=noisy)
    words = "CANARY words of a letter"
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.send(conv, "a0", words)
    await alice.send(conv, "a0", words + "!")
    await alice.send(conv, "a1", words + "\x00")
    await alice.send(people.bob.id, "a2", words)
    await alice.say('{"t":"send","body":"%s"' % words)
    await alice.say({"t": words, "body": words})
    await alice.say({"t": "open", "username": words})
    await until(lambda: bob.seqs(conv) == [1])
    await until(lambda: len(alice.acks("REJECTED")) >= 3)
    _cut_connections(dsn, own)
    await alice.send(conv, "a3", words)
    await until(lambda: len(alice.acks("ACCEPTED")) >= 2)
    assert caplog.text and "CANARY" not in caplog.text
    assert people.alice.token not in caplog.text and people.bob.token not in caplog.text
