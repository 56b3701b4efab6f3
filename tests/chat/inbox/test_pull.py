"""Sync by asking, on a real PostgreSQL: everything that ever happened arrives, page by page, whatever the page."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from chat.delivery.runtime import Runtime
from chat.inbox import heads
from chat.inbox.pull import pull
from chat.log import history, revise
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.models import Conversation, Epoch, Inbox, Membership
from chat.policy.revise import Windows
from chat.protocol import point as points
from chat.protocol.codec_json import FrameError
from chat.protocol.frames import Sync
from chat.protocol.point import Point, Stand
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Lapse, Watermark
from tests import groups
from tests.cast import Cast, Person, make_direct
from tests.chat.counting import Counting
from tests.chat.inbox.device import NOON, Asking
from tests.chat.process import Client
from tests.log import write
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("epoch")]

WINDOWS = Windows(edit_ms=10**9, delete_ms=10**9)
FOREIGN = "0190aaaa-0000-7000-8000-00000000dead"


def expire(conv: str, person: Person, upto: int) -> None:
    """What the person's device has not acknowledged, up to `upto`."""
    inbox, _ = Inbox.objects.get_or_create(conversation_id=conv, device=person.device)
    if inbox.received_seq < upto:
        span = {"from_seq": inbox.received_seq + 1, "upto_seq": upto}
        Lapse.objects.filter(conversation_id=conv, user=person.user, from_seq=span["from_seq"]).delete()
        Lapse.objects.create(conversation_id=conv, user=person.user, at="2026-01-01T00:00Z", **span)
        Inbox.objects.filter(id=inbox.id).update(horizon_seq=upto)


@dataclass
class Club:
    """A group of alice and bob; bob's device asks."""

    database: Database
    people: Cast
    convs: list[str]
    device: Asking
    heads: dict[str, int] = field(default_factory=dict)

    async def act(self, act: str, conv: str, number: int, limit: int) -> None:
        alice, bob = self.people.alice, self.people.bob
        head = self.heads.get(conv, 1)
        seq = number % head + 1
        if act == "send":
            self.heads[conv] = await in_thread(write, conv, alice, number % 6 + 1)
        elif act == "pull":
            self.device.take(await self.device.ask(limit))
        elif act == "lost":
            await self.device.ask(limit)
        elif act == "acknowledge":
            await self.device.acknowledge()
        elif act == "expire":
            await in_thread(expire, conv, bob, seq)
        elif act == "leave":
            await self.use(groups.remove, alice.actor, conv, bob.id)
        elif act == "return":
            await self.use(groups.add, alice.actor, conv, bob.id)
        elif act == "edit":
            await self.use(revise.edit, alice.actor, conv, seq, f"text {number}", WINDOWS)
        elif act == "delete":
            await self.use(revise.delete, alice.actor, conv, seq, WINDOWS)
        elif act == "hide":
            await self.use(revise.hide, bob.actor, conv, seq)

    async def use(self, case: Any, *arguments: Any) -> None:
        """A use case; what is refused changes nothing."""
        try:
            async with self.database.transaction() as connection:
                done = await case(connection, *arguments)
        except Refusal:
            return
        if done is True:
            conv = arguments[1]
            self.heads[conv] = self.heads.get(conv, 1) + 1

    async def check(self, conv: str) -> None:
        """What the device has is what loading everything anew gives, and every seq is accounted for."""
        head, bob, kept = self.heads.get(conv, 1), self.people.bob, self.device.of(conv)
        page = await history.page(self.database, conv, bob.id, 1, max(head, 1))
        assert page is not None
        fresh = {entry["seq"]: dict(entry) for entry in page.entries}
        why = {seq: each["why"] for each in page.absent for seq in range(each["from"], each["to"] + 1)}
        shown = kept.replica.entries
        assert {seq: entry for seq, entry in shown.items() if seq in fresh} == fresh
        # It may have entries that expired for its person after they had been sent to it.
        assert {why[seq] for seq in shown if seq not in fresh} <= {"expired"}
        assert kept.received >= head and kept.rev >= page.as_of_rev
        owed = {seq for seq in range(1, head + 1) if seq > kept.horizon}
        # What it was sent and then hid is accounted for, also where loading anew finds that it has expired since.
        stored = {seq for seq in owed if kept.replica.get(seq)}
        assert owed <= stored | set(kept.absent) | {seq for seq in why if why[seq] == "deleted"}


