"""Edits, deletions, stays, horizons and lapses on their way out: to sockets here, in other processes, and later."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from chat.delivery import reconcile
from chat.delivery.runtime import Runtime
from chat.inbox import roster
from chat.log import access, devices, revise
from chat.log.access import Actor
from chat.log.pool import Database
from chat.models import Change, Conversation, Hidden, Inbox, Message
from chat.models.ids import new_id
from chat.policy.revise import Windows
from chat.protocol import codec_json
from receipts.models import Lapse, Watermark
from tests import groups
from tests.cast import Cast, Person
from tests.chat.process import Client, process
from tests.log import write
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]


async def greeted(runtime: Runtime, person: Person, *positions: dict[str, Any]) -> Client:
    client = Client(runtime, person)
    await client.hello(*positions)
    await client.told("conversations")
    return client


def changes(client: Client) -> list[tuple[int, str]]:
    return [(each["seq"], each["type"]) for frame in client.of("changes") for each in frame["changes"]]


@pytest.fixture
async def group(database: Database, people: Cast) -> str:
    async with database.transaction() as connection:
        return await groups.create(connection, people.alice.actor, "club", [people.bob.id, people.carol.id])


async def removed(database: Database, people: Cast, conv: str, person: Person) -> None:
    async with database.transaction() as connection:
        assert await groups.remove(connection, people.alice.actor, conv, person.id)


async def added(database: Database, people: Cast, conv: str, person: Person) -> None:
    async with database.transaction() as connection:
        assert await groups.add(connection, people.alice.actor, conv, person.id)


async def test_an_edit_reaches_everyone_here_and_in_other_processes(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 2)
    async with process() as other:
        alice, bob = await greeted(runtime, people.alice), await greeted(other, people.bob)
        await alice.say({"t": "edit", "conv": conv, "seq": 2, "body": "better"})
        assert await alice.told("done") == {"t": "done", "ref": {"t": "edit", "conv": conv, "seq": 2}, "rev": 1}
        for client in (alice, bob):
            frame = await client.told("changes")
            [change] = frame["changes"]
            assert (frame["upto"], change["seq"], change["rev"]) == (1, 2, 1)
            assert (change["type"], change["body"]) == ("edit", "better")


async def test_a_repeated_edit_takes_no_revision(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    alice = await greeted(runtime, people.alice)
    for _ in range(2):
        await alice.say({"t": "edit", "conv": conv, "seq": 1, "body": "better"})
    await until(lambda: [frame["rev"] for frame in alice.of("done")] == [1, 1])


async def test_what_is_deleted_for_oneself_is_told_to_oneself_alone(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 2)
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await bob.say({"t": "delete", "conv": conv, "seq": 1, "for": "me"})
    await until(lambda: changes(bob) == [(1, "hide")])
    # Told of the revision even so, or alice would be owed it for ever.
    assert (await alice.told("changes")) == {"t": "changes", "conv": conv, "upto": 1, "changes": []}
    await bob.say({"t": "fetch", "conv": conv, "from": 1, "to": 2})
    page = await bob.told("page")
    assert [entry["seq"] for entry in page["entries"]] == [2]
    assert page["absent"] == [{"from": 1, "to": 1, "why": "deleted"}]
    assert page["as_of_rev"] == 1


async def test_a_deletion_leaves_the_place_and_takes_the_text(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1, "secret")
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say({"t": "delete", "conv": conv, "seq": 1, "for": "all"})
    await until(lambda: changes(bob) == [(1, "delete")])
    await bob.say({"t": "fetch", "conv": conv, "from": 1, "to": 1})
    [entry] = (await bob.told("page"))["entries"]
    assert entry["deleted"] is True and "body" not in entry
    assert not await in_thread(Message.objects.filter(body="secret").exists)


async def test_changes_made_while_a_device_was_away_are_told_at_hello(
    runtime: Runtime, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 3)
    alice = await greeted(runtime, people.alice)
    for seq in (1, 2):
        await alice.say({"t": "edit", "conv": conv, "seq": seq, "body": "better"})
    await alice.say({"t": "delete", "conv": conv, "seq": 1, "for": "all"})
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 3, "rev": 1})
    await until(lambda: changes(bob) == [(2, "edit"), (1, "delete")])
    assert bob.of("sync_done") == []
    await bob.ack("CHANGED", conv, 3)
    assert (await bob.told("sync_done"))["as_of"] > 0


async def test_acknowledged_changes_are_not_told_again(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say({"t": "edit", "conv": conv, "seq": 1, "body": "better"})
    await bob.told("changes")
    await bob.ack("DELIVERED", conv, 1)
    await bob.ack("CHANGED", conv, 1)
    await runtime.receipts.flush()
    await in_thread(_flush, runtime)
    inbox = await in_thread(Inbox.objects.get, device=people.bob.device)
    assert (inbox.received_seq, inbox.received_rev) == (1, 1)
    again = await greeted(runtime, people.bob)
    await again.told("sync_done")
    assert again.of("changes") == [] and again.of("messages") == []


def _flush(runtime: Runtime) -> None:
    from receipts.flush import Flusher, connect

    with connect() as redis:
        Flusher(redis, lambda applied: None).flush()


async def test_a_change_acknowledged_beyond_the_last_is_refused(runtime: Runtime, people: Cast, conv: str) -> None:
    bob = await greeted(runtime, people.bob)
    await bob.ack("CHANGED", conv, 1)
    assert (await bob.told("error"))["code"] == "INVALID_ACK"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"t": "edit", "seq": 1, "body": "mine now"}, "NOT_FOUND"),
        ({"t": "delete", "seq": 1, "for": "all"}, "NOT_FOUND"),
        ({"t": "edit", "seq": 9, "body": "x"}, "NOT_FOUND"),
        ({"t": "delete", "seq": 9, "for": "me"}, "NOT_FOUND"),
        ({"t": "resend", "seq": 1, "client_id": "b1"}, "NOT_FOUND"),
        ({"t": "edit", "seq": 1, "body": " "}, "BAD_FRAME"),
        ({"t": "delete", "seq": 1, "for": "bob"}, "BAD_FRAME"),
    ],
)
async def test_what_is_not_ones_own_cannot_be_changed(
    runtime: Runtime, people: Cast, conv: str, frame: dict[str, Any], code: str
) -> None:
    await in_thread(write, conv, people.alice, 1, "hers")
    bob, mallory = await greeted(runtime, people.bob), await greeted(runtime, people.mallory)
    await bob.say(frame | {"conv": conv})
    error = await bob.told("error")
    assert (error["code"], error["ref"]["t"]) == (code, frame["t"])
    await mallory.say(frame | {"conv": conv})
    assert (await mallory.told("error"))["code"] == code
    assert (await in_thread(Message.objects.get)).body == "hers"
    assert not await in_thread(Hidden.objects.exists)


async def test_after_a_while_a_message_stays_as_it_is(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    await in_thread(Message.objects.update, created_at=timezone.now() - timedelta(days=3))
    alice = await greeted(runtime, people.alice)
    for frame in ({"t": "edit", "seq": 1, "body": "x"}, {"t": "delete", "seq": 1, "for": "all"}):
        await alice.say(frame | {"conv": conv})
        assert (await alice.told("error"))["code"] == "TOO_LATE"
    await alice.say({"t": "delete", "conv": conv, "seq": 1, "for": "me"})
    await alice.told("done")


async def test_who_was_removed_and_came_back_gets_both_stays_and_no_more(
    deaf: None, runtime: Runtime, database: Database, people: Cast, group: str
) -> None:
    """Offline all the while: owed what was written in both stays, told that the rest is not for them."""
    await in_thread(write, group, people.alice, 3)
    await removed(database, people, group, people.bob)
    await in_thread(write, group, people.alice, 150)
    await added(database, people, group, people.bob)
    await in_thread(write, group, people.alice, 2)
    bob = await greeted(runtime, people.bob)
    await until(lambda: bob.seqs(group) == [1, 2, 3, 4, 5, 156, 157, 158])
    absent = [gap for frame in bob.of("messages") for gap in frame.get("absent", [])]
    assert [(gap["from"], gap["to"]) for gap in absent] == [(6, 100), (101, 155)]
    assert {gap["why"] for gap in absent} == {"no_access"}
    await bob.ack("DELIVERED", group, 158)
    await bob.told("sync_done")
    [item] = bob.of("conversations")[0]["items"]
    assert (item["start"], item["unread"], item["title"]) == (1, 5, "club")


async def test_a_removal_and_a_return_heard_at_once_do_not_fill_the_gap(
    deaf: None, runtime: Runtime, database: Database, people: Cast, group: str
) -> None:
    """Connected, in a process that hears of both together: nothing that was written in between is pushed (V11)."""
    bob, carol = await greeted(runtime, people.bob), await greeted(runtime, people.carol)
    await until(lambda: runtime.reconciler._read_at is not None)
    async with database.transaction() as connection:
        await groups.remove(connection, people.alice.actor, group, people.bob.id)
    await in_thread(write, group, people.alice, 4)
    async with database.transaction() as connection:
        await groups.add(connection, people.alice.actor, group, people.bob.id)
    head = await in_thread(write, group, people.alice, 1)
    runtime.hub.raise_head(group, head)
    await until(lambda: carol.seqs(group) == [1, 2, 3, 4, 5, 6, 7, 8])
    await until(lambda: bob.seqs(group) == [1, 2, 7, 8])
    told = await carol.told("members")
    assert [member["stays"] for member in told["members"] if member["username"] == "bob"] == [[[1, 2], [7, None]]]


async def test_what_was_edited_after_someone_left_is_not_told_to_them(
    unhurried: None, runtime: Runtime, database: Database, people: Cast, group: str
) -> None:
    """The edit is heard of before the leaving: who belongs is read again before it is told to anyone (V11)."""
    await in_thread(write, group, people.alice, 1)
    bob, carol = await greeted(runtime, people.bob), await greeted(runtime, people.carol)
    await until(lambda: bob.seqs(group) == carol.seqs(group) == [1, 2])
    await until(lambda: runtime.reconciler._read_at is not None)
    await removed(database, people, group, people.bob)
    async with database.transaction() as connection:
        actor = Actor(people.alice.id, people.alice.device_id)
        done = await revise.edit(connection, actor, group, 2, "not for bob", Windows(10**9, 10**9))
    runtime.hub.raise_rev(group, done.rev)
    await until(lambda: changes(carol) == [(2, "edit")])
    assert changes(bob) == []
    assert (await bob.told("left"))["conv"] == group
    assert changes(bob) == []


@pytest.fixture
def unhurried(deaf: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started in this test hear of nothing by themselves, but for what has been when they start."""
    monkeypatch.setattr(reconcile, "INTERVAL_S", 3_600.0)


