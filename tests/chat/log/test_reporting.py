"""Reports: what is copied, for whom, and that nothing is learned by reporting."""

from typing import Any

import pytest

from chat.log import reporting
from chat.log.access import Actor
from chat.log.pool import Database
from chat.models import Conversation, Hidden, Membership, Message, Report
from chat.protocol.errors import ErrorCode
from chat.protocol.safety_frames import NewReport
from receipts.models import Watermark
from tests.cast import Cast, Person
from tests.chat.log.test_blocking import code
from tests.log import attach, write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

NOBODYS = "0199c1f0-0000-7000-8000-00000000dead"


def new(conv: str, **more: Any) -> NewReport:
    return NewReport(**({"client_id": "r1", "conv": conv, "reason": "abuse"} | more))


@pytest.fixture
def written(people: Cast, conv: str) -> str:
    """bob wrote 1 to 20, alice 21."""
    write(conv, people.bob, 20, body="you!")
    write(conv, people.alice, 1)
    return conv


async def test_an_entry_with_what_stands_around_it(database: Database, people: Cast, written: str) -> None:
    await in_thread(attach, written, 11)
    await reporting.report(database, people.alice.actor, new(written, seq=10, note="Every night."))
    report = await in_thread(Report.objects.get)
    assert (report.reporter_id, report.subject_id) == (people.alice.user.id, people.bob.user.id)
    assert (str(report.conversation_id), report.seq, report.reason, report.note, report.state) == (
        *(written, 10, "abuse", "Every night.", "open"),
    )
    assert [entry["seq"] for entry in report.context] == list(range(5, 16))
    first = report.context[0]
    assert (first["sender_id"], first["sender"], first["body"]) == (people.bob.id, "bob", "you!")
    assert first["at"] > 1_700_000_000_000
    assert [entry["attachments"] for entry in report.context] == [0] * 6 + [1] + [0] * 4


async def test_a_person_with_the_newest(database: Database, people: Cast, written: str) -> None:
    """In a 1:1 the other one, named or not."""
    await reporting.report(database, people.alice.actor, new(written))
    await reporting.report(database, people.alice.actor, new(written, client_id="r2", user=people.bob.id))
    for report in await in_thread(lambda: list(Report.objects.all())):
        assert (report.subject_id, report.seq) == (people.bob.user.id, None)
        assert [entry["seq"] for entry in report.context] == list(range(12, 22))


async def test_before_anything_was_written(database: Database, people: Cast, conv: str) -> None:
    await reporting.report(database, people.alice.actor, new(conv))
    assert (await in_thread(Report.objects.get)).context == []


async def test_what_the_reporter_cannot_read_is_not_copied(database: Database, people: Cast, written: str) -> None:
    await in_thread(Hidden.objects.create, user=people.alice.user, conversation_id=written, seq=9, rev=1)
    await in_thread(
        Message.objects.filter(conversation_id=written, seq=8).update, deleted_at="2026-01-01T00:00Z", body=""
    )
    await reporting.report(database, people.alice.actor, new(written, seq=10))
    context = (await in_thread(Report.objects.get)).context
    assert [(entry["seq"], entry["body"]) for entry in context[:5]] == [
        *((5, "you!"), (6, "you!"), (7, "you!"), (8, ""), (10, "you!")),
    ]


async def test_the_same_again_is_the_same_report(database: Database, people: Cast, written: str) -> None:
    for _ in range(2):
        await reporting.report(database, people.alice.actor, new(written, seq=10))
    assert await in_thread(Report.objects.count) == 1
    for other in (new(written, seq=11), new(written), new(written, seq=10, reason="spam")):
        asked = reporting.report(database, people.alice.actor, other)
        assert await code(asked) is ErrorCode.IDEMPOTENCY_CONFLICT
    # Another person's client_id is another's.
    await reporting.report(database, people.bob.actor, new(written, seq=21))
    assert await in_thread(Report.objects.count) == 2