ACTS = ["send", "edit", "delete", "hide", "leave", "return", "pull", "lost", "acknowledge", "expire"]
WEIGHTED = [*ACTS, "send", "send", "edit", "pull", "pull", "acknowledge", "return"]


@pytest.mark.timeout(600)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    acts=st.lists(st.tuples(st.sampled_from(WEIGHTED), st.integers(0, 1), st.integers(0, 99)), max_size=30),
    limits=st.lists(st.integers(1, 8) | st.integers(1, 100), min_size=1, max_size=5),
)
@example(acts=[("send", 0, 0), ("expire", 0, 0), ("lost", 0, 0)], limits=[1])
@example(
    acts=[("send", 0, 0), ("pull", 0, 0), ("hide", 0, 0), ("pull", 0, 0), ("expire", 0, 0), ("acknowledge", 0, 0)],
    limits=[5],
)
async def test_everything_that_ever_happened_arrives_by_asking(
    database: Database, people: Cast, acts: list[tuple[str, int, int]], limits: list[int]
) -> None:
    """V13, V9: random histories with stays, expiry and answers that were lost, and any size of page."""
    convs = []
    for _ in range(2):
        async with database.transaction() as connection:
            convs.append(await groups.create(connection, people.alice.actor, "club", [people.bob.id]))
    club = Club(database, people, convs, Asking(database, people.bob))
    try:
        for n, (act, which, number) in enumerate(acts):
            await club.act(act, convs[which], number, limits[n % len(limits)])
        for conv in convs:
            await club.act("return", conv, 0, 1)
        await club.device.catch_up(limits[0])
        for conv in convs:
            await club.check(conv)
        answer = await club.device.ask(limits[-1])
        assert not any((answer["conversations"], answer["messages"], answer["changes"], answer["has_more"]))
    finally:
        await in_thread(lambda: Conversation.objects.filter(id__in=convs).delete())


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_an_answer_holds_no_more_than_asked_for(database: Database, people: Cast, conv: str, limit: int) -> None:
    other = await in_thread(make_direct, people.bob, people.carol)
    await in_thread(write, conv, people.alice, 12)
    await in_thread(write, other, people.carol, 5)
    device = Asking(database, people.bob)
    answers = await device.catch_up(limit)
    sizes = [sum(len(told["entries"]) for told in answer["messages"]) for answer in answers]
    assert sum(sizes) == 17 and max(sizes) <= limit
    assert all(len(answer["conversations"]) <= max(limit, 1) for answer in answers)
    assert answers[0]["messages"] == [] or answers[0]["messages"][0]["conv"] == other, "newest first"


async def test_a_rise_of_a_watermark_alone_is_told(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 2)
    device = Asking(database, people.alice)
    await device.catch_up()
    assert (await device.ask())["conversations"] == []
    rows = [Row(conv, people.bob.device_id, kind, 2, NOON) for kind in ("delivered", "seen")]
    await in_thread(ledger.apply, rows)
    answer = await device.ask()
    bob = next(each for each in answer["conversations"][0]["members"] if each["id"] == people.bob.id)
    assert (bob["delivered"], bob["seen"], answer["messages"], answer["has_more"]) == (2, 2, [], False)
    device.take(answer)
    assert (await device.ask())["conversations"] == []


