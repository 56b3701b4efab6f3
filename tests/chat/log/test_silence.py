"""Blocks that do not show: what is written to who blocks is taken, and is for no reading, count, tick or expiry of
theirs. bob is blocked by alice."""

import random
from typing import Any

import pytest
from pytest_django import Settings

from chat.inbox import heads, listing, retention, roster, sync
from chat.log import access, delta, farewell, history, reporting, revise, search
from chat.log.access import Access
from chat.log.pool import Database
from chat.models import Block, Conversation, Membership, Report
from chat.models.ids import new_id
from chat.policy.decide import Accepted, Refused
from chat.policy.visibility import WAITING, Stay
from chat.protocol.errors import ErrorCode
from chat.protocol.safety_frames import Report as Asked
from receipts import ledger
from receipts.ledger import Row
from receipts.watermarks import Mark, Member, Tick, tick
from tests.cast import Cast, Person, make_direct
from tests.chat.inbox.aging import DAYS, lapses, old, stored
from tests.chat.inbox.device import NOON, Asking
from tests.chat.log.test_blocking import NOT_REACHABLE, USER_BLOCKED, WINDOWS, block, code, done, sent, unblock
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("epoch")]


@pytest.fixture(autouse=True)
def silent(settings: Settings) -> None:
    settings.BLOCKED_SENDS = "accept"


async def stays(database: Database, conv: str, who: Person) -> list[tuple[int, int | None]]:
    rows = await database.rows(access.ACCESS, access.parameters(conv, who.id))
    may = access.to_access(rows[0])
    assert isinstance(may, Access)
    return sorted((stay.first, stay.last) for stay in may.stays)


async def members_told(database: Database, conv: str, viewer: Person) -> dict[str, Any]:
    """Everything a `members` frame says to them."""
    return (await roster.roster(database, conv)).frame(viewer.id)


async def told_of(database: Database, conv: str, viewer: Person, other: Person) -> Any:
    members = (await members_told(database, conv, viewer))["members"]
    return next(member for member in members if member["id"] == other.id)


async def ticks(database: Database, conv: str, people: Cast, upto: int) -> list[Tick]:
    """Of bob's entries 1 to `upto`, as his devices work them out."""
    alice = await told_of(database, conv, people.bob, people.alice)
    lapsed = tuple(map(tuple, alice.get("lapsed", [])))
    member = Member(Mark(alice["delivered"], alice["seen"]), tuple(Stay(*stay) for stay in alice["stays"]), lapsed)
    return [tick(seq, [member], direct=True) for seq in range(1, upto + 1)]


async def test_what_is_sent_is_taken_and_for_nobody(dsn: str, database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.bob, 2, "before")
    await block(database, people.alice, people.bob.id)
    [mine, his] = await sent(dsn, (conv, people.alice, "hi"), (conv, people.bob, "meanwhile"))
    assert mine == Refused(USER_BLOCKED)
    assert isinstance(his, Accepted) and his.entry.seq == 3
    assert await stays(database, conv, people.alice) == [(1, 2), (WAITING, None)]
    page = await history.page(database, conv, people.alice.id, 1, 10)
    assert page and [entry["seq"] for entry in page.entries] == [1, 2]
    assert page.absent == [{"from": 3, "to": 3, "why": "no_access"}]
    [summary] = await sync.summaries(database, people.alice.id, people.alice.device_id)
    assert (summary.unread, summary.readable.start, summary.last and summary.last["seq"]) == (2, 1, 2)
    found = await search.search(database, people.alice.id, "meanwhile", None, None, 10)
    assert found.hits == []
    assert len((await search.search(database, people.bob.id, "meanwhile", None, None, 10)).hits) == 1


async def test_once_it_is_over_what_comes_is_delivered_and_nothing_of_before(
    dsn: str, database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.bob, 2)
    await block(database, people.alice, people.bob.id)
    await sent(dsn, (conv, people.bob, "meanwhile"))
    await unblock(database, people.alice, people.bob.id)
    await sent(dsn, (conv, people.bob, "after"), (conv, people.alice, "hi"))
    assert await stays(database, conv, people.alice) == [(1, 2), (4, None)]
    page = await history.page(database, conv, people.alice.id, 1, 10)
    assert page and [entry["seq"] for entry in page.entries] == [1, 2, 4, 5]
    [item] = (await listing.page(database, people.alice.id, people.alice.device_id, None, 9)).summaries
    assert item.last and item.last["seq"] == 5


