"""Coming back: to very much that waited, and to a database that was restored."""

import time
from pathlib import Path

import psycopg
import pytest

from bench import pairs
from chat.management import bulk
from messenger_client import Client, MessageReceived, Status, SyncProgress
from messenger_client.store import log
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.messenger_client.people import listening, program
from tests.waiting import until

pytestmark = pytest.mark.acceptance

CURSOR = """SELECT sum(i.received_seq) FROM chat_inbox i JOIN chat_device d ON d.id = i.device_id
JOIN chat_user u ON u.id = d.user_id WHERE u.username = %s AND d.kind = 'app'"""
# As after a restore from a backup that was made before entry 3.
RESTORE = """
DELETE FROM chat_message WHERE conversation_id = '{conv}' AND seq > 2;
UPDATE chat_conversation SET last_seq = 2 WHERE id = '{conv}';
UPDATE chat_inbox SET received_seq = least(received_seq, 2) WHERE conversation_id = '{conv}';
UPDATE receipts_watermark SET delivered_seq = least(delivered_seq, 2), seen_seq = least(seen_seq, 2)
WHERE conversation_id = '{conv}';
INSERT INTO chat_epoch (id, created_at) VALUES (gen_random_uuid(), now());
"""
WAITING, CONVERSATIONS = 10_000, 20


async def test_ten_thousand_waited(house: House, cast: Cast, tmp_path: Path) -> None:
    """Over twenty conversations, of which the newest come first; each is told once, in its conversation's order."""
    async with program(house, cast.bob.username, tmp_path / "bob") as bob:
        await bob.client.caught_up()
    each = WAITING // CONVERSATIONS
    writers = house.enrol(*(f"{cast.bob.username}-{n}" for n in range(CONVERSATIONS)))
    lines = pairs.between(house, [(writer, cast.bob) for writer in writers])
    with psycopg.connect(house.dsn) as connection:
        theirs = [(conv, one, device, one, device) for conv, one, device, _, _ in lines]
        bulk.write(connection.cursor(), theirs, 1, each, ("Hi.",), 0.01)
    began = time.monotonic()
    async with program(house, cast.bob.username, tmp_path / "bob") as bob:
        await bob.client.caught_up()
        print(f"{WAITING} stored and acknowledged in {time.monotonic() - began:.1f} s")
        await bob.until(lambda: len(bob.messages) == WAITING, 60)
        print(f"and told in {time.monotonic() - began:.1f} s")
        for conv, *_ in lines:
            seqs = [message.seq for message in bob.messages if message.conversation_id == conv]
            assert seqs == list(range(1, each + 1))
        counts = [(event.done, event.total) for event in bob.of(SyncProgress)]
        assert counts[-1] == (WAITING, WAITING) and counts == sorted(counts)

    with psycopg.connect(house.dsn, autocommit=True) as connection:
        await until(lambda: connection.execute(CURSOR, [cast.bob.username]).fetchone() == (WAITING,))


async def test_a_restored_database(house: House, cast: Cast, tmp_path: Path) -> None:
    """The log has lost its tail: what was stored under those seqs goes, what waits is sent under the same id."""
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        for body in ("one", "two", "lost"):
            await (await alice.client.send(conversation, body)).reached(Status.DELIVERED, 30)
        await bob.hears("one", "two", "lost")
        await alice.client._engine.stop()
        await bob.client._engine.stop()
        waiting = await alice.client.send(conversation, "waits")
        with psycopg.connect(house.dsn) as connection:
            for statement in RESTORE.format(conv=conversation.id).strip().split(";")[:-1]:
                connection.execute(statement)
        alice.client._engine.start()
        await waiting.reached(Status.SENT, 30)
        assert (await alice.client.message(conversation, 3)).body == "waits"  # type: ignore[union-attr]
        bob.client._engine.start()
        await waiting.reached(Status.DELIVERED, 30)
        await bob.hears("one", "two", "lost", "waits")
        # And what was before the tail is to be had again.
        assert [message.body for message in await bob.client.history(conversation)] == ["one", "two", "waits"]
        place = await bob.client._engine.database.run(lambda db: log.place(db, conversation.id))
        assert place is not None and place.received == 3


async def test_a_device_that_has_lost_its_file_begins_anew(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        async with program(house, cast.bob.username, tmp_path / "bob") as bob:
            await (await alice.client.send(conversation, "one")).reached(Status.DELIVERED, 30)
            await bob.hears("one")
        async with Client(house.address, database=tmp_path / "anew") as client:
            await client.sign_in(cast.bob.username, PASSWORD)
            async with listening(client) as bob:
                await client.caught_up()
                await (await alice.client.send(conversation, "two")).reached(Status.DELIVERED, 30)
                await bob.hears("two")
                assert [message.body for message in await client.history(conversation)] == ["one", "two"]
                assert len(bob.of(MessageReceived)) == 1