async def test_what_expired_for_others_and_who_came_is_told(database: Database, people: Cast) -> None:
    async with database.transaction() as connection:
        conv = await groups.create(connection, people.alice.actor, "club", [people.bob.id])
    await in_thread(write, conv, people.alice, 2)
    device = Asking(database, people.alice)
    await device.catch_up()
    await in_thread(expire, conv, people.bob, 2)
    answer = await device.ask()
    bob = next(each for each in answer["conversations"][0]["members"] if each["id"] == people.bob.id)
    assert bob["lapsed"] == [[1, 2]]
    device.take(answer)
    async with database.transaction() as connection:
        await groups.add(connection, people.alice.actor, conv, people.carol.id)
    assert len((await device.ask())["conversations"][0]["members"]) == 3


async def test_another_range_of_the_same_length_is_told(database: Database, people: Cast, conv: str) -> None:
    """What lapsed was taken after all, and as much lapsed elsewhere."""
    await in_thread(write, conv, people.alice, 6)
    await in_thread(expire, conv, people.bob, 2)
    device = Asking(database, people.alice)
    await device.catch_up()
    await in_thread(Lapse.objects.update, from_seq=4, upto_seq=5)
    [told] = (await device.ask())["conversations"]
    assert [each["lapsed"] for each in told["members"] if "lapsed" in each] == [[[4, 5]]]