async def test_its_newest_is_shown_until_there_is_another(
    dsn: str, database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.bob, 2)
    await block(database, people.alice, people.bob.id)
    await sent(dsn, (conv, people.bob, "meanwhile"))
    for _ in range(2):
        await unblock(database, people.alice, people.bob.id)
        [summary] = await sync.summaries(database, people.alice.id, people.alice.device_id)
        assert summary.last and summary.last["seq"] == 2
        # And once more, with nothing in between.
        await block(database, people.alice, people.bob.id)
        [summary] = await sync.summaries(database, people.alice.id, people.alice.device_id)
        assert summary.last and summary.last["seq"] == 2


async def test_he_is_told_what_he_would_be_of_who_is_away(
    dsn: str, database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.bob, 2)
    await in_thread(stored, conv, people.alice, 2)

    async def told() -> list[Any]:
        [summary] = await sync.summaries(database, people.bob.id, people.bob.device_id)
        [head] = await heads.marked(
            database, people.bob.id, await heads.present(database, people.bob.id, people.bob.device_id)
        )
        page = await roster.page(database, conv, people.bob.id, "", 10)
        changes = await delta.since(database, conv, 0, [people.bob.id], 10)
        return [summary.frame(), head.now, await members_told(database, conv, people.bob), page, changes.changes]

    before = await told()
    await block(database, people.alice, people.bob.id)
    assert await told() == before
    # From now on, beside carol, who is away.
    other = await in_thread(_carols, people)
    for at in (conv, other):
        await sent(dsn, (at, people.bob, "meanwhile"))
    # Her device has passed over it all the same.
    await in_thread(stored, conv, people.alice, 3)
    away, blocking = [
        {**await told_of(database, at, people.bob, person), "id": "", "name": "", "username": ""}
        for at, person in ((other, people.carol), (conv, people.alice))
    ]
    assert blocking == away
    infos = [await history.people(database, at, people.bob.id, 3) for at in (other, conv)]
    assert [[row[3:] for row in info or ()] for info in infos] == [[(None, None, None)]] * 2


def _carols(people: Cast) -> str:
    other = make_direct(people.bob, people.carol)
    write(other, people.bob, 2)
    stored(other, people.carol, 2)
    return other


async def test_no_tick_comes_of_it_and_the_truth_is_told_afterwards(
    dsn: str, database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.bob, 2)
    await block(database, people.alice, people.bob.id)
    await sent(dsn, (conv, people.bob, "meanwhile"))
    rose = await in_thread(ledger.apply, [Row(conv, people.alice.device_id, "delivered", 3, NOON)])
    assert [(user, ack["seq"]) for user, ack in rose.acks] == [(people.bob.id, 2)]
    assert await ticks(database, conv, people, 3) == [Tick.DELIVERED, Tick.DELIVERED, Tick.SENT]
    before = await members_told(database, conv, people.bob)
    await unblock(database, people.alice, people.bob.id)
    after = await members_told(database, conv, people.bob)
    assert after["members_rev"] == before["members_rev"] + 1
    await in_thread(stored, conv, people.alice, 3)
    assert await ticks(database, conv, people, 3) == [Tick.DELIVERED, Tick.DELIVERED, Tick.SENT]
    assert await history.people(database, conv, people.bob.id, 3) == []
    # What she writes herself is no news of his.
    await sent(dsn, (conv, people.alice, "hi"))
    rose = await in_thread(ledger.apply, [Row(conv, people.alice.device_id, "delivered", 4, NOON)])
    assert rose.acks == []
    await sent(dsn, (conv, people.bob, "after"))
    rose = await in_thread(ledger.apply, [Row(conv, people.alice.device_id, "delivered", 5, NOON + 1)])
    [(user, ack)] = rose.acks
    assert (user, ack["seq"], ack["roster_rev"]) == (people.bob.id, 5, after["members_rev"])
    assert (await ticks(database, conv, people, 5))[2:] == [Tick.SENT, Tick.DELIVERED, Tick.DELIVERED]


