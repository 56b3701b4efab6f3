"""Editing, deleting, hiding, sending anew on a real PostgreSQL: rights, windows, repeats, and others at it at once."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest
from psycopg import AsyncConnection

from chat.log import devices, history, revise
from chat.log.access import Actor
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.log.revise import Resent, Revised
from chat.log.transaction import BatchWriter, ConversationHeld, Settled, new_message_id
from chat.models import Change, Conversation, Membership, Message, User
from chat.policy.decide import Accepted, Proposal, Refused
from chat.policy.revise import Windows
from chat.protocol.errors import ErrorCode
from receipts.models import Lapse
from tests.cast import Cast, Person, make_direct
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

T = TypeVar("T")
Use = Callable[[AsyncConnection[Any]], Awaitable[T]]
WINDOWS = Windows(edit_ms=15 * 60_000, delete_ms=48 * 3_600_000)
AGE = "UPDATE chat_message SET created_at = now() - %s::interval WHERE conversation_id = %s::uuid AND seq = %s"


async def done(database: Database, use: Use[T]) -> T:
    async with database.transaction() as connection:
        return await use(connection)


async def code(database: Database, use: Use[Any]) -> ErrorCode | None:
    try:
        await done(database, use)
    except Refusal as refusal:
        return refusal.code
    return None


def edit(who: Actor, conv: str, seq: int, body: str) -> Use[Revised]:
    return lambda connection: revise.edit(connection, who, conv, seq, body, WINDOWS)


def delete(who: Actor, conv: str, seq: int) -> Use[Revised]:
    return lambda connection: revise.delete(connection, who, conv, seq, WINDOWS)


def hide(who: Actor, conv: str, seq: int) -> Use[Revised]:
    return lambda connection: revise.hide(connection, who, conv, seq)


def resend(who: Actor, conv: str, seq: int, client_id: str) -> Use[Resent]:
    return lambda connection: revise.resend(connection, who, conv, seq, client_id, new_message_id())


def all_of(who: Actor, conv: str, seq: int) -> list[Use[Any]]:
    return [
        edit(who, conv, seq, "mine now"),
        delete(who, conv, seq),
        hide(who, conv, seq),
        resend(who, conv, seq, "anew"),
    ]


async def entry(database: Database, conv: str, person: Person, seq: int) -> dict[str, Any]:
    page = await history.page(database, conv, person.id, seq, seq)
    assert page is not None
    return dict(page.entries[0])


def expire(conv: str, person: Person, first: int, last: int) -> None:
    user = User.objects.get(id=person.id)
    Lapse.objects.create(conversation_id=conv, user=user, from_seq=first, upto_seq=last, at="2026-01-01T00:00Z")


@pytest.fixture
def written(people: Cast, conv: str) -> str:
    """alice wrote 1 to 3, bob 4."""
    write(conv, people.alice, 3)
    write(conv, people.bob, 1)
    return conv


# What they do


async def test_each_change_takes_the_next_revision_and_is_noted(database: Database, people: Cast, written: str) -> None:
    alice, bob = people.alice.actor, people.bob.actor
    made = [
        await done(database, use)
        for use in (edit(alice, written, 1, "better"), delete(alice, written, 2), hide(bob, written, 3))
    ]
    assert made == [Revised(1, fresh=True), Revised(2, fresh=True), Revised(3, fresh=True)]
    notes = await in_thread(lambda: list(Change.objects.filter(kind="revised").values_list("heads", flat=True)))
    assert sorted(notes) == [[1], [2], [3]]
    edited, deleted = [await entry(database, written, people.bob, seq) for seq in (1, 2)]
    assert (edited["body"], edited["rev"]) == ("better", 1) and edited["edited_at"] >= edited["at"]
    assert deleted["deleted"] and deleted["rev"] == 2 and "body" not in deleted
    page = await history.page(database, written, people.bob.id, 1, 9)
    assert page is not None and page.absent == [{"from": 3, "to": 3, "why": "deleted"}]
    assert (await entry(database, written, people.alice, 3))["body"] == "hi"


async def test_a_deleted_entry_keeps_nothing_of_its_text(database: Database, people: Cast, written: str) -> None:
    """Nor when it was edited: following the changes must lead to the same."""
    await done(database, edit(people.alice.actor, written, 1, "regretted"))
    await done(database, delete(people.alice.actor, written, 1))
    deleted = await entry(database, written, people.bob, 1)
    assert set(deleted) == {"seq", "id", "sender", "client_id", "at", "rev", "deleted"}
    assert (await in_thread(Message.objects.get, conversation_id=written, seq=1)).body == ""


async def test_repeating_changes_nothing_and_gets_the_same_answer(
    database: Database, people: Cast, written: str
) -> None:
    alice = people.alice.actor
    for use in (edit(alice, written, 1, "better"), delete(alice, written, 2), hide(alice, written, 3)):
        first = await done(database, use)
        assert await done(database, use) == Revised(first.rev, fresh=False)
    assert (await in_thread(Conversation.objects.get, id=written)).last_rev == 3
    assert await in_thread(Change.objects.filter(kind="revised").count) == 3


async def test_an_edit_to_the_text_it_has_is_none(database: Database, people: Cast, written: str) -> None:
    assert await done(database, edit(people.alice.actor, written, 1, "hi")) == Revised(0, fresh=False)
    assert "rev" not in await entry(database, written, people.alice, 1)


async def test_windows_are_by_the_databases_clock(database: Database, people: Cast, written: str) -> None:
    alice = people.alice.actor
    await done(database, lambda connection: connection.execute(AGE, ["16 minutes", written, 1]))
    assert await code(database, edit(alice, written, 1, "late")) is ErrorCode.TOO_LATE
    assert await code(database, delete(alice, written, 1)) is None
    await done(database, lambda connection: connection.execute(AGE, ["49 hours", written, 2]))
    assert await code(database, delete(alice, written, 2)) is ErrorCode.TOO_LATE
    assert await code(database, hide(alice, written, 2)) is None
    await done(database, lambda connection: connection.execute(AGE, ["49 hours", written, 1]))
    assert await code(database, delete(alice, written, 1)) is None, "it is deleted already"


# Who may not


async def test_outsiders_find_nothing(database: Database, people: Cast, written: str) -> None:
    absent = "0190aaaa-0000-7000-8000-000000000000"
    mallory = people.mallory.actor
    places = [(written, 1), (written, 99), (absent, 1)]
    codes = {await code(database, use) for conv, seq in places for use in all_of(mallory, conv, seq)}
    assert codes == {ErrorCode.NOT_FOUND}
    assert (await in_thread(Conversation.objects.get, id=written)).last_rev == 0


async def test_who_has_left_finds_nothing_not_even_their_own(database: Database, people: Cast, written: str) -> None:
    await in_thread(Membership.objects.filter(user=people.alice.user).update, left_seq=4)
    codes = {await code(database, use) for use in all_of(people.alice.actor, written, 1)}
    assert codes == {ErrorCode.NOT_FOUND}


async def test_what_was_written_before_one_came_is_not_there(database: Database, people: Cast, written: str) -> None:
    await in_thread(Membership.objects.filter(user=people.bob.user).update, visible_from_seq=3)
    assert {await code(database, use) for use in all_of(people.bob.actor, written, 2)} == {ErrorCode.NOT_FOUND}
    assert await code(database, hide(people.bob.actor, written, 3)) is None


async def test_what_is_not_written_yet_is_not_there(database: Database, people: Cast, written: str) -> None:
    for seq in (5, 2**63 - 1):
        codes = {await code(database, use) for use in all_of(people.alice.actor, written, seq)}
        assert codes == {ErrorCode.NOT_FOUND}


async def test_revoked_devices_and_people_who_were_suspended_must_sign_in(
    database: Database, people: Cast, written: str
) -> None:
    await in_thread(devices.revoke, people.alice.device)
    await in_thread(User.objects.filter(id=people.bob.id).update, is_active=False)
    for who, seq in ((people.alice, 1), (people.bob, 4)):
        codes = {await code(database, use) for use in all_of(who.actor, written, seq)}
        assert codes == {ErrorCode.AUTHENTICATION_FAILED}


async def test_nobody_acts_with_someone_elses_device(database: Database, people: Cast, written: str) -> None:
    stolen = Actor(people.alice.id, people.mallory.device_id)
    assert {await code(database, use) for use in all_of(stolen, written, 1)} == {ErrorCode.AUTHENTICATION_FAILED}


# With the committer


def proposal(conv: str, person: Person, client_id: str, body: str = "hi") -> Proposal:
    return Proposal(conv, person.id, person.device_id, client_id, body, new_message_id())


async def test_a_repeat_of_what_was_edited_or_deleted_is_still_its_duplicate(
    database: Database, dsn: str, people: Cast, conv: str
) -> None:
    writer = BatchWriter(dsn)
    batch = [proposal(conv, people.alice, "a1", "first"), proposal(conv, people.alice, "a2", "second")]
    first = (await writer.commit(batch, False)).outcomes
    await done(database, edit(people.alice.actor, conv, 1, "better"))
    await done(database, delete(people.alice.actor, conv, 2))
    again = (await writer.commit(batch, False)).outcomes
    for before, after in zip(first, again, strict=True):
        assert isinstance(before, Accepted) and isinstance(after, Accepted)
        assert after.duplicate and after.entry == before.entry
    other = await writer.commit([proposal(conv, people.alice, "a1", "better")], False)
    assert other.outcomes == [Refused(ErrorCode.IDEMPOTENCY_CONFLICT)]
    await writer.close()


async def patiently(writer: BatchWriter, batch: list[Proposal]) -> Settled:
    """As the committer does: a lock that is held for too long is asked for again."""
    while True:
        with suppress(ConversationHeld):
            return await writer.commit(batch, True)


async def test_changes_and_sends_at_once_take_numbers_of_their_own_without_gaps(
    database: Database, dsn: str, people: Cast, written: str
) -> None:
    """Real transactions on one conversation: each waits for the other's lock, nothing is lost."""
    writer = BatchWriter(dsn)

    async def sends() -> None:
        for n in range(20):
            batch = [proposal(written, people.bob, f"b{n}_{i}") for i in range(5)]
            assert all(isinstance(each, Accepted) for each in (await patiently(writer, batch)).outcomes)

    async def changes(who: Person, seq: int) -> list[int]:
        return [(await done(database, edit(who.actor, written, seq, f"text {n}"))).rev for n in range(15)]

    edited = [changes(people.alice, 1), changes(people.alice, 2), changes(people.bob, 4)]
    _, *revs = await asyncio.gather(sends(), *edited)
    assert sorted(rev for each in revs for rev in each) == list(range(1, 46))
    assert all(each == sorted(each) for each in revs)
    conversation = await in_thread(Conversation.objects.get, id=written)
    assert (conversation.last_seq, conversation.last_rev) == (104, 45)
    page = await history.page(database, written, people.alice.id, 1, 200)
    assert page is not None and [each["seq"] for each in page.entries] == list(range(1, 105))
    assert [page.entries[seq - 1]["rev"] for seq in (1, 2, 4)] == [each[-1] for each in revs]
    await writer.close()


