"""What nobody came for: told to the program on both sides, and sent anew by hand."""

from pathlib import Path

import pytest

from messenger_client import InvalidMessage, MessageFailed, MessagesExpired, Status, StatusChanged
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.test_expiry import days_pass
from tests.messenger_client.people import Program, program

pytestmark = pytest.mark.acceptance


async def test_what_expired_is_told_on_both_sides_and_sent_anew(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        async with program(house, cast.bob.username, tmp_path / "bob") as bob:
            await (await alice.client.send(conversation, "are you there?")).reached(Status.DELIVERED, 30)
            await bob.hears("are you there?")
        sent = [await alice.client.send(conversation, f"hello? {n}") for n in range(3)]
        await sent[-1].reached(Status.SENT, 30)
        await days_pass(house, 31)
        with pytest.raises(MessageFailed) as failed:
            await sent[-1].reached(Status.DELIVERED, 30)
        assert failed.value.code == "EXPIRED"
        await alice.until(lambda: len(expired_of(alice)) == 3)
        assert [(event.seq, event.code) for event in expired_of(alice)] == [
            (2, "EXPIRED"),
            (3, "EXPIRED"),
            (4, "EXPIRED"),
        ]
        last = await alice.client.message(conversation, 4)
        assert last is not None and last.status is Status.FAILED
        anew = await alice.client.resend(last)
        await anew.reached(Status.SENT, 30)
        async with program(house, cast.bob.username, tmp_path / "bob") as bob:
            await bob.hears("hello? 2")
            assert bob.messages[0].seq == 5
            assert [(event.first, event.last) for event in bob.of(MessagesExpired)] in ([(2, 3)], [(2, 4)])
            await anew.reached(Status.DELIVERED, 30)
        old = await alice.client.message(conversation, 4)
        assert old is not None and (old.is_deleted, old.resent_as) == (True, 5)
        with pytest.raises(InvalidMessage):
            await alice.client.resend(old)


def expired_of(someone: Program) -> list[StatusChanged]:
    return [event for event in someone.of(StatusChanged) if event.status is Status.FAILED]


async def test_what_did_not_expire_is_not_sent_anew(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        await (await alice.client.send(conversation, "hello")).reached(Status.SENT, 30)
        message = await alice.client.message(conversation, 1)
        assert message is not None
        anew = await alice.client.resend(message)
        with pytest.raises(MessageFailed) as failed:
            await anew.reached(Status.SENT, 30)
        assert failed.value.code == "NOT_EXPIRED"
        # Asked again it is the same attempt.
        assert (await alice.client.resend(message)).client_id == anew.client_id
        assert [item.resends for item in await alice.client.unsent()] == [1]
