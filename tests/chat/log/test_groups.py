"""Groups: who may do what, what each person may fetch afterwards, and what is unread across their stays."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from psycopg import AsyncConnection

from chat.inbox import redelivery, sync
from chat.log import devices, history, revise
from chat.log import groups as use_cases
from chat.log.access import Actor
from chat.log.groups import Plan
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.log.transaction import BatchWriter, new_message_id
from chat.models import Change, Conversation, Device, Inbox, Membership, Message, User
from chat.policy.decide import Accepted, Proposal, Refused
from chat.policy.revise import Windows
from chat.protocol.errors import ErrorCode
from chat.protocol.group_frames import Role
from receipts.models import Lapse, Watermark
from tests import groups
from tests.cast import Cast, Person, make_person
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

Use = Callable[[AsyncConnection[Any]], Awaitable[Any]]


async def done(database: Database, use: Use) -> Any:
    async with database.transaction() as connection:
        return await use(connection)


async def code(database: Database, use: Use) -> ErrorCode | None:
    try:
        await done(database, use)
    except Refusal as refusal:
        return refusal.code
    return None


def create(creator: Person, *others: Person) -> Use:
    return lambda connection: groups.create(connection, creator.actor, "club", [other.id for other in others])


def give(actor: Person, conv: str, user: str, role: Role) -> Use:
    return lambda connection: use_cases.give_role(connection, actor.actor, conv, user, role)


def change(actor: Person, conv: str, **new: Any) -> Use:
    return lambda connection: use_cases.change(connection, actor.actor, conv, **new)


async def events(conv: str) -> list[tuple[int, str, dict[str, Any]]]:
    """(seq, who, what) of all that was done."""
    rows = Message.objects.filter(conversation_id=conv, event__isnull=False).order_by("seq")
    return await in_thread(lambda: list(rows.values_list("seq", "sender__username", "event")))


def add(admin: Person, conv: str, user: str) -> Use:
    return lambda connection: groups.add(connection, admin.actor, conv, user)


def remove(actor: Person, conv: str, user: str) -> Use:
    return lambda connection: groups.remove(connection, actor.actor, conv, user)


async def seqs(database: Database, conv: str, person: Person) -> list[int] | None:
    page = await history.page(database, conv, person.id, 1, 100)
    return None if page is None else [entry["seq"] for entry in page.entries]


async def absent(database: Database, conv: str, person: Person) -> list[tuple[int, int, str]]:
    page = await history.page(database, conv, person.id, 1, 100)
    assert page is not None
    return [(each["from"], each["to"], each["why"]) for each in page.absent]


async def unread(database: Database, conv: str, person: Person) -> int:
    return (await sync.summaries(database, person.id, person.device_id, [conv]))[0].unread


async def test_a_group_has_its_maker_as_owner_and_is_told_to_all(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob, people.bob, people.alice))
    summary = (await sync.summaries(database, people.bob.id, people.bob.device_id))[0]
    assert (summary.conv, summary.kind, summary.title, summary.head) == (conv, "group", "club", 1)
    assert {member["username"]: member["role"] for member in summary.members} == {"alice": "owner", "bob": "member"}
    assert summary.last and summary.last["event"] == {"type": "created", "title": "club", "count": 2}
    assert (summary.unread, summary.last["sender"]) == (0, people.alice.id), "what was done is not unread"
    appended, joined = await in_thread(lambda: list(Change.objects.order_by("id")))
    assert (appended.kind, appended.heads, joined.kind) == ("append", [1], "members")
    assert {str(user) for user in joined.users} == {people.alice.id, people.bob.id}


async def test_a_group_of_people_who_are_not_there_is_not_made(database: Database, people: Cast) -> None:
    stranger = "0190aaaa-0000-7000-8000-000000000000"
    assert (
        await code(database, lambda c: groups.create(c, people.alice.actor, "club", [stranger])) is ErrorCode.NOT_FOUND
    )
    await in_thread(User.objects.filter(id=people.bob.id).update, is_active=False)
    assert await code(database, create(people.alice, people.bob)) is ErrorCode.NOT_FOUND
    assert not await in_thread(Conversation.objects.exists)


async def test_a_full_group_takes_nobody(database: Database, people: Cast) -> None:
    actor, users = people.alice.actor, [people.bob.id, people.carol.id]
    large = Plan("c1", "club", users)
    assert await code(database, lambda c: use_cases.create(c, actor, large, most=2)) is ErrorCode.GROUP_FULL
    conv = await done(database, create(people.alice, people.bob))
    assert await code(database, lambda c: use_cases.add(c, actor, conv, users, most=2)) is ErrorCode.GROUP_FULL
    assert await done(database, remove(people.bob, conv, people.bob.id))
    assert await done(database, add(people.alice, conv, people.carol.id))


async def test_only_admins_add_and_remove_and_everyone_may_go(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    for who, refused in ((people.bob, ErrorCode.NOT_ALLOWED), (people.mallory, ErrorCode.NOT_FOUND)):
        assert await code(database, add(who, conv, people.carol.id)) is refused
        assert await code(database, remove(who, conv, people.alice.id)) is refused
        assert await code(database, give(who, conv, people.bob.id, "admin")) is refused
        assert await code(database, change(who, conv, title="mine")) is refused
    assert await code(database, remove(people.mallory, conv, people.mallory.id)) is ErrorCode.NOT_FOUND
    assert await done(database, remove(people.bob, conv, people.bob.id)) is True
    assert await done(database, remove(people.bob, conv, people.bob.id)) is False, "once more is the same"
    assert await done(database, remove(people.alice, conv, people.bob.id)) is False
    assert await done(database, remove(people.alice, conv, people.alice.id)) is True
    assert await code(database, add(people.alice, conv, people.alice.id)) is ErrorCode.NOT_FOUND


async def test_whose_device_was_revoked_or_who_was_suspended_must_sign_in(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob, people.carol))
    await in_thread(devices.revoke, people.alice.device)
    uses = [create(people.alice), add(people.alice, conv, people.mallory.id), remove(people.alice, conv, people.bob.id)]
    assert {await code(database, use) for use in uses} == {ErrorCode.AUTHENTICATION_FAILED}
    await in_thread(User.objects.filter(id=people.carol.id).update, is_active=False)
    uses = [create(people.carol), remove(people.carol, conv, people.carol.id)]
    assert {await code(database, use) for use in uses} == {ErrorCode.AUTHENTICATION_FAILED}
    stolen = Person(people.bob.user, people.mallory.device, "")
    assert await code(database, remove(stolen, conv, people.bob.id)) is ErrorCode.AUTHENTICATION_FAILED
    assert await in_thread(Membership.objects.filter(conversation_id=conv, left_seq=None).count) == 3


async def test_who_was_let_in_before_their_access_changed_must_sign_in(database: Database, people: Cast) -> None:
    """As a socket that is still open for a moment after its person's password was changed elsewhere."""
    conv = await done(database, create(people.alice, people.bob))
    alice = people.alice
    stale, fresh = Actor(alice.id, alice.device_id, 0), Actor(alice.id, alice.device_id, 1)
    await in_thread(Device.objects.filter(id=alice.device.id).update, access_rev=1)
    uses: list[Use] = [
        lambda c: use_cases.change(c, stale, conv, title="x"),
        lambda c: use_cases.create(c, stale, Plan("c1", "club", [])),
        lambda c: revise.hide(c, stale, conv, 1),
    ]
    assert {await code(database, use) for use in uses} == {ErrorCode.AUTHENTICATION_FAILED}
    assert await code(database, lambda c: use_cases.change(c, fresh, conv, title="x")) is None


