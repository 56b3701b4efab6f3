"""Read receipts off, wherever watermarks are read: the rule of chat/policy/privacy.py, and nothing goes round it."""

from itertools import product

import pytest
from django.db import connection

from chat.inbox import pull, roster, sync
from chat.log import history, profile
from chat.log.pool import Database
from chat.models import Change, Conversation, Membership
from chat.policy.privacy import TELLS_PRESENCE, TELLS_SEEN, Party, tells_presence, tells_seen
from chat.protocol import point
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Receipt, Watermark
from tests.cast import Cast, Person
from tests.chat.inbox.device import Asking
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("epoch")]

NOON = 1_790_000_000_000


def reads(conv: str, person: Person, upto: int, at: int = NOON) -> list[tuple[str, str, int]]:
    """Everything up to `upto` on their device: (who is told, what, up to where)."""
    rows = [Row(conv, person.device_id, "delivered", upto, at), Row(conv, person.device_id, "seen", upto, at + 5)]
    return [(who, ack["type"], ack["seq"]) for who, ack in ledger.apply(rows).acks]


@pytest.fixture
def group(people: Cast) -> str:
    """alice, bob and carol; bob has his read receipts off. alice wrote 1 and 2, carol 3."""
    conversation = Conversation.objects.create(kind="group", title="club")
    for person in (people.alice, people.bob, people.carol):
        Membership.objects.create(conversation=conversation, user=person.user)
        Watermark.objects.create(conversation=conversation, user=person.user)
    write(str(conversation.id), people.alice, 2)
    write(str(conversation.id), people.carol)
    profile.set_read_receipts(people.bob.user.id, on=False)
    return str(conversation.id)


def test_the_database_has_the_same_rule(people: Cast) -> None:
    query = "SELECT {} FROM (VALUES (%s, %s)) AS r(id, read_receipts), (VALUES (%s, %s)) AS v(id, read_receipts)"
    with connection.cursor() as cursor:
        for reader, viewer in product(product(["alice", "bob"], [True, False]), repeat=2):
            cursor.execute(query.format(TELLS_SEEN.format(reader="r", viewer="v")), [*reader, *viewer])
            assert cursor.fetchone() == (tells_seen(Party(*reader), Party(*viewer)),)


def test_the_database_has_the_same_rule_of_presence(people: Cast) -> None:
    query = "SELECT {} FROM (VALUES (%s, %s)) AS p(id, shows_presence), (VALUES (%s, %s)) AS v(id, shows_presence)"
    with connection.cursor() as cursor:
        for (person, shows), (viewer, sees) in product(product(["alice", "bob"], [True, False]), repeat=2):
            cursor.execute(query.format(TELLS_PRESENCE.format(person="p", viewer="v")), [person, shows, viewer, sees])
            told = tells_presence(Party(person, presence=shows), Party(viewer, presence=sees))
            assert cursor.fetchone() == (told,)


def test_switching_presence_is_noted_once(people: Cast) -> None:
    bob = people.bob.user.id
    for on in (True, False, False):
        profile.set_shows_presence(bob, on=on)
    assert [change.users for change in Change.objects.filter(kind="presence")] == [[bob]]


def test_a_rise_is_told_as_delivered_alone(people: Cast, group: str) -> None:
    told = reads(group, people.bob, 3)
    assert sorted(told) == sorted(
        [
            (people.alice.id, "DELIVERED", 3),
            (people.carol.id, "DELIVERED", 3),
            # His own devices, whose unread counts come from it.
            (people.bob.id, "SEEN", 3),
        ]
    )
    assert Watermark.objects.get(conversation=group, user=people.bob.user).seen_seq == 3


def test_nor_is_he_told_of_the_others(people: Cast, group: str) -> None:
    write(group, people.bob)
    told = reads(group, people.alice, 4)
    assert (people.carol.id, "SEEN", 4) in told and (people.bob.id, "DELIVERED", 4) in told
    assert (people.bob.id, "SEEN", 4) not in told