async def test_two_devices_that_delete_at_once_make_one_deletion(
    database: Database, people: Cast, written: str
) -> None:
    both = await asyncio.gather(*(done(database, delete(people.alice.actor, written, 1)) for _ in range(4)))
    assert {each.rev for each in both} == {1} and sum(each.fresh for each in both) == 1


async def test_an_edit_and_a_deletion_at_once_end_deleted(database: Database, people: Cast, written: str) -> None:
    alice = people.alice.actor
    for seq in (1, 2, 3):
        await asyncio.gather(
            code(database, edit(alice, written, seq, "better")), code(database, delete(alice, written, seq))
        )
        assert (await entry(database, written, people.bob, seq))["deleted"]


# Sending anew


async def test_what_expired_is_withdrawn_and_appended_in_one_transaction(
    database: Database, people: Cast, written: str
) -> None:
    await in_thread(expire, written, people.bob, 2, 3)
    made = await done(database, resend(people.alice.actor, written, 2, "anew"))
    assert (made.entry["seq"], made.entry["body"], made.entry["client_id"], made.rev) == (5, "hi", "anew", 1)
    old = await entry(database, written, people.alice, 2)
    assert (old["deleted"], old["resent_as"], old["rev"]) == (True, 5, 1)
    kinds = await in_thread(lambda: sorted(Change.objects.values_list("kind", "heads")))
    assert kinds == [("append", [5]), ("revised", [1])]
    again = await done(database, resend(people.alice.actor, written, 2, "anew"))
    assert (again.entry["id"], again.entry["seq"], again.fresh) == (made.entry["id"], 5, False)