async def roles(conv: str) -> dict[str, str]:
    """By username, of those present who are more than members."""
    found = Membership.objects.filter(conversation_id=conv, left_seq=None).exclude(role="member")
    return dict(await in_thread(lambda: list(found.values_list("user__username", "role"))))


async def test_when_the_owner_goes_who_is_there_longest_becomes_it(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice))
    for person in (people.carol, people.bob):
        assert await done(database, add(people.alice, conv, person.id))
    assert await done(database, remove(people.alice, conv, people.alice.id))
    assert await roles(conv) == {"carol": "owner"}
    assert (await events(conv))[-2:] == [
        (4, "alice", {"type": "role", "users": [people.carol.id], "role": "owner"}),
        (5, "alice", {"type": "left"}),
    ]
    assert await done(database, add(people.carol, conv, people.alice.id))
    assert await roles(conv) == {"carol": "owner"}, "coming back brings no role back"
    assert await done(database, remove(people.carol, conv, people.carol.id))
    assert await done(database, remove(people.bob, conv, people.bob.id))
    assert await done(database, remove(people.alice, conv, people.alice.id)), "the last of all may go, too"
    assert await roles(conv) == {}


async def test_an_admin_inherits_before_a_member_and_nobody_suspended(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice))
    for person in (people.bob, people.mallory, people.carol):
        assert await done(database, add(people.alice, conv, person.id))
    for person in (people.carol, people.mallory):
        await done(database, give(people.alice, conv, person.id, "admin"))
    await in_thread(User.objects.filter(id=people.mallory.id).update, is_active=False)
    assert await done(database, remove(people.alice, conv, people.alice.id))
    assert await roles(conv) == {"carol": "owner", "mallory": "admin"}


