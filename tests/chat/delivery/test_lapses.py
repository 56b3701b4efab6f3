"""What expires for hundreds of members at once: a few statements, one change row, and only its senders are told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.delivery import lapses
from chat.delivery.runtime import Runtime
from chat.inbox.retention import expire_by_age
from chat.models import Change, Conversation, Membership, Message, Progress, User
from receipts import ledger
from receipts.ledger import Row as Claim
from receipts.models import Lapse, Watermark
from tests.cast import Cast, make_person
from tests.chat.counting import Counting
from tests.chat.inbox.aging import DAYS, lapsed_changes, old, stored
from tests.chat.process import Client
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]

MEMBERS = 300


def make_group(people: Cast, members: int, name: str = "m") -> str:
    """alice, bob, carol and `members` others."""
    group = Conversation.objects.create(kind="group", title="club")
    others = User.objects.bulk_create(User(username=f"{name}{n}") for n in range(members))
    users = [people.alice.user, people.bob.user, people.carol.user, *others]
    Membership.objects.bulk_create(Membership(conversation=group, user=user) for user in users)
    Watermark.objects.bulk_create(Watermark(conversation=group, user=user) for user in users)
    return str(group.id)


def written(conv: str, people: Cast) -> None:
    """Three entries of alice's and one of bob's, which all three of the cast have."""
    old(conv, people.alice, 3)
    head = old(conv, people.bob, 1)
    for person in (people.alice, people.bob, people.carol):
        stored(conv, person, head)


def statements_of_a_run() -> int:
    with CaptureQueriesContext(connection) as statements:
        expire_by_age(DAYS)
    return len(statements)


def test_a_run_costs_as_many_statements_for_hundreds_as_for_a_few(people: Cast) -> None:
    written(make_group(people, 3, "few"), people)
    few = statements_of_a_run()
    Change.objects.all().delete()
    Progress.objects.all().delete()
    written(make_group(people, MEMBERS), people)
    assert statements_of_a_run() == few
    assert Lapse.objects.count() == 3 + MEMBERS
    [(_, users)] = lapsed_changes()
    assert len(users) == MEMBERS
    assert Change.objects.get(kind="lapsed").heads == [1, 4]


async def test_hundreds_for_whom_it_expired_are_one_exchange_and_only_senders_hear(
    deaf: None, runtime: Runtime, people: Cast, dsn: str
) -> None:
    groups = [await in_thread(make_group, people, MEMBERS, name) for name in "gh"]
    for group in groups:
        await in_thread(written, group, people)
    alice, carol = Client(runtime, people.alice), Client(runtime, people.carol)
    for client in (alice, carol):
        await client.hello()
        await client.told("conversations")
    await until(lambda: runtime.reconciler.read_at is not None)
    counting = Counting(dsn)
    await counting.open()
    database, runtime.reconciler._database = runtime.reconciler._database, counting
    try:
        await in_thread(expire_by_age, DAYS)
        await until(lambda: len(alice.acks("FAILED")) == 2 * MEMBERS)
    finally:
        runtime.reconciler._database = database
        await counting.close()
    [exchange] = [each for each in counting.exchanges if lapses.LAPSES in [query for query, _ in each]]
    assert [query for query, _ in exchange] == [lapses.LAPSES, lapses.SENDERS]
    newest = {group: await in_thread(newest_of, group, people) for group in groups}
    assert {(ack["conv"], ack["message_id"]) for ack in alice.acks("FAILED")} == set(newest.items())
    assert all(ack["lapsed"] == [[1, 4]] for ack in alice.acks("FAILED"))
    # A frame a conversation, and none for who wrote nothing of it.
    assert sum("FAILED" in {ack["type"] for ack in frame["acks"]} for frame in alice.of("ack")) == len(groups)
    assert carol.acks("FAILED") == []


def newest_of(group: str, people: Cast) -> str:
    entry = Conversation.objects.get(id=group).messages.filter(sender=people.alice.user).order_by("-seq").first()
    assert entry is not None
    return str(entry.id)


async def test_what_some_take_after_all_is_told_to_the_senders_of_just_that(
    deaf: None, runtime: Runtime, people: Cast
) -> None:
    dave = await in_thread(make_person, "dave")
    group = await in_thread(make_group, people, 2)
    await in_thread(Membership.objects.create, conversation_id=group, user=dave.user)
    await in_thread(Watermark.objects.create, conversation_id=group, user=dave.user)
    await in_thread(written, group, people)
    await in_thread(expire_by_age, DAYS)
    await in_thread(Change.objects.all().delete)
    alice, bob = Client(runtime, people.alice), Client(runtime, people.bob)
    for client in (alice, bob):
        await client.hello()
        await client.told("conversations")
    await until(lambda: runtime.reconciler.read_at is not None)
    await in_thread(ledger.apply, [Claim(group, dave.device_id, "delivered", 2, 0)])
    await until(lambda: alice.acks("FAILED"))
    [ack] = alice.acks("FAILED")
    assert (ack["sender_id"], ack["lapsed"]) == (dave.id, [[3, 4]])
    second = await in_thread(Message.objects.get, conversation_id=group, seq=2)
    assert ack["message_id"] == str(second.id)
    assert bob.acks("FAILED") == []