async def test_one_in_which_nothing_was_written_leaves_no_trace(database: Database, people: Cast, conv: str) -> None:
    for head in (0, 2):
        before = await members_told(database, conv, people.bob)
        for _ in range(2):
            await block(database, people.alice, people.bob.id)
            await unblock(database, people.alice, people.bob.id)
        assert await members_told(database, conv, people.bob) == before
        assert await stays(database, conv, people.alice) == [(1, None)], head
        await in_thread(write, conv, people.bob, 2)


async def test_again_and_again(dsn: str, database: Database, people: Cast, conv: str) -> None:
    """Also twice in a row, with nothing for her in between."""
    for _ in range(3):
        await block(database, people.alice, people.bob.id)
        await in_thread(write, conv, people.bob)
        await unblock(database, people.alice, people.bob.id)
    assert await stays(database, conv, people.alice) == [(1, 0), (2, 1), (3, 2), (4, None)]
    await sent(dsn, (conv, people.bob, "after"))
    page = await history.page(database, conv, people.alice.id, 1, 10)
    assert page and [entry["seq"] for entry in page.entries] == [4]
    [summary] = await sync.summaries(database, people.alice.id, people.alice.device_id)
    assert summary.unread == 1


async def test_both_may(dsn: str, database: Database, people: Cast, conv: str) -> None:
    """Then neither writes, and each ends their own."""
    await block(database, people.alice, people.bob.id)
    await in_thread(write, conv, people.bob)
    await block(database, people.bob, people.alice.id)
    both = [(conv, people.bob, "hi"), (conv, people.alice, "hi")]
    assert await sent(dsn, *both) == [Refused(USER_BLOCKED)] * 2
    await unblock(database, people.alice, people.bob.id)
    mine, his = reversed(await sent(dsn, *both))
    assert isinstance(mine, Accepted) and his == Refused(USER_BLOCKED)
    await unblock(database, people.bob, people.alice.id)
    assert await stays(database, conv, people.alice) == [(1, 0), (2, None)]
    assert await stays(database, conv, people.bob) == [(1, 1), (3, None)]


@pytest.mark.parametrize("then", ["reject", "accept"])
async def test_a_block_stays_as_it_was_made_and_ends_well(
    dsn: str, database: Database, people: Cast, conv: str, settings: Settings, then: str
) -> None:
    settings.BLOCKED_SENDS = "accept" if then == "reject" else "reject"
    await block(database, people.alice, people.bob.id)
    settings.BLOCKED_SENDS = then
    [outcome] = await sent(dsn, (conv, people.bob, "meanwhile"), *[])
    # In which nothing was said yet a silent one looks like a setting of hers.
    assert outcome == Refused(NOT_REACHABLE if then == "reject" else USER_BLOCKED)
    assert not (await block(database, people.alice, people.bob.id)).fresh
    await unblock(database, people.alice, people.bob.id)
    assert await stays(database, conv, people.alice) == [(1, None)]
    assert isinstance((await sent(dsn, (conv, people.bob, "hi")))[0], Accepted)


async def test_what_rejects_goes_on_rejecting(
    dsn: str, database: Database, people: Cast, conv: str, settings: Settings
) -> None:
    await in_thread(write, conv, people.bob)
    settings.BLOCKED_SENDS = "reject"
    await block(database, people.alice, people.bob.id)
    settings.BLOCKED_SENDS = "accept"
    assert await sent(dsn, (conv, people.bob, "hi")) == [Refused(USER_BLOCKED)]


async def test_what_she_has_is_not_edited_what_she_will_not_have_may_be(
    database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.bob)
    await block(database, people.alice, people.bob.id)
    await in_thread(write, conv, people.bob)

    def editing(seq: int) -> Any:
        return done(database, lambda c: revise.edit(c, people.bob.actor, conv, seq, "at last", WINDOWS))

    assert await code(editing(1)) is ErrorCode.TOO_LATE
    assert (await editing(2)).fresh
    assert (await done(database, lambda c: revise.delete(c, people.bob.actor, conv, 1, WINDOWS))).fresh
    await unblock(database, people.alice, people.bob.id)
    device = Asking(database, people.alice)
    await device.catch_up()
    assert set(device.of(conv).replica.entries) == {1}