async def test_absent_and_forbidden_look_the_same(database: Database, people: Cast, written: str) -> None:
    alice, mallory = people.alice, people.mallory
    asked: list[tuple[Person, NewReport]] = [
        (mallory, new(written, seq=10)),
        (mallory, new(written, user=people.bob.id)),
        (mallory, new(written)),
        (mallory, new(NOBODYS)),
        (alice, new(NOBODYS, seq=1)),
        (alice, new(written, seq=99)),
        (alice, new(written, user=mallory.id)),
        (alice, new(written, user=NOBODYS)),
        (alice, new(written, seq=21)),
        (alice, new(written, user=alice.id)),
    ]
    for who, wanted in asked:
        assert await code(reporting.report(database, who.actor, wanted)) is ErrorCode.NOT_FOUND, wanted
    revoked = reporting.report(database, Actor(alice.id, mallory.device_id), new(written, seq=10))
    assert await code(revoked) is ErrorCode.AUTHENTICATION_FAILED
    assert not await in_thread(Report.objects.exists)


def group_of(*people: Person) -> str:
    group = Conversation.objects.create(kind="group", title="club")
    for person in people:
        Membership.objects.create(conversation=group, user=person.user)
        Watermark.objects.create(conversation=group, user=person.user)
    return str(group.id)


async def test_in_a_group_somebody_is_named_also_who_has_left(database: Database, people: Cast) -> None:
    group = await in_thread(group_of, people.alice, people.bob, people.carol)
    await in_thread(write, group, people.bob, 2)
    await in_thread(Membership.objects.filter(user=people.bob.user).update, left_seq=2)
    assert await code(reporting.report(database, people.alice.actor, new(group))) is ErrorCode.NOT_FOUND
    await reporting.report(database, people.alice.actor, new(group, user=people.bob.id))
    # But nobody reports from a group they have left.
    asked = reporting.report(database, people.bob.actor, new(group, user=people.alice.id))
    assert await code(asked) is ErrorCode.NOT_FOUND


async def test_who_was_there_before_one_came_or_while_one_was_away_is_nobody(database: Database, people: Cast) -> None:
    """What one cannot read one is not told either: nor whether somebody ever was in it."""
    alice, bob, carol, mallory = people.alice, people.bob, people.carol, people.mallory
    group = await in_thread(group_of, bob)
    await in_thread(write, group, bob, 30)
    stays: list[tuple[Person, int, int | None, int | None]] = [
        # alice may read 11 to 14, and from 20 on.
        *((alice, 11, 11, 14), (alice, 20, 20, None)),
        # carol left before she came; mallory, who was shown all there is, was there while she was away.
        *((carol, 1, 1, 10), (mallory, 1, 15, 19)),
    ]
    for person, first, joined, last in stays:
        bounds = {"visible_from_seq": first, "joined_seq": joined, "left_seq": last}
        await in_thread(Membership.objects.create, conversation_id=group, user=person.user, **bounds)
    await in_thread(Watermark.objects.create, conversation_id=group, user=alice.user)
    answers = []
    for n, user in enumerate((carol.id, mallory.id, NOBODYS)):
        asked = reporting.report(database, alice.actor, new(group, client_id=f"r{n}", user=user))
        answers.append(await code(asked))
    assert answers == [ErrorCode.NOT_FOUND] * 3
    # bob sees them all, and who was there with her even for one entry she may name.
    for n, user in enumerate((carol.id, mallory.id)):
        await reporting.report(database, bob.actor, new(group, client_id=f"r{n}", user=user))
    await in_thread(Membership.objects.filter(conversation_id=group, user=carol.user).update, left_seq=11)
    await reporting.report(database, alice.actor, new(group, client_id="r9", user=carol.id))


async def test_of_what_was_done_to_a_group_the_title_and_that_there_was_a_picture(
    database: Database, people: Cast, written: str
) -> None:
    """The picture itself is gone when another one is shown."""
    for seq, event in ((17, {"title": "Picnic"}), (18, {"picture": NOBODYS}), (19, {"picture": ""})):
        changed = {"type": "changed"} | event
        await in_thread(Message.objects.filter(conversation_id=written, seq=seq).update, event=changed, body="")
    await reporting.report(database, people.alice.actor, new(written, seq=18))
    context = {entry["seq"]: entry for entry in (await in_thread(Report.objects.get)).context}
    assert [(context[seq]["body"], context[seq].get("picture")) for seq in (16, 17, 18, 19)] == [
        *(("you!", None), ("Picnic", None), ("", True), ("", False)),
    ]
