"""The picture of a group: whose upload it may be, who is told, and what becomes of the one before."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg import AsyncConnection

from chat.inbox import media, purge, roster, sync
from chat.log import groups as use_cases
from chat.log import moderation
from chat.log.moderation import Case
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.media import showing
from chat.models import Attachment, AuditEntry, Change, Conversation, Message, Report, User
from chat.models.ids import new_id
from chat.protocol.errors import ErrorCode
from tests import groups
from tests.cast import Cast, Person
from tests.moderation import audited, make_moderator, report
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


def upload(owner: Person, **more: Any) -> str:
    """Complete, and part of no message."""
    fields = {
        "state": "ready",
        "thumbnail": "wanted",
        "name": "us.png",
        "type": "image/png",
        "length": 9,
        "size": 9,
    } | more
    made = Attachment.objects.create(owner_id=owner.id, client_id=str(new_id()), received=9, **fields)
    return str(made.id)


async def done(database: Database, use: Callable[[AsyncConnection[Any]], Awaitable[Any]]) -> Any:
    async with database.transaction() as connection:
        return await use(connection)


async def club(database: Database, owner: Person, *others: Person) -> str:
    return str(await done(database, lambda c: groups.create(c, owner.actor, "club", [other.id for other in others])))


async def show(database: Database, who: Person, conv: str, picture: str) -> Any:
    return await done(database, lambda c: use_cases.change(c, who.actor, conv, picture=picture))


async def refused(database: Database, who: Person, conv: str, picture: str) -> ErrorCode | None:
    try:
        await show(database, who, conv, picture)
    except Refusal as refusal:
        return refusal.code
    return None


async def attachment(picture: str) -> tuple[str, int | None]:
    return await in_thread(lambda: Attachment.objects.values_list("state", "seq").get(id=picture))


async def sees(database: Database, who: Person, picture: str) -> bool:
    try:
        await showing.look(database, who.actor, picture)
    except Refusal:
        return False
    return True


async def test_it_is_told_to_all_and_belongs_to_the_entry_that_says_so(database: Database, people: Cast) -> None:
    alice, bob = people.alice, people.bob
    conv, picture = await club(database, alice, bob), await in_thread(lambda: upload(alice))
    assert (await show(database, alice, conv, picture)).head == 2
    summary = (await sync.summaries(database, bob.id, bob.device_id))[0].frame()
    assert summary["picture"] == picture and summary["last"]["event"] == {"type": "changed", "picture": picture}
    assert (await roster.roster(database, conv)).frame(bob.id)["picture"] == picture
    assert await attachment(picture) == ("sent", 2)
    assert (await show(database, alice, conv, picture)).head is None, "it is so already"


async def test_the_one_before_is_gone(database: Database, people: Cast) -> None:
    alice = people.alice
    conv = await club(database, alice, people.bob)
    first, second = await in_thread(lambda: (upload(alice), upload(alice)))
    for picture in (first, second):
        await show(database, alice, conv, picture)
    assert await attachment(first) == ("dropped", None) and not await sees(database, alice, first)
    assert await sees(database, people.bob, second)
    await show(database, alice, conv, "")
    assert await attachment(second) == ("dropped", None)
    summary = (await sync.summaries(database, alice.id, alice.device_id))[0].frame()
    assert summary["picture"] is None and summary["last"]["event"] == {"type": "changed", "picture": ""}
    assert (await show(database, alice, conv, "")).head is None


async def test_only_a_picture_of_ones_own_that_is_nowhere_else(database: Database, people: Cast) -> None:
    alice, bob = people.alice, people.bob
    conv, other = await club(database, alice, bob), await club(database, alice, bob)
    used = await in_thread(lambda: upload(alice))
    await show(database, alice, other, used)
    wrong = await in_thread(
        lambda: [
            upload(bob),
            upload(alice, state="uploading", thumbnail="none"),
            upload(alice, thumbnail="none", type="application/pdf"),
            upload(alice, thumbnail="failed"),
            upload(alice, state="dropped"),
        ]
    )
    for picture in (*wrong, used, str(new_id())):
        assert await refused(database, alice, conv, picture) is ErrorCode.INVALID_ATTACHMENT
    assert await in_thread(Message.objects.filter(conversation_id=conv).count) == 1
    assert await in_thread(lambda: Conversation.objects.get(id=conv).picture) is None
    mine = await in_thread(lambda: upload(bob))
    assert await refused(database, bob, conv, mine) is ErrorCode.NOT_ALLOWED
    assert await attachment(mine) == ("ready", None)


async def test_members_see_it_whatever_they_may_read(database: Database, people: Cast) -> None:
    """Who came after it does; who was removed, and who never was in it, does not."""
    alice, bob, carol = people.alice, people.bob, people.carol
    conv, picture = await club(database, alice, bob), await in_thread(lambda: upload(alice))
    await show(database, alice, conv, picture)
    assert not await sees(database, carol, picture)
    await done(database, lambda c: groups.add(c, alice.actor, conv, carol.id))
    await done(database, lambda c: groups.remove(c, alice.actor, conv, bob.id))
    assert await sees(database, carol, picture) and await sees(database, alice, picture)
    assert not await sees(database, bob, picture) and not await sees(database, people.mallory, picture)


async def test_it_waits_for_no_device(database: Database, people: Cast) -> None:
    """It comes with no entry, so of the quota for what does it takes nothing."""
    alice, bob = people.alice, people.bob
    conv = await club(database, alice, bob)
    picture = await in_thread(lambda: upload(alice, length=5_000_000, size=5_000_000))
    await show(database, alice, conv, picture)
    later = timezone.now() + timedelta(minutes=1)
    assert await in_thread(lambda: media.withhold(1, later)) == 0


async def test_it_stays_when_its_entry_goes(database: Database, people: Cast) -> None:
    alice = people.alice
    conv, picture = await club(database, alice), await in_thread(lambda: upload(alice))
    await show(database, alice, conv, picture)
    later = timezone.now() + timedelta(days=400)
    assert await in_thread(lambda: purge.purge(30, later)) == 2
    assert await sees(database, alice, picture)


async def test_it_goes_when_the_last_one_leaves(database: Database, people: Cast) -> None:
    """Nobody could fetch it any more, and no purge takes it."""
    alice, bob = people.alice, people.bob
    conv, picture = await club(database, alice, bob), await in_thread(lambda: upload(alice))
    await show(database, alice, conv, picture)
    await done(database, lambda c: groups.remove(c, alice.actor, conv, alice.id))
    assert await sees(database, bob, picture), "who gave it has left, others are there"
    await done(database, lambda c: groups.remove(c, bob.actor, conv, bob.id))
    assert await attachment(picture) == ("dropped", None)
    assert await in_thread(lambda: Conversation.objects.get(id=conv).picture) is None


async def removed(case: Case, conv: str, seq: int | None = None) -> bool:
    target = await in_thread(lambda: Conversation.objects.get(id=conv).id)
    return await in_thread(lambda: moderation.remove_picture(case, target, seq))


async def test_a_moderator_takes_it_down(database: Database, people: Cast) -> None:
    """No entry says so, as there is nobody it could name; members are told that there is none."""
    alice, bob = people.alice, people.bob
    conv, picture = await club(database, alice, bob), await in_thread(lambda: upload(alice))
    await show(database, alice, conv, picture)
    mo = await in_thread(make_moderator)
    before = (await roster.roster(database, conv)).frame(bob.id)
    await in_thread(Change.objects.all().delete)
    assert await removed(Case(mo, "indecent"), conv)
    assert await attachment(picture) == ("dropped", None)
    assert not await sees(database, alice, picture) and not await sees(database, bob, picture)
    told = (await roster.roster(database, conv)).frame(bob.id)
    assert told["picture"] is None and told["members_rev"] == before["members_rev"] + 1
    change = await in_thread(Change.objects.get)
    assert (change.kind, [str(each) for each in change.conversations], change.users) == ("members", [conv], [])
    assert await in_thread(Message.objects.filter(conversation_id=conv).count) == 2
    line = await in_thread(AuditEntry.objects.get)
    assert (line.action, line.kind, line.target, line.reason) == (
        *("conversation.remove_picture", "conversation", conv, "indecent"),
    )
    assert line.details == {"picture": picture, "owner": alice.id}
    assert not await removed(Case(mo, "again"), conv)
    assert len(await in_thread(audited)) == 1
    again = await in_thread(lambda: upload(alice))
    assert (await show(database, alice, conv, again)).head == 3, "another one may be shown"


async def test_a_report_takes_down_the_picture_it_is_about(database: Database, people: Cast) -> None:
    alice, bob = people.alice, people.bob
    conv = await club(database, alice, bob)
    first, second = await in_thread(lambda: (upload(alice), upload(alice)))
    await show(database, alice, conv, first)
    await show(database, alice, conv, second)
    mo = await in_thread(make_moderator)
    old, new = await in_thread(lambda: [report(bob, alice, conv, seq) for seq in (2, 3)])
    assert not await removed(Case(mo, "", old.pk), conv, 2), "that one is gone already"
    assert await attachment(second) == ("sent", 3)
    assert await removed(Case(mo, "", new.pk), conv, 3)
    assert await attachment(second) == ("dropped", None)
    states = await in_thread(lambda: set(Report.objects.values_list("state", flat=True)))
    lines = await in_thread(lambda: list(AuditEntry.objects.order_by("number").values_list("details", flat=True)))
    assert states == {"acted"} and [line.get("already", False) for line in lines] == [True, False]


async def test_a_moderator_leaves_a_colleagues_and_what_is_not_there(database: Database, people: Cast) -> None:
    alice, bob = people.alice, people.bob
    conv, picture = await club(database, alice, bob), await in_thread(lambda: upload(alice))
    await show(database, alice, conv, picture)
    mo = await in_thread(make_moderator)
    await in_thread(User.objects.filter(id=alice.user.id).update, is_staff=True)
    told = await in_thread(lambda: report(bob, alice, conv, 1))
    for case, seq in ((Case(mo), None), (Case(mo, "", told.pk), 1)):
        with pytest.raises(Refusal) as refusal:
            await removed(case, conv, seq)
        assert refusal.value.code is ErrorCode.NOT_ALLOWED
    with pytest.raises(Refusal) as refusal:
        await in_thread(lambda: moderation.remove_picture(Case(mo), new_id()))
    assert refusal.value.code is ErrorCode.NOT_FOUND
    assert await attachment(picture) == ("sent", 2) and await in_thread(audited) == []
    boss = await in_thread(lambda: User.objects.create_superuser("boss"))
    assert await removed(Case(boss), conv)