async def test_changes_of_members_that_come_together_are_read_and_encoded_once(
    deaf: None, runtime: Runtime, people: Cast, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many sockets there are. What comes while it is read, is read after that."""
    carols = [await greeted(runtime, people.carol) for _ in range(5)]
    await until(lambda: runtime.reconciler._read_at is not None)
    await in_thread(Conversation.objects.filter(id=group).update, members_rev=9, title="renamed")
    read: list[str] = []
    encoded: list[str] = []
    rows, encode = runtime.database.rows, codec_json.encode

    async def counted(query: str, parameters: Sequence[Any] = ()) -> Any:
        read.append(query)
        return await rows(query, parameters)

    def noted(frame: dict[str, Any]) -> str:
        encoded.append(frame["t"])
        return encode(frame)

    monkeypatch.setattr(runtime.database, "rows", counted)
    monkeypatch.setattr(codec_json, "encode", noted)
    await asyncio.gather(*(runtime.postman.members_changed(group, []) for _ in range(50)))
    assert [carol.of("members")[-1]["title"] for carol in carols] == ["renamed"] * 5
    assert [len(carol.of("members")) for carol in carols] == [1] * 5
    assert read.count(access.ROOM) <= 2 and read.count(roster.ROSTER) == 1 and encoded.count("members") == 1


async def test_who_is_removed_is_told_and_hears_no_more(
    deaf: None, runtime: Runtime, database: Database, people: Cast, group: str
) -> None:
    bob, carol = await greeted(runtime, people.bob), await greeted(runtime, people.carol)
    await until(lambda: runtime.reconciler._read_at is not None)
    await removed(database, people, group, people.bob)
    left = await bob.told("left")
    assert (left["conv"], left["entry"]["seq"], left["entry"]["sender"]) == (group, 2, people.alice.id)
    assert left["entry"]["event"] == {"type": "removed", "users": [people.bob.id]} and "body" not in left["entry"]
    await in_thread(write, group, people.alice, 1)
    runtime.hub.raise_head(group, 3)
    await until(lambda: carol.seqs(group) == [1, 2, 3])
    await bob.say({"t": "fetch", "conv": group, "from": 1, "to": 1})
    assert (await bob.told("error"))["code"] == "NOT_FOUND"
    assert bob.seqs(group) == [1]
    names = [member["username"] for member in (await carol.told("members"))["members"]]
    assert names == ["alice", "carol"]


async def test_a_reset_that_may_have_been_lost_is_told_again(runtime: Runtime, people: Cast, conv: str) -> None:
    """The server's cursor stands at the horizon from the first telling on; the device knows of nothing."""
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_expires, conv, people.bob, 1, 6)
    for _ in range(2):
        bob = await greeted(runtime, people.bob)
        assert await bob.told("reset") == {"t": "reset", "conv": conv, "horizon": 6, "why": "expired"}
        await until(lambda bob=bob: bob.seqs(conv) == [7, 8, 9])
    inbox, mark = await in_thread(_stands, conv, people.bob)
    assert (inbox.received_seq, mark.delivered_seq) == (6, 0)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 6})
    await until(lambda: bob.seqs(conv) == [7, 8, 9])
    assert bob.of("reset") == []


