"""Blocks in the database: what they bind, who may do what, what goes when an account does."""

import json
import zipfile
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from psycopg import AsyncConnection
from pytest_django import Settings

from chat.log import blocking, export, farewell, members, revise
from chat.log.access import Actor
from chat.log.blocking import Blocking
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.log.transaction import BatchWriter, new_message_id
from chat.models import Block, Change, Conversation, Opening, User
from chat.policy.decide import Accepted, Outcome, Proposal, Refused
from chat.policy.revise import Windows
from chat.protocol.errors import ErrorCode
from tests import groups
from tests.cast import Cast, Person
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

NOBODY = "0199c1f0-0000-7000-8000-00000000dead"
WINDOWS = Windows(900_000, 900_000)
USER_BLOCKED, NOT_REACHABLE = ErrorCode.USER_BLOCKED, ErrorCode.NOT_REACHABLE

Use = Callable[[AsyncConnection[Any]], Awaitable[Any]]


async def done(database: Database, use: Use) -> Any:
    async with database.transaction() as connection:
        return await use(connection)


async def code(asked: Awaitable[Any]) -> ErrorCode | None:
    try:
        await asked
    except Refusal as refusal:
        return refusal.code
    return None


async def block(database: Database, who: Person, whom: str) -> Blocking:
    return await done(database, lambda connection: blocking.block(connection, who.actor, whom))  # type: ignore[no-any-return]


async def unblock(database: Database, who: Person, whom: str) -> Blocking:
    return await done(database, lambda connection: blocking.unblock(connection, who.actor, whom))  # type: ignore[no-any-return]


async def sent(dsn: str, *sends: tuple[str, Person, str]) -> list[Outcome]:
    """Of one batch: (conversation, sender, text)."""
    writer = BatchWriter(dsn)
    batch = [
        Proposal(conv, who.id, who.device_id, f"c{n}_{new_message_id()}", body, new_message_id())
        for n, (conv, who, body) in enumerate(sends)
    ]
    try:
        return (await writer.commit(batch, wait_for_locks=False)).outcomes
    finally:
        await writer.close()


async def test_neither_writes_until_it_is_over(dsn: str, database: Database, people: Cast, conv: str) -> None:
    assert await block(database, people.alice, people.bob.id) == Blocking(conv, fresh=True)
    both = [(conv, people.bob, "hi"), (conv, people.alice, "hi")]
    assert await sent(dsn, *both) == [Refused(USER_BLOCKED)] * 2
    assert await unblock(database, people.alice, people.bob.id) == Blocking(conv, fresh=True)
    assert all(isinstance(outcome, Accepted) for outcome in await sent(dsn, *both))


async def test_a_block_is_of_the_one_who_made_it(dsn: str, database: Database, people: Cast, conv: str) -> None:
    """bob cannot lift it, and has not blocked anyone."""
    await block(database, people.alice, people.bob.id)
    assert await unblock(database, people.bob, people.alice.id) == Blocking(conv, fresh=False)
    assert await sent(dsn, (conv, people.bob, "hi")) == [Refused(USER_BLOCKED)]
    (told,) = await blocking.blocked(database, people.alice.id)
    assert (told["id"], told["username"]) == (people.bob.id, "bob") and told["blocked_at"] > 1_700_000_000_000
    assert await blocking.blocked(database, people.bob.id) == []


async def test_groups_are_as_before(dsn: str, database: Database, people: Cast) -> None:
    users = [people.alice.id, people.carol.id]
    group = await done(database, lambda connection: groups.create(connection, people.bob.actor, "club", users))
    await block(database, people.alice, people.bob.id)
    assert isinstance((await sent(dsn, (group, people.bob, "hi")))[0], Accepted)


async def test_twice_is_once_and_noted_once(database: Database, people: Cast, conv: str) -> None:
    assert [(await block(database, people.alice, people.bob.id)).fresh for _ in range(2)] == [True, False]
    assert [(await unblock(database, people.alice, people.bob.id)).fresh for _ in range(2)] == [True, False]
    notes = await in_thread(lambda: [change.users for change in Change.objects.filter(kind="blocked")])
    assert notes == [[people.alice.user.id, people.bob.user.id]] * 2


async def test_without_a_conversation_too(database: Database, people: Cast) -> None:
    assert await block(database, people.alice, people.mallory.id) == Blocking(None, fresh=True)