async def test_two_who_go_at_once_leave_one_owner(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob, people.carol))
    await done(database, give(people.alice, conv, people.carol.id, "admin"))
    await asyncio.gather(*(done(database, remove(who, conv, who.id)) for who in (people.alice, people.carol)))
    assert await roles(conv) == {"bob": "owner"}


async def test_roles_are_given_and_passed_on(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob, people.carol))
    for _ in range(2):
        await done(database, give(people.alice, conv, people.bob.id, "admin"))
    await done(database, give(people.bob, conv, people.carol.id, "admin"))
    assert await code(database, remove(people.bob, conv, people.carol.id)) is ErrorCode.NOT_ALLOWED
    await done(database, give(people.alice, conv, people.carol.id, "member"))
    await done(database, give(people.alice, conv, people.bob.id, "owner"))
    assert await roles(conv) == {"bob": "owner", "alice": "admin"}
    given = [
        (users, role) for _, _, event in (await events(conv))[1:] for users, role in [(event["users"], event["role"])]
    ]
    bob, carol = [people.bob.id], [people.carol.id]
    assert given == [(bob, "admin"), (carol, "admin"), (carol, "member"), (bob, "owner")], "once each"
    assert await code(database, give(people.bob, conv, people.mallory.id, "admin")) is ErrorCode.NOT_FOUND