async def test_below_the_horizon_a_device_is_reset_and_goes_on_above(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_expires, conv, people.bob, 3, 6)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 2})
    assert await bob.told("reset") == {"t": "reset", "conv": conv, "horizon": 6, "why": "expired"}
    await until(lambda: bob.seqs(conv) == [7, 8, 9])
    # What it had stored is counted, what it skipped is not.
    inbox, mark = await in_thread(_stands, conv, people.bob)
    assert (inbox.received_seq, mark.delivered_seq) == (6, 2)
    await bob.say({"t": "fetch", "conv": conv, "from": 1, "to": 9})
    page = await bob.told("page")
    assert [entry["seq"] for entry in page["entries"]] == [1, 2, 7, 8, 9]
    assert page["absent"] == [{"from": 3, "to": 6, "why": "expired"}]


async def test_a_device_that_has_what_expired_is_not_reset(runtime: Runtime, people: Cast, conv: str) -> None:
    """Its acknowledgement comes after all."""
    await in_thread(write, conv, people.alice, 9)
    await in_thread(_expires, conv, people.bob, 1, 6)
    bob = await greeted(runtime, people.bob, {"conv": conv, "received": 8})
    await until(lambda: bob.seqs(conv) == [9])
    assert bob.of("reset") == []


def _expires(conv: str, person: Person, first: int, last: int) -> None:
    """As retention does."""
    Lapse.objects.create(conversation_id=conv, user=person.user, from_seq=first, upto_seq=last, at=timezone.now())
    Watermark.objects.filter(conversation_id=conv, user=person.user).update(expired_seq=last)
    Inbox.objects.update_or_create(conversation_id=conv, device=person.device, defaults={"horizon_seq": last})
    told = {"conversations": [conv], "heads": [first, last], "users": [person.user.id]}
    Change.objects.create(kind="lapsed", at=timezone.now(), **told)