async def test_oneself_and_nobody_look_the_same(database: Database, people: Cast) -> None:
    for whom in (people.alice.id, NOBODY):
        assert await code(block(database, people.alice, whom)) is ErrorCode.NOT_FOUND
    revoked = Actor(people.alice.id, people.bob.device_id)
    asked = done(database, lambda connection: blocking.block(connection, revoked, people.bob.id))
    assert await code(asked) is ErrorCode.AUTHENTICATION_FAILED
    assert not await in_thread(Block.objects.exists)


async def test_nobody_blocks_without_end(database: Database, people: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking, "MOST_BLOCKS", 2)
    await block(database, people.alice, people.bob.id)
    await block(database, people.alice, people.carol.id)
    assert await code(block(database, people.alice, people.mallory.id)) is ErrorCode.BLOCKS_FULL
    assert not (await block(database, people.alice, people.carol.id)).fresh, "it is so already"


@pytest.mark.parametrize("blocker", ["alice", "bob"])
async def test_nothing_new_by_way_of_an_old_entry(database: Database, people: Cast, conv: str, blocker: str) -> None:
    """Whoever it was: an edit is refused, a deletion is not."""
    await in_thread(write, conv, people.alice, 1)
    who, whom = (people.alice, people.bob) if blocker == "alice" else (people.bob, people.alice)
    await block(database, who, whom.id)
    edit = done(database, lambda c: revise.edit(c, people.alice.actor, conv, 1, "at last", WINDOWS))
    assert await code(edit) is USER_BLOCKED
    await done(database, lambda c: revise.delete(c, people.alice.actor, conv, 1, WINDOWS))


# Beginning a conversation, and groups


async def test_no_new_conversation_with_who_blocked_one(database: Database, people: Cast) -> None:
    """And who has done so themselves is told what they know."""
    await block(database, people.alice, people.bob.id)
    assert await code(members.open_direct(database, people.bob.id, "alice")) is NOT_REACHABLE
    assert await code(members.open_direct(database, people.alice.id, "bob")) is USER_BLOCKED
    assert not await in_thread(Conversation.objects.exists)


async def test_one_that_is_there_is_opened_all_the_same(database: Database, people: Cast, conv: str) -> None:
    await block(database, people.alice, people.bob.id)
    for user, other in ((people.alice.id, "bob"), (people.bob.id, "alice")):
        direct = await members.open_direct(database, user, other)
        assert direct is not None and (direct.conv, direct.created) == (conv, False)


async def test_who_blocked_one_is_not_added_to_groups(database: Database, people: Cast) -> None:
    await block(database, people.alice, people.bob.id)

    def making(who: Person, *users: str) -> Awaitable[Any]:
        return done(database, lambda connection: groups.create(connection, who.actor, "club", list(users)))

    assert await code(making(people.bob, people.carol.id, people.alice.id)) is NOT_REACHABLE
    group = await making(people.bob, people.carol.id)
    adding = done(database, lambda connection: groups.add(connection, people.bob.actor, group, people.alice.id))
    assert await code(adding) is NOT_REACHABLE
    await making(people.alice, people.bob.id)


# Accounts


def test_a_deleted_account_leaves_no_blocks(people: Cast, dsn: str, settings: Settings) -> None:
    settings.POSTGRES_DSN = dsn
    Block.objects.create(user=people.alice.user, blocked=people.bob.user)
    Block.objects.create(user=people.bob.user, blocked=people.alice.user)
    kept = Block.objects.create(user=people.bob.user, blocked=people.mallory.user)
    Opening.objects.create(sender=people.alice.user, text=b"0" * 16, at="2026-01-01T00:00Z")
    User.objects.filter(id=people.alice.id).update(writers="nobody")
    farewell.delete_account(people.alice.device)
    assert list(Block.objects.all()) == [kept] and not Opening.objects.exists()
    assert User.objects.get(id=people.alice.id).writers == "everyone"


def test_the_export_names_them(people: Cast) -> None:
    Block.objects.create(user=people.alice.user, blocked=people.bob.user)
    Block.objects.create(user=people.carol.user, blocked=people.alice.user)
    with export.export(people.alice.user) as file, zipfile.ZipFile(file) as archive:
        blocks = json.loads(archive.read("blocks.json"))
        assert json.loads(archive.read("account.json"))["writers"] == "everyone"
    assert [block["blocked__username"] for block in blocks] == ["bob"], "not who has blocked them"
