"""The client against a whole messenger: what two people say, what becomes of it, and what each is told."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from messenger_client import (
    Client,
    ConversationChanged,
    InvalidMessage,
    MessageDeleted,
    MessageEdited,
    MessageFailed,
    Refused,
    SignedOut,
    SomebodyElse,
    Status,
    StatusChanged,
    ids,
)
from tests.acceptance import club
from tests.acceptance.conftest import Cast, each_server
from tests.acceptance.servers import PASSWORD, House
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="session", params=each_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


async def test_two_people_talk_and_each_tick_is_told(house: House, cast: Cast, tmp_path: Path) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        assert (conversation.kind, [person.username for person in conversation.others]) == (
            "direct",
            [cast.bob.username],
        )
        outgoing = await alice.client.send(conversation, "hello")
        await outgoing.reached(Status.DELIVERED, 30)
        await bob.hears("hello")
        [message] = bob.messages
        assert (message.sender.username, message.is_mine, message.seq) == (cast.alice.username, False, 1)
        await bob.client.seen(message)
        await outgoing.reached(Status.SEEN, 30)
        answer = await bob.client.reply(message, "hello yourself")
        await answer.reached(Status.DELIVERED, 30)
        await alice.hears("hello", "hello yourself")
        assert alice.messages[1].reply_to == 1
        ticks = [event.status for event in alice.of(StatusChanged) if event.client_id == outgoing.client_id]
        assert ticks == [Status.SENT, Status.DELIVERED, Status.SEEN]
        [receipt] = await alice.client.info(alice.messages[0])
        assert receipt.person.username == cast.bob.username
        assert receipt.delivered_at is not None and receipt.seen_at is not None


async def test_edits_and_deletions_reach_both_sides(house: House, cast: Cast, tmp_path: Path) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        for body in ("one", "two", "three"):
            await alice.client.send(conversation, body)
        await bob.hears("one", "two", "three")
        await alice.hears("one", "two", "three")
        first, second, _ = alice.messages
        await alice.client.edit(first, "uno")
        await alice.client.delete(second, for_all=True)
        await bob.client.delete(bob.messages[2])
        [edited] = await bob.until(lambda: bob.of(MessageEdited))
        assert (edited.message.seq, edited.message.body) == (1, "uno")
        await bob.until(lambda: len(bob.of(MessageDeleted)) == 2)
        assert set(bob.of(MessageDeleted)) == {
            MessageDeleted(conversation.id, 2, hidden=False),
            MessageDeleted(conversation.id, 3, hidden=True),
        }
        history = await bob.client.history(conversation)
        assert [(each.body, each.is_deleted) for each in history] == [("uno", False), ("", True)]
        # And to the author's own device, too.
        await alice.until(lambda: alice.of(MessageEdited) and alice.of(MessageDeleted))
        with pytest.raises(Refused) as refused:
            await bob.client.edit(first, "not mine")
        assert refused.value.code == "NOT_FOUND"


async def test_what_is_refused_says_why_and_stays(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        foreign = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"
        outgoing = await alice.client.send(foreign, "to nobody")
        with pytest.raises(MessageFailed) as failed:
            await outgoing.reached(Status.SENT, 30)
        assert failed.value.code == "NOT_FOUND"
        [unsent] = await alice.client.unsent()
        assert (unsent.status, unsent.code, unsent.body) == (Status.REJECTED, "NOT_FOUND", "to nobody")
        [told] = await alice.until(lambda: alice.of(StatusChanged))
        assert (told.status, told.code, told.seq) == (Status.REJECTED, "NOT_FOUND", None)
        await alice.client.discard(unsent.client_id)
        assert await alice.client.unsent() == []
        assert await outgoing.status() is None
        with pytest.raises(InvalidMessage):
            await alice.client.send(foreign, " ")
        with pytest.raises(Refused):
            await alice.client.open("nobody-of-that-name")


async def test_ids_of_every_kind(house: House, cast: Cast, tmp_path: Path) -> None:
    kinds = {"ulid": ids.ulid, "uuid4": ids.uuid4, "uuid7": ids.uuid7, "snowflake": ids.Snowflake(3), "composite": None}
    async with program(house, cast.bob.username, tmp_path / "bob") as bob:
        for kind, make in kinds.items():
            async with program(house, cast.alice.username, tmp_path / kind, ids=make) as alice:
                await alice.client.caught_up()
                conversation = await alice.client.open(cast.bob.username)
                await (await alice.client.send(conversation, kind)).reached(Status.DELIVERED, 30)
        await bob.hears(*kinds)
        assert len({message.client_id for message in bob.messages}) == len(kinds)


async def test_an_id_of_ones_own_is_one_message_however_often_it_is_sent(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        for _ in range(3):
            outgoing = await alice.client.send(conversation, "once", client_id="the-same")
            await outgoing.reached(Status.SENT, 30)
        await (await alice.client.send(conversation, "after it")).reached(Status.DELIVERED, 30)
        await bob.hears("once", "after it")


async def test_many_at_once_keep_their_order(house: House, cast: Cast, tmp_path: Path) -> None:
    """More than may be in flight."""
    bodies = [f"number {number}" for number in range(600)]
    async with (
        program(house, cast.alice.username, tmp_path / "alice", house.addresses[0]) as alice,
        program(house, cast.bob.username, tmp_path / "bob", house.addresses[1]) as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        sent = [await alice.client.send(conversation, body) for body in bodies]
        await sent[-1].reached(Status.DELIVERED, 60)
        await bob.hears(*bodies)


async def test_signing_up_and_signing_in(house: House, cast: Cast, tmp_path: Path) -> None:
    async with Client(house.address, database=tmp_path / "new") as new:
        with pytest.raises(SignedOut):
            _ = new.me
        with pytest.raises(Refused) as taken:
            await new.sign_up(cast.alice.username, PASSWORD)
        assert taken.value.code == "USERNAME_TAKEN"
        with pytest.raises(SignedOut):
            await new.sign_in(cast.alice.username, "a wrong password")
        username = f"dora{os.getpid()}{secrets.token_hex(3)}"
        await new.sign_up(username, PASSWORD, name="Dora Doe")
        # Asked before there is a connection.
        assert (await new.open(username)).name == "Dora Doe"
        with pytest.raises(SomebodyElse):
            await new.sign_in(cast.alice.username, PASSWORD)
    # Signed in still: nothing is asked, not even the password.
    async with Client(house.address, database=tmp_path / "new") as again:
        await again.sign_in(username.upper(), "unasked")
        await again.caught_up()
    with pytest.raises(SomebodyElse):
        await Client("http://127.0.0.1:1", database=tmp_path / "new").__aenter__()


async def test_history_from_before_this_device(house: House, cast: Cast, tmp_path: Path) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        sent = [await alice.client.send(conversation, f"number {number}") for number in range(130)]
        await sent[-1].reached(Status.DELIVERED, 30)
        await bob.until(lambda: len(bob.messages) == 130)
        async with program(house, cast.bob.username, tmp_path / "tablet") as tablet:
            await tablet.client.caught_up()
            newest = await tablet.client.history(conversation)
            assert [each.seq for each in newest] == list(range(81, 131))
            older = await tablet.client.history(conversation, before=81, limit=200)
            assert [each.body for each in older] == [f"number {number}" for number in range(80)]
            # None of it is news.
            assert tablet.messages == []
            [known] = await tablet.client.conversations()
            assert (known.received, known.head) == (130, 130)


async def test_who_is_added_and_who_leaves(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.bob.username, tmp_path / "bob") as bob:
        await bob.client.caught_up()
        conv = await club.found(house, cast.alice, cast.bob)
        [joined] = await bob.until(lambda: bob.of(ConversationChanged))
        assert (joined.conversation.id, joined.conversation.name, joined.conversation.kind) == (conv, "club", "group")
        await (await bob.client.send(conv, "here I am")).reached(Status.SENT, 30)
        await club.add(house, conv, cast.alice, cast.carol)
        more = (await bob.until(lambda: bob.of(ConversationChanged)[1:]))[-1]
        assert {person.username for person in more.conversation.others} == {cast.alice.username, cast.carol.username}
        await club.remove(house, conv, cast.alice, cast.bob)
        left = (await bob.until(lambda: bob.of(ConversationChanged)[2:]))[-1]
        assert not left.conversation.is_member
        assert await bob.client.conversations() == []
        # What he has, he has; what he writes is refused, and says so.
        kept = await bob.client.history(conv)
        assert [each.body or each.event["type"] for each in kept] == ["created", "here I am", "added"]
        with pytest.raises(MessageFailed) as failed:
            await (await bob.client.send(conv, "anybody there?")).reached(Status.SENT, 30)
        assert failed.value.code == "NOT_FOUND"
        await club.add(house, conv, cast.alice, cast.bob)
        await bob.until(lambda: bob.of(ConversationChanged)[-1].conversation.is_member)
