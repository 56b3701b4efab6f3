"""The client through what goes wrong: no server, a killed one, a lost sign-in, a crash in the midst of handling."""

import asyncio
from pathlib import Path

import pytest

from messenger_client import Client, MessageFailed, SignedOut, State, Status, StoreFailed, StoreInUse
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance

REVOKE = """
from chat.log import devices
from chat.models import Device
print(devices.revoke(Device.objects.get(user__username="{username}", kind="app", revoked_at=None)))
"""


async def test_what_is_written_without_a_server_goes_out_in_order_when_it_is_back(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    bodies = [f"number {number}" for number in range(20)]
    async with program(house, cast.bob.username, tmp_path / "bob", house.addresses[1]) as bob:
        async with program(house, cast.alice.username, tmp_path / "alice", house.addresses[0]) as alice:
            await alice.client.caught_up()
            conversation = await alice.client.open(cast.bob.username)
            await asyncio.to_thread(house.kill, "web-1")
            try:
                await alice.until(lambda: alice.client.state is State.WAITING)
                for body in bodies[:10]:
                    await alice.client.send(conversation, body)
                assert [item.status for item in await alice.client.unsent()] == [Status.PENDING] * 10
                # The program ends, and another run of it goes on.
            finally:
                await asyncio.to_thread(house.restart, "web-1")
        async with program(house, cast.alice.username, tmp_path / "alice", house.addresses[0]) as alice:
            for body in bodies[10:]:
                last = await alice.client.send(conversation, body)
            await last.reached(Status.DELIVERED, 30)
            assert await alice.client.unsent() == []
        await bob.hears(*bodies)


async def test_a_lost_sign_in_pauses_the_outbox_and_a_new_one_goes_on(house: House, cast: Cast, tmp_path: Path) -> None:
    async with Client(house.address, database=tmp_path / "alice") as client:
        await client.sign_in(cast.alice.username, PASSWORD)
        async with program(house, cast.bob.username, tmp_path / "bob") as bob:
            conversation = await client.open(cast.bob.username)
            house.manage("shell", "-c", REVOKE.format(username=cast.alice.username))
            with pytest.raises(SignedOut):
                async for _ in client.events():
                    pass
            assert client.state is State.SIGNED_OUT
            outgoing = await client.send(conversation, "kept meanwhile")
            assert await outgoing.status() is Status.PENDING
            # As a new device: the old one is revoked for good.
            await client.sign_in(cast.alice.username, PASSWORD)
            await outgoing.reached(Status.DELIVERED, 30)
            await bob.hears("kept meanwhile")


async def test_a_token_in_place_of_another(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        await alice.client.rotate_token()
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        await alice.client.sign_out()
        with pytest.raises(SignedOut):
            await alice.client.send("0199c1f0-6b00-7c0e-8f00-0000000c0e5a", "nobody says this")
    async with Client(house.address, database=tmp_path / "alice") as nobody:
        with pytest.raises(SignedOut):
            _ = nobody.me


async def test_a_handler_that_fails_gets_the_message_again(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        async with Client(house.address, database=tmp_path / "bob") as bob:
            await bob.sign_in(cast.bob.username, PASSWORD)
            await bob.caught_up()
            conversation = await alice.client.open(cast.bob.username)
            for body in ("one", "two", "three"):
                await (await alice.client.send(conversation, body)).reached(Status.DELIVERED, 30)
            handled = []
            with pytest.raises(RuntimeError, match="in the midst"):
                async for message in bob.messages():
                    if message.body == "two":
                        raise RuntimeError("in the midst of it")
                    handled.append(message.body)
        async with Client(house.address, database=tmp_path / "bob") as bob:
            async for message in bob.messages():
                handled.append(message.body)
                if message.body == "three":
                    break
            assert handled == ["one", "two", "three"]


async def test_a_full_disk_stops_the_client_and_nothing_is_acknowledged_that_is_not_on_it(
    house: House, cast: Cast, tmp_path: Path
) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        async with Client(house.address, database=tmp_path / "bob") as bob:
            await bob.sign_in(cast.bob.username, PASSWORD)
            await bob.caught_up()
            conversation = await alice.client.open(cast.bob.username)
            await (await alice.client.send(conversation, "fits")).reached(Status.DELIVERED, 30)
            full = "PRAGMA max_page_count = 1"
            await bob._engine.database.run(lambda db: db.execute(full).fetchall() and None)
            sent = [await alice.client.send(conversation, f"{n} " + "x" * 4_000) for n in range(30)]
            await sent[-1].reached(Status.SENT, 30)
            with pytest.raises(StoreFailed):
                async for _ in bob.events():
                    pass
            assert bob.state is State.STOPPED
            stored = (await bob.conversations())[0].received
        # With room again it goes on where it stood.
        statuses = [await each.status() for each in sent]
        delivered = 1 + statuses.index(Status.SENT) if Status.SENT in statuses else 31
        assert delivered <= stored < 31
        async with program(house, cast.bob.username, tmp_path / "bob") as again:
            await sent[-1].reached(Status.DELIVERED, 30)
            await again.until(lambda: again.messages and again.messages[-1].seq == 31)
            seqs = [message.seq for message in again.messages]
            assert seqs == list(range(seqs[0], 32))


async def test_one_program_a_database(house: House, cast: Cast, tmp_path: Path) -> None:
    async with Client(house.address, database=tmp_path / "alice"):
        with pytest.raises(StoreInUse):
            await Client(house.address, database=tmp_path / "alice").__aenter__()


async def test_what_gave_up_is_retried_by_hand_under_the_same_id(house: House, cast: Cast, tmp_path: Path) -> None:
    """A day old when the connection comes: nobody has looked at it meanwhile."""
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
    async with Client(house.address, database=tmp_path / "alice") as client:
        engine = client._engine
        await engine.stop()
        outgoing = await client.send(conversation, "yesterday")
        day = 24 * 60 * 60 * 1000
        await engine.database.run(lambda db: db.execute("UPDATE outbox SET made = made - ?", [day]) and None)
    async with Client(house.address, database=tmp_path / "alice") as client:
        [item] = await client.unsent()
        outgoing = type(outgoing)(client._engine, item.client_id, conversation.id)
        with pytest.raises(MessageFailed) as failed:
            await outgoing.reached(Status.SENT, 30)
        assert failed.value.code == "STALE"
        await client.retry(item.client_id)
        await outgoing.reached(Status.SENT, 30)
        assert (await client.message(conversation, 1)).client_id == item.client_id  # type: ignore[union-attr]
