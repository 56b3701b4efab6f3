"""The first message of a 1:1 conversation: who may send it, and the same text to many strangers."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from chat.log import members, profile
from chat.log.between import REACHES
from chat.log.pool import Database
from chat.log.transaction import BatchWriter, new_message_id
from chat.models import Block, Conversation, Membership, Message, Opening, Report
from chat.policy.decide import Accepted, Outcome, Proposal, Refused
from chat.policy.reach import Writers, may_reach
from chat.protocol.errors import ErrorCode
from tests.cast import Cast, Person, make_direct, make_person
from tests.chat.log.test_blocking import code, sent
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

SETTINGS: tuple[Writers, ...] = ("everyone", "acquainted", "nobody")
NOT_REACHABLE, SPAM = Refused(ErrorCode.NOT_REACHABLE), Refused(ErrorCode.SPAM)


def acquaint(*people: Person) -> None:
    group = Conversation.objects.create(kind="group", title="club")
    for person in people:
        Membership.objects.create(conversation=group, user=person.user)


# Who may write


@pytest.mark.parametrize("writers", SETTINGS)
def test_the_database_has_the_same_rule(people: Cast, conv: str, writers: Writers) -> None:
    """alice asks about bob, whatever is between them."""
    query = f"SELECT {REACHES.format(user='%s::uuid')} FROM chat_user p WHERE p.id = %s"
    asked = [people.alice.id] * query.count("%s::uuid") + [people.bob.id]
    profile.set_writers(people.bob.user.id, writers)
    for blocked, talked, acquainted in product([False, True], repeat=3):
        Block.objects.all().delete()
        Membership.objects.filter(conversation__kind="group").delete()
        Message.objects.all().delete()
        Conversation.objects.filter(id=conv).update(last_seq=0)
        # What she wrote to him alone opens nothing.
        write(conv, people.alice)
        if talked:
            write(conv, people.bob)
        if blocked:
            Block.objects.create(user=people.bob.user, blocked=people.alice.user)
        if acquainted:
            acquaint(people.alice, people.bob)
        with connection.cursor() as cursor:
            cursor.execute(query, asked)
            assert cursor.fetchone() == (may_reach(writers, blocked, talked, acquainted),)


async def test_nobody_may_means_nobody_begins(dsn: str, database: Database, people: Cast, conv: str) -> None:
    """In an empty conversation that is there already, or by opening one. She herself may, and then he as well."""
    await in_thread(profile.set_writers, people.alice.user.id, "nobody")
    assert await sent(dsn, (conv, people.bob, "hi")) == [NOT_REACHABLE]
    assert await code(members.open_direct(database, people.carol.id, "alice")) is ErrorCode.NOT_REACHABLE
    outcomes = await sent(dsn, (conv, people.bob, "hi"), (conv, people.alice, "hello"), (conv, people.bob, "oh"))
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [False, True, True]
    assert isinstance((await sent(dsn, (conv, people.bob, "still there?")))[0], Accepted)


async def test_acquainted_is_who_shares_a_group(dsn: str, database: Database, people: Cast) -> None:
    await in_thread(profile.set_writers, people.alice.user.id, "acquainted")
    assert await code(members.open_direct(database, people.bob.id, "alice")) is ErrorCode.NOT_REACHABLE
    await in_thread(acquaint, people.alice, people.bob)
    direct = await members.open_direct(database, people.bob.id, "alice")
    assert direct is not None and isinstance((await sent(dsn, (direct.conv, people.bob, "hi")))[0], Accepted)
    await in_thread(Membership.objects.filter(conversation__kind="group").update, left_seq=0)
    assert isinstance((await sent(dsn, (direct.conv, people.bob, "hi")))[0], Accepted), "they have talked"


async def test_notes_to_oneself_are_nobodys_matter(dsn: str, database: Database, people: Cast) -> None:
    await in_thread(profile.set_writers, people.alice.user.id, "nobody")
    notes = await members.open_direct(database, people.alice.id, "alice")
    assert notes is not None and isinstance((await sent(dsn, (notes.conv, people.alice, "milk")))[0], Accepted)


# The same text to many


def strangers(who: Person, count: int) -> list[str]:
    return [make_direct(who, make_person(f"stranger{n}")) for n in range(count)]


async def test_the_fourth_stranger_is_spared_and_a_moderator_told_once(
    dsn: str, people: Cast, settings: Settings
) -> None:
    settings.SPAM_CONVERSATIONS = 3
    convs = await in_thread(strangers, people.mallory, 6)
    outcomes: list[Outcome] = []
    for first in range(0, 6, 2):
        outcomes += await sent(dsn, *((conv, people.mallory, "Buy now!") for conv in convs[first : first + 2]))
    assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True] * 3 + [False] * 3
    assert outcomes[3:] == [SPAM] * 3
    report = await in_thread(Report.objects.get)
    assert (report.reporter_id, report.subject_id, report.reason) == (None, people.mallory.user.id, "spam")
    assert report.state == "open" and [entry["body"] for entry in report.context] == ["Buy now!"]
    assert isinstance((await sent(dsn, (convs[5], people.mallory, "Sorry.")))[0], Accepted), "another text"


async def test_two_processes_count_together(dsn: str, people: Cast, settings: Settings) -> None:
    settings.SPAM_CONVERSATIONS = 1
    convs = await in_thread(strangers, people.mallory, 3)
    outcomes = [(await sent(dsn, (conv, people.mallory, "Buy")))[0] for conv in convs]
    assert isinstance(outcomes[0], Accepted) and outcomes[1:] == [SPAM] * 2
    assert await in_thread(Report.objects.count) == 1


async def test_the_window_moves_on_and_what_is_older_goes(dsn: str, people: Cast, settings: Settings) -> None:
    settings.SPAM_CONVERSATIONS, settings.SPAM_WINDOW_MINUTES = 1, 60
    convs = await in_thread(strangers, people.mallory, 2)
    await sent(dsn, (convs[0], people.mallory, "Buy"))
    await in_thread(Opening.objects.update, at=timezone.now() - timedelta(minutes=61))
    assert isinstance((await sent(dsn, (convs[1], people.mallory, "Buy")))[0], Accepted)
    assert await in_thread(Opening.objects.count) == 1


async def test_whom_one_shares_a_group_with_is_no_stranger(dsn: str, people: Cast, settings: Settings) -> None:
    settings.SPAM_CONVERSATIONS = 1
    await in_thread(acquaint, people.alice, people.bob, people.carol)
    convs = [await in_thread(make_direct, people.alice, other) for other in (people.bob, people.carol)]
    assert all(isinstance(outcome, Accepted) for outcome in await sent(dsn, *((c, people.alice, "Hi!") for c in convs)))
    assert not await in_thread(Opening.objects.exists)


async def test_nothing_is_noted_of_what_was_refused(dsn: str, people: Cast, conv: str) -> None:
    await in_thread(profile.set_writers, people.alice.user.id, "nobody")
    assert await sent(dsn, (conv, people.bob, "hi")) == [NOT_REACHABLE]
    assert not await in_thread(Opening.objects.exists)


async def test_only_what_begins_a_conversation_costs_an_exchange(dsn: str, people: Cast, conv: str) -> None:
    writer = BatchWriter(dsn)

    async def exchanges(body: str) -> int:
        before = writer.exchanges
        alice = people.alice
        await writer.commit(
            [Proposal(conv, alice.id, alice.device_id, new_message_id(), body, new_message_id())], False
        )
        return writer.exchanges - before

    try:
        assert [await exchanges("first"), await exchanges("second")] == [3, 2]
    finally:
        await writer.close()


async def test_a_group_begins_without_it(dsn: str, people: Cast) -> None:
    await in_thread(acquaint, people.alice, people.bob)
    group = await in_thread(lambda: str(Conversation.objects.get(kind="group").id))
    outcome: Any = (await sent(dsn, (group, people.alice, "hi")))[0]
    assert outcome.entry.seq == 1 and not await in_thread(Opening.objects.exists)