async def seen_by(database: Database, viewer: Person, conv: str) -> dict[str, int]:
    """By username, as hello and `members` tell this viewer; they agree."""
    (summary,) = await sync.summaries(database, viewer.id, viewer.device_id, [conv])
    frame = (await roster.roster(database, conv)).frame(viewer.id)
    assert frame["members"] == summary.members
    return {member["username"]: member["seen"] for member in summary.members}


async def test_hello_and_members_tell_each_what_is_theirs_to_know(database: Database, people: Cast, group: str) -> None:
    for person in (people.alice, people.bob, people.carol):
        await in_thread(reads, group, person, 2)
    assert await seen_by(database, people.alice, group) == {"alice": 2, "bob": 0, "carol": 2}
    assert await seen_by(database, people.carol, group) == {"alice": 2, "bob": 0, "carol": 2}
    assert await seen_by(database, people.bob, group) == {"alice": 0, "bob": 2, "carol": 0}
    (summary,) = await sync.summaries(database, people.bob.id, people.bob.device_id, [group])
    assert (summary.seen, summary.unread) == (2, 1)
    await in_thread(profile.set_read_receipts, people.bob.user.id, True)
    for person in (people.alice, people.bob, people.carol):
        assert await seen_by(database, person, group) == {"alice": 2, "bob": 2, "carol": 2}


async def info(database: Database, viewer: Person, conv: str, seq: int) -> dict[str, tuple[int | None, int | None]]:
    rows = await history.people(database, conv, viewer.id, seq)
    assert rows is not None
    return {row[1]: tuple(None if at is None else at - NOON for at in row[4:]) for row in rows}  # type: ignore[misc]


async def test_message_info_has_no_time_of_reading(database: Database, people: Cast, group: str) -> None:
    await in_thread(reads, group, people.bob, 2)
    await in_thread(reads, group, people.carol, 2)
    assert await info(database, people.alice, group, 1) == {"bob": (0, None), "carol": (0, 5)}
    assert await info(database, people.bob, group, 1) == {"bob": (0, 5), "carol": (0, None)}
    assert await info(database, people.bob, group, 3) == {"alice": (None, None), "bob": (None, None)}


async def test_nor_a_time_of_delivery_that_comes_from_reading(database: Database, people: Cast, group: str) -> None:
    """An earlier SEEN proves an earlier delivery, to whom is told of it."""
    await in_thread(reads, group, people.bob, 2)
    await in_thread(Receipt.objects.filter(user=people.bob.user, kind="delivered").update, at="2026-09-22T00:00Z")
    (delivered, seen) = (await info(database, people.alice, group, 1))["bob"]
    own = (await info(database, people.bob, group, 1))["bob"]
    assert seen is None and own == (5, 5) and delivered is not None and delivered != 5


async def test_no_sync_tells_it_not_even_by_its_point(database: Database, people: Cast, group: str) -> None:
    alice = Asking(database, people.alice)
    await in_thread(ledger.apply, [Row(group, people.bob.device_id, "delivered", 3, NOON)])
    first = await alice.ask()
    alice.point = first["point"]
    await in_thread(reads, group, people.bob, 3)
    second = await alice.ask()
    assert second["conversations"] == []
    assert point.decode(second["point"]) == point.decode(first["point"])
    # While bob's own says that something is new.
    bob = Asking(database, people.bob)
    bob.point = (await bob.ask())["point"]
    assert pull.points.decode(str(bob.point)).places[group].marks > point.decode(first["point"]).places[group].marks


def test_switching_is_noted_once_and_only_when_there_is_something_to_tell(people: Cast, group: str) -> None:
    bob = people.bob.user.id
    assert not Change.objects.filter(kind="receipts").exists()
    for _ in range(2):
        profile.set_read_receipts(bob, on=True)
    change = Change.objects.get(kind="receipts")
    assert ([str(conv) for conv in change.conversations], change.users) == ([group], [bob])