def _stands(conv: str, person: Person) -> tuple[Inbox, Watermark]:
    return (
        Inbox.objects.get(conversation_id=conv, device=person.device),
        Watermark.objects.get(conversation_id=conv, user=person.user),
    )


async def test_the_sender_is_told_of_what_expired_and_sends_it_anew(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 2, "hello?")
    alice = await greeted(runtime, people.alice)
    await until(lambda: runtime.reconciler._read_at is not None)
    await in_thread(_expires, conv, people.bob, 1, 2)
    await until(lambda: alice.acks("FAILED"))
    [failed] = alice.acks("FAILED")
    assert (failed["sender_id"], failed["lapsed"], failed["error_code"]) == (people.bob.id, [[1, 2]], "EXPIRED")
    for _ in range(2):
        await alice.say({"t": "resend", "conv": conv, "seq": 2, "client_id": "again-1"})
    first, second = alice.acks("ACCEPTED")
    assert first == second and first["seq"] == 3
    await until(lambda: changes(alice) == [(2, "delete")])
    [told] = alice.of("changes")[-1]["changes"]
    assert told["resent_as"] == 3
    bob = await greeted(runtime, people.bob)
    await until(lambda: bob.seqs(conv) == [3])
    assert [e["body"] for frame in bob.of("messages") for e in frame["entries"]] == ["hello?"]