async def test_how_far_all_have_got_is_summed_for_what_a_page_holds_and_for_the_rest_once(
    people: Cast, dsn: str, database: Database
) -> None:
    """However many conversations there are: a page in the midst asks for those it tells of."""
    convs, limit = 12, 4
    for _ in range(convs):
        async with database.transaction() as connection:
            conv = await groups.create(connection, people.alice.actor, "club", [people.bob.id])
        await in_thread(write, conv, people.alice, 2)
    counting = Counting(dsn)
    await counting.open()
    device = Asking(counting, people.bob)
    answers = await device.catch_up(limit)
    sizes = [len(named) for named, _ in counting.asked(heads.MARKS)]
    assert len(answers) == convs and max(sizes[:-1]) <= limit and sizes[-1] == convs - 1
    counting.exchanges.clear()
    # Nothing but ticks: they are all told, a conversation each, and then there is an end.
    await in_thread(Watermark.objects.filter(user=people.alice.user).update, delivered_seq=2)
    answers = await device.catch_up(limit)
    assert [len(answer["conversations"]) for answer in answers] == [limit] * (convs // limit)
    assert [len(named) for named, _ in counting.asked(heads.MARKS)] == [convs] * (convs // limit)
    assert (await device.ask())["conversations"] == []
    await counting.close()


async def test_what_others_hid_counts_although_there_is_nothing_to_tell_of_it(database: Database, people: Cast) -> None:
    """It has a revision; an answer looks at no more conversations than it may tell of."""
    convs = []
    for _ in range(5):
        async with database.transaction() as connection:
            convs.append(await groups.create(connection, people.alice.actor, "club", [people.bob.id]))
        await in_thread(write, convs[-1], people.alice, 1)
    device = Asking(database, people.bob)
    await device.catch_up()
    for conv in convs:
        async with database.transaction() as connection:
            await revise.hide(connection, people.alice.actor, conv, 2)
    answers = await device.catch_up(limit=2)
    assert [len(answer["conversations"]) for answer in answers] == [2, 2, 1]


async def test_entries_come_before_ticks(database: Database, people: Cast, conv: str) -> None:
    """Also those of a conversation that is older than one in which only ticks have changed."""
    other = await in_thread(make_direct, people.carol, people.bob)
    await in_thread(write, other, people.carol, 1)
    await in_thread(write, conv, people.alice, 1)
    device = Asking(database, people.bob)
    await device.catch_up()
    await in_thread(Watermark.objects.filter(conversation=conv, user=people.alice.user).update, delivered_seq=1)
    async with database.transaction() as connection:
        await revise.edit(connection, people.carol.actor, other, 1, "better", WINDOWS)
    answers = await device.catch_up(limit=1)
    told = [[each["id"] for each in answer["conversations"]] for answer in answers]
    assert told == [[other], [conv]]


async def test_positions_instead_of_a_point(database: Database, people: Cast, conv: str, epoch: str) -> None:
    await in_thread(write, conv, people.alice, 4)

    async def seqs(**stated: Any) -> list[int]:
        answer = await Asking(database, people.bob).ask(**stated)
        return [entry["seq"] for told in answer["messages"] for entry in told["entries"]]

    place = {"conv": conv, "received": 2}
    assert await seqs(positions=[place]) == [3, 4]
    assert await seqs(positions=[place], epoch=epoch) == [3, 4]
    assert await seqs(positions=[place], epoch="another") == [1, 2, 3, 4]
    assert await seqs(positions=[{"conv": conv, "received": 99}]) == []
    assert await seqs() == [1, 2, 3, 4]


async def test_a_point_of_another_epoch_counts_as_none(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 3)
    device = Asking(database, people.bob)
    [answer] = await device.catch_up()
    epoch = await in_thread(Epoch.objects.create)
    again = await device.ask()
    assert again["epoch"] == str(epoch.id) != answer["epoch"]
    assert [entry["seq"] for entry in again["messages"][0]["entries"]] == [1, 2, 3]
    assert points.decode(again["point"]).epoch == str(epoch.id)


async def test_a_point_that_is_none_is_refused(database: Database, people: Cast) -> None:
    device = Asking(database, people.bob, point="bm9uZQ")
    with pytest.raises(FrameError):
        await device.ask()


async def test_conversations_one_is_not_in_are_gone_and_say_nothing(
    database: Database, people: Cast, conv: str, epoch: str
) -> None:
    """A point of mallory's own making, with a conversation of others and one that is not there: one answer."""
    await in_thread(write, conv, people.alice, 3)
    places = {FOREIGN: Stand(1, 0), conv: Stand(1, 0)}
    device = Asking(database, people.mallory, point=points.encode(Point(epoch, places)))
    answer = await device.ask()
    assert set(answer["gone"]) == {FOREIGN, conv}
    assert not any(answer[part] for part in ("conversations", "messages", "changes", "resets", "has_more"))
    assert points.decode(answer["point"]).places == {}


async def test_who_left_is_told_once(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    device = Asking(database, people.bob)
    await device.catch_up()
    await in_thread(Membership.objects.filter(user=people.bob.user).update, left_seq=1)
    answer = await device.ask()
    assert answer["gone"] == [conv]
    device.take(answer)
    assert (await device.ask())["gone"] == []


async def test_below_the_horizon_it_is_told_so_and_goes_on_above(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 9)
    device = Asking(database, people.bob)
    device.take(await device.ask(limit=4))
    await device.acknowledge()
    await in_thread(expire, conv, people.bob, 7)
    answers = await device.catch_up()
    assert answers[0]["resets"] == [{"conv": conv, "horizon": 7, "why": "expired"}]
    assert [entry["seq"] for entry in answers[0]["messages"][0]["entries"]] == [8, 9]
    inbox = await in_thread(Inbox.objects.get, conversation_id=conv, device=people.bob.device)
    assert inbox.received_seq == 7


async def test_what_expired_from_the_very_start_is_told_too(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 5)
    await in_thread(expire, conv, people.bob, 3)
    [answer] = await Asking(database, people.bob).catch_up()
    assert answer["resets"] == [{"conv": conv, "horizon": 3, "why": "expired"}]
    assert [entry["seq"] for entry in answer["messages"][0]["entries"]] == [4, 5]
    inbox = await in_thread(Inbox.objects.get, conversation_id=conv, device=people.bob.device)
    assert inbox.received_seq == 3, "so that an acknowledgement of 4 and 5 vouches for no more than those"


async def test_a_history_that_is_kept_for_a_while_is_told_where_it_begins(
    database: Database, people: Cast, conv: str
) -> None:
    """The floor is the horizon of those who were below it, and of nobody else."""
    await in_thread(write, conv, people.alice, 6)
    await in_thread(Conversation.objects.filter(id=conv).update, floor_seq=4)
    [answer] = await Asking(database, people.bob).catch_up()
    assert answer["resets"] == [{"conv": conv, "horizon": 4, "why": "expired"}]
    positions = [{"conv": conv, "received": 5}]
    assert (await Asking(database, people.bob).ask(positions=positions))["resets"] == []


async def test_where_less_is_acknowledged_than_was_told_is_named_at_the_end(
    database: Database, people: Cast, conv: str
) -> None:
    """In the last answer alone, until it is acknowledged."""
    await in_thread(write, conv, people.alice, 5)
    async with database.transaction() as connection:
        await revise.edit(connection, people.alice.actor, conv, 1, "better", WINDOWS)
    asked = Sync(t="sync", limit=2)
    named = []
    for _ in range(6):
        answer = await pull(database, people.bob.id, people.bob.device_id, asked, asyncio.Semaphore(1))
        named.append((answer["has_more"], answer["unconfirmed"]))
        asked = Sync(t="sync", limit=2, point=answer["point"])
    behind = {"conv": conv, "received": 0, "rev": 0}
    assert named[0] == (True, []) and named[-1] == (False, [behind])
    assert all(rows == ([] if more else [behind]) for more, rows in named[1:])
    rows = [(conv, people.bob.device_id, kind, seq, NOON) for kind, seq in (("delivered", 5), ("changed", 1))]
    await in_thread(ledger.apply, [Row(*row) for row in rows])
    answer = await pull(database, people.bob.id, people.bob.device_id, asked, asyncio.Semaphore(1))
    assert answer["unconfirmed"] == []


async def test_two_asks_at_once_are_two_answers(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 5)
    await in_thread(expire, conv, people.bob, 2)
    device = Asking(database, people.bob)
    first, second = await asyncio.gather(device.ask(), device.ask())
    assert first["messages"] == second["messages"]
    assert UUID(first["epoch"])


async def test_what_was_told_by_sync_may_be_acknowledged_at_once(runtime: Runtime, people: Cast, conv: str) -> None:
    """Also when this process has not heard of it by any other way."""
    bob = Client(runtime, people.bob)
    await bob.hello()
    await in_thread(write, conv, people.alice, 2)
    async with runtime.database.transaction() as connection:
        await revise.edit(connection, people.alice.actor, conv, 1, "better", WINDOWS)
    await bob.say({"t": "sync"})
    await bob.told("sync")
    await bob.ack("DELIVERED", conv, 2)
    await bob.ack("CHANGED", conv, 1)
    await bob.say({"t": "ping"})
    await bob.told("pong")
    assert bob.of("error") == []
    await bob.leave()


async def test_hello_too_tells_what_expired_from_the_very_start(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 5)
    await in_thread(expire, conv, people.bob, 3)
    bob = Client(runtime, people.bob)
    await bob.hello()
    assert (await bob.told("reset"))["horizon"] == 3
    await until(lambda: bob.seqs(conv) == [4, 5])
    await bob.leave()


async def test_with_more_conversations_than_a_point_holds_it_ends_all_the_same(
    database: Database, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a point left out is taken from what the device has acknowledged."""
    monkeypatch.setattr(points, "MAX_PLACES", 2)
    convs = []
    for _ in range(5):
        async with database.transaction() as connection:
            convs.append(await groups.create(connection, people.alice.actor, "club", [people.bob.id]))
        await in_thread(write, convs[-1], people.alice, 3)
    device = Asking(database, people.bob)
    for _ in range(60):
        answer = await device.ask(limit=1)
        device.take(answer)
        await device.acknowledge()
        if not answer["has_more"]:
            break
    assert not answer["has_more"]
    assert {conv: sorted(device.of(conv).replica.entries) for conv in convs} == {conv: [1, 2, 3, 4] for conv in convs}