async def test_sent_anew_from_two_devices_at_once_it_is_there_once(
    database: Database, people: Cast, written: str
) -> None:
    await in_thread(expire, written, people.bob, 2, 2)
    both = await asyncio.gather(
        *(code(database, resend(people.alice.actor, written, 2, f"anew_{n}")) for n in range(3))
    )
    assert sorted(str(each) for each in both) == sorted([str(None), *[str(ErrorCode.NOT_FOUND)] * 2])
    assert (await in_thread(Conversation.objects.get, id=written)).last_seq == 5


async def test_what_may_still_be_delivered_is_not_sent_anew(database: Database, people: Cast, written: str) -> None:
    await in_thread(expire, written, people.bob, 2, 2)
    assert await code(database, resend(people.alice.actor, written, 1, "anew")) is ErrorCode.NOT_EXPIRED
    assert await code(database, resend(people.bob.actor, written, 2, "anew")) is ErrorCode.NOT_FOUND


async def test_what_expired_for_its_own_sender_is_not_sent_anew(database: Database, people: Cast, written: str) -> None:
    """Another device of alice's has yet to take it; bob may have it long since."""
    await in_thread(expire, written, people.alice, 1, 1)
    assert await code(database, resend(people.alice.actor, written, 1, "anew")) is ErrorCode.NOT_FOUND


async def test_a_key_that_stands_for_another_message_is_a_conflict(
    database: Database, people: Cast, written: str
) -> None:
    """Its own old key, too: the answer would be the entry that nobody got."""
    await in_thread(expire, written, people.bob, 1, 3)
    other = await in_thread(make_direct, people.alice, people.carol)
    await in_thread(write, other, people.alice, 1)
    keys = {1: (written, 1), 2: (written, 2), 3: (other, 1)}
    for conv, seq in keys.values():
        key = (await entry(database, conv, people.alice, seq))["client_id"]
        assert await code(database, resend(people.alice.actor, written, 1, key)) is ErrorCode.IDEMPOTENCY_CONFLICT
    await done(database, resend(people.alice.actor, written, 2, "anew"))
    assert await code(database, resend(people.alice.actor, written, 1, "anew")) is ErrorCode.IDEMPOTENCY_CONFLICT
    assert (await in_thread(Conversation.objects.get, id=written)).last_seq == 5