async def test_what_did_not_expire_cannot_be_sent_anew(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    alice = await greeted(runtime, people.alice)
    await alice.say({"t": "resend", "conv": conv, "seq": 1, "client_id": "again-1"})
    assert (await alice.told("error"))["code"] == "NOT_EXPIRED"


async def test_asking_for_everything_page_by_page(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 120)
    alice, bob = await greeted(runtime, people.alice), await greeted(runtime, people.bob)
    await alice.say({"t": "edit", "conv": conv, "seq": 3, "body": "better"})
    seqs, point, pages = [], None, 0
    while True:
        await bob.say({"t": "sync", "limit": 50} | ({"point": point} if point else {}))
        answer = bob.of("sync")[-1]
        seqs += [entry["seq"] for run in answer["messages"] for entry in run["entries"]]
        point, pages = answer["point"], pages + 1
        if not answer["has_more"]:
            break
    assert seqs == list(range(1, 121)) and pages == 3
    await bob.say({"t": "sync", "point": point})
    assert bob.of("sync")[-1]["conversations"] == [] and bob.of("sync")[-1]["messages"] == []


@pytest.mark.parametrize("point", ["", "x", "AAAA", "eJwDAAAAAAE", "é", "=" * 50])
async def test_a_point_that_is_none_is_refused(runtime: Runtime, people: Cast, conv: str, point: str) -> None:
    bob = await greeted(runtime, people.bob)
    await bob.say({"t": "sync", "point": point})
    assert (await bob.told("error"))["code"] == "BAD_POINT"


async def test_mallory_learns_nothing_by_a_point_of_hers(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 3)
    mallory = await greeted(runtime, people.mallory)
    await mallory.say(
        {"t": "sync", "positions": [{"conv": conv, "received": 0}, {"conv": str(new_id()), "received": 0}]}
    )
    answer = await mallory.told("sync")
    assert answer["messages"] == answer["conversations"] == answer["changes"] == []
    assert conv in answer["gone"] and len(answer["gone"]) == 2


async def test_what_expires_while_a_device_is_at_it_is_not_vouched_for(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    """Connected and half caught up when the rest lapses: it is reset over it, never told of it as of entries it passes,
    and what it acknowledges next says nothing of what it never had."""
    await in_thread(write, conv, people.alice, 9)
    bob = await greeted(runtime, people.bob)
    await until(lambda: bob.seqs(conv) == list(range(1, 10)))
    await bob.ack("DELIVERED", conv, 9)
    await until(lambda: runtime.reconciler._read_at is not None)
    head = await in_thread(write, conv, people.alice, 3)
    await in_thread(_expires, conv, people.bob, 10, 11)
    await until(lambda: runtime.hub.rooms[conv].sessions and bob.session.cursors[conv].readable.earlier)
    runtime.hub.raise_head(conv, head)
    assert (await bob.told("reset"))["horizon"] == 11
    await until(lambda: bob.seqs(conv)[-1] == 12)
    assert not [gap for frame in bob.of("messages") for gap in frame.get("absent", [])]
    await bob.ack("DELIVERED", conv, 12)
    await runtime.receipts.flush()
    await in_thread(_flush, runtime)
    _, mark = await in_thread(_stands, conv, people.bob)
    assert mark.delivered_seq == 12
    assert await in_thread(_lapsed, conv, people.bob) == [(10, 11)]


async def test_what_is_on_its_way_is_stored_before_a_device_is_reset(runtime: Runtime, people: Cast, conv: str) -> None:
    """It expires while it is on its way, and what follows it as well: what the device has stored is not lost."""
    bob = await greeted(runtime, people.bob)
    head = await in_thread(write, conv, people.alice, 9)
    runtime.hub.raise_head(conv, head)
    await until(lambda: bob.seqs(conv) == [*range(1, 10)])
    await until(lambda: runtime.reconciler._read_at is not None)
    head = await in_thread(write, conv, people.alice, 3)
    await in_thread(_expires, conv, people.bob, 1, 11)
    await until(lambda: bob.session.cursors[conv].readable.open_from == 12)
    runtime.hub.raise_head(conv, head)
    await until(lambda: bob.session.cursors[conv].is_held)
    assert bob.of("reset") == []
    await bob.ack("DELIVERED", conv, 9)
    assert (await bob.told("reset"))["horizon"] == 11
    await until(lambda: bob.seqs(conv)[-1] == 12)
    await bob.ack("DELIVERED", conv, 12)
    await runtime.receipts.flush()
    await in_thread(_flush, runtime)
    assert await in_thread(_lapsed, conv, people.bob) == [(10, 11)]


async def test_a_page_does_not_take_a_cursor_over_what_expired(runtime: Runtime, people: Cast, conv: str) -> None:
    bob = await greeted(runtime, people.bob)
    await in_thread(write, conv, people.alice, 3)
    await in_thread(_expires, conv, people.bob, 1, 2)
    await bob.say({"t": "fetch", "conv": conv, "from": 1, "to": 3})
    assert (await bob.told("page"))["absent"] == [{"from": 1, "to": 2, "why": "expired"}]
    assert [frame["t"] for frame in bob.frames if frame["t"] in ("reset", "page")] == ["reset", "page"]


def _lapsed(conv: str, person: Person) -> list[tuple[int, int]]:
    return list(Lapse.objects.filter(conversation_id=conv, user=person.user).values_list("from_seq", "upto_seq"))


async def test_a_device_revoked_before_its_hello_is_turned_away(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    """Its handshake was good; nobody would look at it again."""
    await in_thread(write, conv, people.alice, 1)
    bob = Client(runtime, people.bob)
    await in_thread(devices.revoke, people.bob.device)
    await bob.hello()
    await until(lambda: bob.closed == 4401)
    assert bob.frames == []
