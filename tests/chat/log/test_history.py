"""Reading back: what a member may see, and who took an entry when."""

from datetime import UTC, datetime

import pytest

from chat.log import history
from chat.log.pool import Database
from chat.models import Conversation, Membership, User
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Receipt, Watermark
from tests.cast import Cast, Person
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

NOON = 1_790_000_000_000


@pytest.fixture
def group(people: Cast) -> str:
    """alice wrote 1 to 5; carol joined before 4, bob left after 3."""
    conversation = Conversation.objects.create(kind="group", title="club")
    for person, first, last in ((people.alice, 1, None), (people.bob, 1, 3), (people.carol, 4, None)):
        Membership.objects.create(conversation=conversation, user=person.user, visible_from_seq=first, left_seq=last)
        Watermark.objects.create(
            conversation=conversation, user=person.user, delivered_seq=first - 1, seen_seq=first - 1
        )
    write(str(conversation.id), people.alice, 5)
    return str(conversation.id)


async def test_a_page_ends_where_the_stay_begins(database: Database, people: Cast, group: str) -> None:
    async def seqs(person: Person, first: int, last: int) -> list[int] | None:
        page = await history.page(database, group, person.id, first, last)
        return None if page is None else [entry["seq"] for entry in page.entries]

    assert await seqs(people.alice, 1, 100) == [1, 2, 3, 4, 5]
    assert await seqs(people.alice, 2, 3) == [2, 3]
    assert await seqs(people.alice, 9, 2) == []
    assert await seqs(people.carol, 1, 100) == [4, 5]
    assert await seqs(people.bob, 1, 3) is None
    assert await seqs(people.mallory, 1, 3) is None
    absent = "0190aaaa-0000-7000-8000-000000000000"
    assert await history.page(database, absent, people.alice.id, 1, 3) is None


async def test_info_is_for_those_who_see_the_entry(database: Database, people: Cast, group: str) -> None:
    for person, seq in ((people.mallory, 1), (people.bob, 1), (people.carol, 3), (people.alice, 6), (people.alice, 0)):
        assert await history.people(database, group, person.id, seq) is None


async def test_info_names_those_whom_the_entry_was_for(database: Database, people: Cast, group: str) -> None:
    """Neither who left, nor who joined after it, nor its author."""

    async def names(seq: int) -> list[str]:
        rows = await history.people(database, group, people.alice.id, seq)
        assert rows is not None
        return [row[1] for row in rows]

    assert await names(5) == ["carol"]
    assert await names(3) == []


async def test_info_names_who_left_and_came_back_since(database: Database, people: Cast, group: str) -> None:
    """bob, who is back from 6 on, is owed what was written in his first stay, and not what came between."""
    await in_thread(Membership.objects.create, conversation_id=group, user=people.bob.user, visible_from_seq=6)
    await in_thread(write, group, people.alice, 1)
    named = {}
    for seq in (3, 4, 6):
        rows = await history.people(database, group, people.alice.id, seq)
        assert rows is not None
        named[seq] = [row[1] for row in rows]
    assert named == {3: ["bob"], 4: ["carol"], 6: ["bob", "carol"]}


async def test_the_first_rise_at_or_above_an_entry_is_its_time(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 6)
    await in_thread(
        _rises, conv, people.bob, ("delivered", 2, 10), ("delivered", 5, 20), ("seen", 4, 30), ("delivered", 6, 40)
    )
    expected = {1: (10, 30), 2: (10, 30), 3: (20, 30), 4: (20, 30), 5: (20, None), 6: (40, None)}
    for seq, (delivered, seen) in expected.items():
        assert await _times(database, conv, people, seq) == (delivered, seen)


async def test_nobody_has_seen_an_entry_before_it_was_delivered(database: Database, people: Cast, conv: str) -> None:
    """Flushed together: delivered up to 7 at 12, seen up to 5 at 11. Entry 5 was delivered by 11."""
    await in_thread(write, conv, people.alice, 7)
    rows = [
        Row(conv, people.bob.device_id, "delivered", 7, NOON + 12),
        Row(conv, people.bob.device_id, "seen", 5, NOON + 11),
    ]
    await in_thread(ledger.apply, rows)
    assert await _times(database, conv, people, 5) == (11, 11)
    assert await _times(database, conv, people, 7) == (12, None)


async def _times(database: Database, conv: str, people: Cast, seq: int) -> tuple[int | None, int | None]:
    """(delivered, seen) after NOON, of bob."""
    rows = await history.people(database, conv, people.alice.id, seq)
    assert rows is not None and rows[0][0] == people.bob.id
    delivered, seen = (None if at is None else at - NOON for at in rows[0][4:])
    return delivered, seen


def _rises(conv: str, person: Person, *risen: tuple[str, int, int]) -> None:
    for kind, upto, after in risen:
        Receipt.objects.create(
            conversation_id=conv,
            user=User.objects.get(id=person.id),
            kind=kind,
            upto_seq=upto,
            at=datetime.fromtimestamp((NOON + after) / 1000, UTC),
        )