async def test_it_does_not_expire_and_what_was_before_does(database: Database, people: Cast, conv: str) -> None:
    """What nobody is owed fails nobody; sent anew, what failed is for nobody either."""
    await in_thread(old, conv, people.bob, 2)
    await block(database, people.alice, people.bob.id)
    await in_thread(old, conv, people.bob, 2)
    await in_thread(retention.expire_by_age, DAYS)
    assert await in_thread(lapses, conv, people.alice) == [(1, 2)]
    assert await ticks(database, conv, people, 4) == [Tick.FAILED] * 2 + [Tick.SENT] * 2
    again = await done(database, lambda c: revise.resend(c, people.bob.actor, conv, 1, "again", str(new_id())))
    assert again.entry["seq"] == 5
    await unblock(database, people.alice, people.bob.id)
    await in_thread(retention.expire_by_count, 1)
    assert await in_thread(lapses, conv, people.alice) == [(1, 2)]
    page = await history.page(database, conv, people.alice.id, 1, 9)
    assert page and page.entries == []


async def test_a_report_has_the_newest_she_may_read(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.bob, 3, "before")
    await block(database, people.alice, people.bob.id)
    await in_thread(write, conv, people.bob, 20, "meanwhile")
    await reporting.report(database, people.alice.actor, Asked(t="report", client_id="r1", conv=conv, reason="abuse"))
    report = await in_thread(Report.objects.get)
    assert [entry["body"] for entry in report.context] == ["before"] * 3


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_deleted_account_leaves_nobody_waiting(
    people: Cast, conv: str, dsn: str, settings: Settings, who: str
) -> None:
    settings.POSTGRES_DSN = dsn
    Block.objects.create(user=people.alice.user, blocked=people.bob.user)
    write(conv, people.bob, 2)
    Membership.objects.filter(conversation=conv, user=people.alice.user).update(left_seq=1)
    Membership.objects.create(conversation_id=conv, user=people.alice.user, visible_from_seq=WAITING)
    farewell.delete_account(getattr(people, who).device)
    found = Membership.objects.filter(conversation=conv, user=people.alice.user, left_seq=None)
    assert [stay.visible_from_seq for stay in found] == [3]
    assert Conversation.objects.get(id=conv).untold_revs == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_tick_claims_what_she_does_not_have(database: Database, people: Cast, conv: str, seed: int) -> None:
    """V8 through the use cases, in one long history."""
    dice = random.Random(seed)
    device, meant, seen = Asking(database, people.alice), set[int](), set[int]()
    is_blocking, head = False, 0
    for act in dice.choices(["write", "block", "unblock", "ask", "acknowledge", "see"], [5, 2, 2, 4, 4, 2], k=80):
        if act == "write":
            head = await in_thread(write, conv, people.bob)
            meant |= set() if is_blocking else {head}
        elif act in ("block", "unblock"):
            await (block if act == "block" else unblock)(database, people.alice, people.bob.id)
            is_blocking = act == "block"
        elif act == "ask":
            device.take(await device.ask(limit=dice.randint(1, 4)))
        else:
            await device.acknowledge()
            if act == "see":
                seen |= set(device.of(conv).replica.entries)
                upto = device.of(conv).received
                await in_thread(ledger.apply, [Row(conv, people.alice.device_id, "seen", upto, NOON)])
        has = set(device.of(conv).replica.entries)
        assert has <= meant
        for seq, shown in enumerate(await ticks(database, conv, people, head), 1):
            assert shown is Tick.SENT or seq in (seen if shown is Tick.SEEN else has), (seq, shown)
    await unblock(database, people.alice, people.bob.id)
    await device.catch_up()
    await device.acknowledge()
    assert set(device.of(conv).replica.entries) == meant
    shown = await ticks(database, conv, people, head)
    assert {seq for seq, each in enumerate(shown, 1) if each is not Tick.SENT} == meant
