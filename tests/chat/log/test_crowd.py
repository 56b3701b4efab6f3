"""A group of a thousand costs no more statements than one of three."""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection as django_connection
from django.test.utils import CaptureQueriesContext
from psycopg import AsyncConnection

from chat.delivery import reconcile
from chat.delivery.doorkeeper import TOGETHER
from chat.inbox import roster, sync
from chat.log import groups, history
from chat.log.groups import Plan
from chat.log.locking import Connection
from chat.log.pool import Database
from chat.log.transaction import BatchWriter, new_message_id
from chat.models import Device, User
from chat.policy.decide import Accepted, Proposal
from receipts import ledger
from receipts.ledger import Row
from tests.cast import Cast, Person
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

MEMBERS = 1_000
# An act and its transaction's begin and end, with room for two.
STATEMENTS = 10


def enrol() -> list[tuple[str, str]]:
    """(user, device)"""
    users = User.objects.bulk_create(User(username=f"member-{n:04}") for n in range(MEMBERS))
    Device.objects.bulk_create(Device(user=user, token_hash=secrets.token_bytes(32)) for user in users)
    return [
        (str(user), str(device)) for user, device in Device.objects.filter(user__in=users).values_list("user", "id")
    ]


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    said: list[str] = []
    execute = AsyncConnection.execute

    async def noted(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        # A connection is tried with nothing at all.
        if query:
            said.append(str(query))
        return await execute(self, query, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "execute", noted)
        yield said


async def test_what_is_done_to_a_large_group(
    database: Database, dsn: str, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = await in_thread(enrol)
    alice, bob = people.alice.actor, people.bob
    plan = Plan("large", "All of us", [user for user, _ in members])

    async def act(use: Callable[[Connection], Awaitable[Any]]) -> Any:
        with counted(monkeypatch) as said:
            async with database.transaction() as connection:
                done = await use(connection)
        assert len(said) <= STATEMENTS, said
        return done

    conv = (await act(lambda c: groups.create(c, alice, plan))).conv
    await act(lambda c: groups.add(c, alice, conv, [bob.id]))
    await act(lambda c: groups.remove(c, alice, conv, bob.id))
    await act(lambda c: groups.add(c, alice, conv, [bob.id]))
    await act(lambda c: groups.give_role(c, alice, conv, bob.id, "admin"))
    await act(lambda c: groups.change(c, alice, conv, title="All"))
    found = {}
    for first in range(0, MEMBERS, TOGETHER):
        with counted(monkeypatch) as said:
            asking = [(device, user) for user, device in members[first : first + TOGETHER]]
            found |= await sync.introductions(database, conv, asking)
        # What the pool says to its connections meanwhile is not of it.
        assert len([query for query in said if "chat_" in query]) == 2
    assert len(found) == MEMBERS
    for user, device in members[:: MEMBERS // 5]:
        told = found[device].frame()
        assert told["count"] == MEMBERS + 2
        assert roster.SOME <= len(told["members"]) <= roster.SOME + 1
        assert user in {member["id"] for member in told["members"]}
    assert (await roster.roster(database, conv)).frame(alice.user)["members"] == []
    pages, after = [], ""
    while (page := await roster.page(database, conv, alice.user, after, 500)) and page["members"]:
        pages.append(len(page["members"]))
        after = page["next"] or "~"
    assert sum(pages) == MEMBERS + 2 and max(pages) == 500
    info = await history.people(database, conv, alice.user, 1, "", 101)
    assert info is not None and len(info) == 101
    await message_and_receipts(dsn, people.alice, conv, members, monkeypatch)


async def message_and_receipts(
    dsn: str, alice: Person, conv: str, members: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = BatchWriter(dsn)
    sends = [Proposal(conv, alice.id, alice.device_id, key, "hi", new_message_id()) for key in ("first", "second")]
    await writer.commit(sends[:1], False)
    with counted(monkeypatch) as said:
        [outcome] = (await writer.commit(sends[1:], False)).outcomes
    await writer.close()
    assert isinstance(outcome, Accepted)
    assert len([query for query in said if query not in ("BEGIN", "COMMIT")]) <= 5
    seq = outcome.entry.seq

    def apply() -> tuple[int, ledger.Applied]:
        now = time.time_ns() // 1_000_000
        rows = [Row(conv, device, kind, seq, now) for _, device in members for kind in ("delivered", "seen")]
        with CaptureQueriesContext(django_connection) as queries:
            done = ledger.apply(rows)
        return len(queries), done

    statements, applied = await in_thread(apply)
    assert statements <= 20
    told = [(user, ack["type"]) for user, ack in applied.acks if user == alice.id]
    # All of them for one frame.
    assert len(told) == 2 * MEMBERS
    with psycopg.connect(dsn) as connection:
        # Not a million pairs.
        connection.execute("SET statement_timeout = '5s'")
        restated = connection.execute(reconcile.TICKS, [[conv], None]).fetchall()
    assert len([row for row in restated if row[4] == alice.id]) >= 2 * MEMBERS
