"""The one place that says what a person may read: from the rows, for one and for a room."""

import pytest

from chat.log import access, history
from chat.log.pool import Database
from chat.models import Conversation, Membership, User
from chat.policy.visibility import Readable
from receipts.models import Lapse, Receipt, Watermark
from tests.cast import Cast, Person
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group(people: Cast) -> str:
    """alice wrote 1 to 12; floor 2. bob: 1 to 4, and from 7 on, of which 9 and 10 expired for him. carol: left."""
    conversation = Conversation.objects.create(kind="group", title="club")
    stays = [(people.alice, 1, None), (people.bob, 1, 4), (people.bob, 7, None), (people.carol, 1, 6)]
    for person, first, last in stays:
        Membership.objects.create(conversation=conversation, user=person.user, visible_from_seq=first, left_seq=last)
    for person in (people.alice, people.bob):
        Watermark.objects.create(conversation=conversation, user=person.user)
    write(str(conversation.id), people.alice, 12)
    Lapse.objects.create(
        conversation=conversation, user=people.bob.user, from_seq=9, upto_seq=10, at="2026-01-01T00:00Z"
    )
    Conversation.objects.filter(id=conversation.id).update(floor_seq=2)
    return str(conversation.id)


async def test_a_room_holds_who_may_read_and_what(database: Database, people: Cast, group: str) -> None:
    everyone = [person.id for person in (people.alice, people.bob, people.carol, people.mallory)]
    *revs, found = await access.room(database, group, everyone)
    assert revs == [1, 1]
    assert found == {people.alice.id: Readable(3), people.bob.id: Readable(11, ((3, 4), (7, 8)))}


async def test_a_room_that_is_not_there_holds_nobody(database: Database, people: Cast) -> None:
    assert await access.room(database, "0190aaaa-0000-7000-8000-000000000000", [people.alice.id]) == (0, 0, {})


async def test_a_page_tells_every_seq_and_why(database: Database, people: Cast, group: str) -> None:
    page = await history.page(database, group, people.bob.id, 1, 100)
    assert page is not None
    assert [entry["seq"] for entry in page.entries] == [3, 4, 7, 8, 11, 12]
    assert [(each["from"], each["to"], each["why"]) for each in page.absent] == [
        (1, 2, "expired"),
        (5, 6, "no_access"),
        (9, 10, "expired"),
    ]
    within = await history.page(database, group, people.bob.id, 6, 9)
    assert within is not None
    assert [(each["from"], each["to"], each["why"]) for each in within.absent] == [
        (6, 6, "no_access"),
        (9, 9, "expired"),
    ]


async def test_who_has_left_and_who_never_was_may_read_nothing(database: Database, people: Cast, group: str) -> None:
    for person in (people.carol, people.mallory):
        assert await history.page(database, group, person.id, 1, 12) is None
        assert await history.people(database, group, person.id, 5) is None


async def test_info_on_what_one_may_not_read_is_refused(database: Database, people: Cast, group: str) -> None:
    for seq in (2, 5, 9, 13):
        assert await history.people(database, group, people.bob.id, seq) is None
    assert await history.people(database, group, people.bob.id, 11) is not None


async def test_who_it_expired_for_has_not_taken_it(database: Database, people: Cast, group: str) -> None:
    """Whatever rose above it since."""
    await in_thread(_seen, group, people.bob, 12)
    for seq, expired in ((8, False), (9, True), (11, False)):
        rows = await history.people(database, group, people.alice.id, seq)
        assert rows is not None
        _, username, _, expired_at, delivered_at, seen_at = rows[0]
        told = (expired_at is not None, delivered_at is not None, seen_at is not None)
        assert (username, told) == ("bob", (expired, not expired, not expired))


def _seen(conv: str, person: Person, upto: int) -> None:
    user = User.objects.get(id=person.id)
    for kind in ("delivered", "seen"):
        Receipt.objects.create(conversation_id=conv, user=user, kind=kind, upto_seq=upto, at="2026-01-02T00:00Z")