async def test_a_name_and_settings_are_changed_and_said_once(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    for _ in range(2):
        await done(database, change(people.alice, conv, title="Cabin", history="all"))
    await done(database, change(people.alice, conv, adding="everyone"))
    assert [event for _, _, event in (await events(conv))[1:]] == [
        {"type": "changed", "title": "Cabin", "history": "all"},
        {"type": "changed", "adding": "everyone"},
    ]
    assert await done(database, add(people.bob, conv, people.carol.id)), "everyone may, now"
    assert (await in_thread(Conversation.objects.get, id=conv)).members_rev == 4


async def test_a_group_made_twice_by_the_same_client_id_is_one(database: Database, people: Cast) -> None:
    def make(title: str) -> Use:
        plan = Plan("made_1", title, [people.bob.id])
        return lambda connection: use_cases.create(connection, people.alice.actor, plan)

    first, again = await done(database, make("club")), await done(database, make("club"))
    assert (first.conv, first.head, again.head) == (again.conv, 1, None)
    assert await code(database, make("other")) is ErrorCode.IDEMPOTENCY_CONFLICT
    assert await in_thread(Conversation.objects.count) == 1


async def test_who_comes_to_a_group_that_shows_all_reads_all_and_was_sent_nothing(
    database: Database, people: Cast
) -> None:
    conv = await done(database, create(people.alice, people.bob))
    await done(database, change(people.alice, conv, history="all"))
    await in_thread(write, conv, people.alice, 2)
    await done(database, add(people.alice, conv, people.carol.id))
    assert await seqs(database, conv, people.carol) == [1, 2, 3, 4, 5]
    summary = (await sync.summaries(database, people.carol.id, people.carol.device_id, [conv]))[0]
    assert (summary.received, summary.readable.start, summary.unread) == (4, 1, 0)
    carol = next(member for member in summary.members if member["username"] == "carol")
    assert (carol["stays"], carol["delivered"]) == ([[5, None]], 4), "no tick of before is hers"
    info = await history.people(database, conv, people.alice.id, 4)
    assert [row[1] for row in info or []] == ["bob"]


async def test_what_was_done_stands_and_is_not_answered(database: Database, dsn: str, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    windows = Windows(10**9, 10**9)
    uses: list[Use] = [
        lambda c: revise.edit(c, people.alice.actor, conv, 1, "x", windows),
        lambda c: revise.delete(c, people.alice.actor, conv, 1, windows),
        lambda c: revise.hide(c, people.bob.actor, conv, 1),
    ]
    assert {await code(database, use) for use in uses} == {ErrorCode.NOT_ALLOWED}
    writer = BatchWriter(dsn)
    send = Proposal(conv, people.bob.id, people.bob.device_id, "b1", "hi", new_message_id(), reply_to=1)
    assert (await writer.commit([send], False)).outcomes == [Refused(ErrorCode.INVALID_REPLY)]
    await writer.close()


async def test_who_is_mentioned_is_a_member_and_is_told(database: Database, dsn: str, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    writer = BatchWriter(dsn)

    async def outcome(key: str, *mentioned: Person) -> Any:
        mentions = tuple(person.id for person in mentioned)
        alice = people.alice
        send = Proposal(conv, alice.id, alice.device_id, key, "hi", new_message_id(), mentions=mentions)
        return (await writer.commit([send], False)).outcomes[0]

    assert isinstance(await outcome("a1", people.bob), Accepted)
    assert (await outcome("a1", people.bob)).duplicate
    assert await outcome("a1") == Refused(ErrorCode.IDEMPOTENCY_CONFLICT)
    assert await outcome("a2", people.bob, people.carol) == Refused(ErrorCode.INVALID_MENTION)
    await writer.close()
    page = await history.page(database, conv, people.bob.id, 2, 2)
    assert page and page.entries[0]["mentions"] == [people.bob.id]


async def test_a_direct_conversation_takes_nobody_and_lets_nobody_go(
    database: Database, people: Cast, conv: str
) -> None:
    await in_thread(Membership.objects.filter(user=people.alice.user).update, role="owner")
    assert await code(database, add(people.alice, conv, people.carol.id)) is ErrorCode.NOT_FOUND
    assert await code(database, remove(people.alice, conv, people.bob.id)) is ErrorCode.NOT_FOUND
    absent = "0190aaaa-0000-7000-8000-000000000000"
    assert await code(database, add(people.alice, absent, people.carol.id)) is ErrorCode.NOT_FOUND


async def test_adding_twice_is_one_stay_also_at_once(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice))
    added = await asyncio.gather(*(done(database, add(people.alice, conv, people.bob.id)) for _ in range(4)))
    assert sorted(added) == [False, False, False, True]
    assert await in_thread(Membership.objects.filter(conversation_id=conv, user_id=people.bob.id).count) == 1
    assert (await in_thread(Conversation.objects.get, id=conv)).members_rev == 2


async def test_each_person_may_fetch_the_entries_of_their_stays(database: Database, people: Cast) -> None:
    """bob: 1 to 4, the last of which removes him, and from 9 on. carol: from 6 on. Nobody else."""
    conv = await done(database, create(people.alice, people.bob))
    steps: list[tuple[int, Use]] = [
        (3, remove(people.alice, conv, people.bob.id)),
        (5, add(people.alice, conv, people.carol.id)),
        (8, add(people.alice, conv, people.bob.id)),
    ]
    for head, use in steps:
        written = (await in_thread(Conversation.objects.get, id=conv)).last_seq
        await in_thread(write, conv, people.alice, head - written)
        if head == 5:
            assert await seqs(database, conv, people.bob) is None, "who is away reads nothing, not even their own"
        assert await done(database, use)
    await in_thread(write, conv, people.alice, 2)
    assert await seqs(database, conv, people.alice) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert await absent(database, conv, people.alice) == []
    assert await seqs(database, conv, people.bob) == [1, 2, 3, 4, 9, 10, 11]
    assert await absent(database, conv, people.bob) == [(5, 8, "no_access")]
    assert await seqs(database, conv, people.carol) == [6, 7, 8, 9, 10, 11]
    assert await absent(database, conv, people.carol) == [(1, 5, "no_access")]
    assert await seqs(database, conv, people.mallory) is None


async def test_unread_are_those_of_ones_stays(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    await in_thread(write, conv, people.alice, 3)
    await done(database, remove(people.alice, conv, people.bob.id))
    await in_thread(write, conv, people.alice, 2)
    await done(database, add(people.alice, conv, people.bob.id))
    await done(database, add(people.alice, conv, people.carol.id))
    await in_thread(write, conv, people.alice, 4)
    await in_thread(write, conv, people.bob, 1)
    assert await unread(database, conv, people.bob) == 3 + 4
    assert await unread(database, conv, people.carol) == 4 + 1
    bobs = Watermark.objects.filter(user=people.bob.user)
    # The messages are 2 to 4, 6 and 7, 10 to 14.
    await in_thread(bobs.update, delivered_seq=11, seen_seq=11)
    assert await unread(database, conv, people.bob) == 2


async def test_who_comes_late_owes_nothing_of_before(database: Database, people: Cast) -> None:
    """Each device of theirs begins at the head, and so does what the others see of them."""
    conv = await done(database, create(people.alice))
    await in_thread(write, conv, people.alice, 5)
    await done(database, add(people.alice, conv, people.bob.id))
    summary = (await sync.summaries(database, people.bob.id, people.bob.device_id, [conv]))[0]
    assert (summary.received, summary.readable.start, summary.unread) == (6, 7, 0)
    assert summary.last and summary.last["event"] == {"type": "added", "users": [people.bob.id]}
    bob = next(member for member in summary.members if member["username"] == "bob")
    assert (bob["stays"], bob["delivered"], bob["seen"]) == ([[7, None]], 6, 6)


async def test_who_comes_back_goes_on_at_the_cursor_they_had(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    await in_thread(write, conv, people.alice, 4)
    await in_thread(_take, conv, people.bob, 2)
    await done(database, remove(people.alice, conv, people.bob.id))
    await in_thread(write, conv, people.alice, 2)
    await done(database, add(people.alice, conv, people.bob.id))
    summary = (await sync.summaries(database, people.bob.id, people.bob.device_id, [conv]))[0]
    assert summary.received == 2, "3 and 4 are still owed"


async def test_a_stay_and_a_removal_at_once_with_sends_end_at_the_head_of_their_moment(
    database: Database, people: Cast
) -> None:
    """The lock is the conversation's: no entry is written between the head that is read and the stay that ends."""
    conv = await done(database, create(people.alice, people.bob))
    carol = await in_thread(make_person, "dora")
    await asyncio.gather(
        done(database, remove(people.alice, conv, people.bob.id)),
        done(database, add(people.alice, conv, carol.id)),
        *(in_thread(_write_locked, conv, people.alice) for _ in range(3)),
    )
    left = await in_thread(Membership.objects.get, conversation_id=conv, user_id=people.bob.id)
    joined = await in_thread(Membership.objects.get, conversation_id=conv, user_id=carol.id)
    told = {event["type"]: seq for seq, _, event in await events(conv)}
    assert (left.left_seq, joined.visible_from_seq) == (told["removed"], told["added"])
    conversation = await in_thread(Conversation.objects.get, id=conv)
    assert (conversation.last_seq, conversation.members_rev) == (6, 3)


def _write_locked(conv: str, person: Person) -> None:
    with transaction.atomic():
        Conversation.objects.select_for_update(no_key=True).get(id=conv)
        write(conv, person, 1)


def _a_while_ago() -> datetime:
    """Long enough for a sweep to look at it."""
    return timezone.now() - timedelta(seconds=20)


def _take(conv: str, person: Person, upto: int) -> None:
    Inbox.objects.update_or_create(conversation_id=conv, device=person.device, defaults={"received_seq": upto})
    Watermark.objects.filter(conversation_id=conv, user=person.user).update(delivered_seq=upto)


async def test_a_sweep_leaves_who_came_back_what_they_are_owed(database: Database, people: Cast) -> None:
    """bob's device never acknowledged anything: it has no inbox, which means the start, not the newest stay's."""
    conv = await done(database, create(people.alice, people.bob))
    await in_thread(write, conv, people.alice, 4)
    await done(database, remove(people.alice, conv, people.bob.id))
    await done(database, add(people.alice, conv, people.bob.id))
    await in_thread(write, conv, people.alice, 1)
    await in_thread(Change.objects.create, kind="append", conversations=[conv], heads=[8], users=[], at=_a_while_ago())
    await in_thread(redelivery.sweep)
    assert (await in_thread(Inbox.objects.get, conversation_id=conv, device=people.bob.device)).received_seq == 0


async def test_what_one_deleted_for_oneself_is_not_shown_as_the_newest(database: Database, people: Cast) -> None:
    conv = await done(database, create(people.alice, people.bob))
    await in_thread(write, conv, people.alice, 2)
    await done(database, lambda connection: revise.hide(connection, people.bob.actor, conv, 3))

    async def newest(person: Person) -> object:
        return (await sync.summaries(database, person.id, person.device_id, [conv]))[0].last

    assert await newest(people.bob) is None
    assert await newest(people.alice) is not None


async def test_what_one_may_read_one_may_answer(database: Database, dsn: str, people: Cast) -> None:
    """bob: 1 to 5, of which 1 and 2 have expired for him, and from 8 on. 1, 5 and 8 are no messages."""
    conv = await done(database, create(people.alice, people.bob))
    await in_thread(write, conv, people.alice, 3)
    await done(database, remove(people.alice, conv, people.bob.id))
    await in_thread(write, conv, people.alice, 2)
    await done(database, add(people.alice, conv, people.bob.id))
    await in_thread(write, conv, people.alice, 1)
    await in_thread(
        Lapse.objects.create, conversation_id=conv, user=people.bob.user, from_seq=1, upto_seq=2, at=_a_while_ago()
    )
    writer = BatchWriter(dsn)
    fine = {}
    for floor in (0, 3):
        await in_thread(Conversation.objects.filter(id=conv).update, floor_seq=floor)
        batch = [
            Proposal(conv, who.id, who.device_id, f"{seq}_{floor}", "hi", new_message_id(), reply_to=seq)
            for who in (people.bob, people.alice)
            for seq in range(1, 10)
        ]
        outcomes = (await writer.commit(batch, False)).outcomes
        assert {outcome for outcome in outcomes if isinstance(outcome, Refused)} == {Refused(ErrorCode.INVALID_REPLY)}
        fine[floor] = [
            (send.sender == people.bob.id, send.reply_to)
            for send, outcome in zip(batch, outcomes, strict=True)
            if isinstance(outcome, Accepted)
        ]
    await writer.close()
    assert [seq for is_bob, seq in fine[0] if is_bob] == [3, 4, 9]
    assert [seq for is_bob, seq in fine[0] if not is_bob] == [2, 3, 4, 6, 7, 9]
    assert [seq for is_bob, seq in fine[3] if is_bob] == [4, 9]
    assert [seq for is_bob, seq in fine[3] if not is_bob] == [4, 6, 7, 9]
