"""The README's bot, killed with -9 again and again: nothing is lost, nothing is answered twice, no tick lies."""

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from messenger_client import Conversation
from tests.acceptance.conftest import enrol_cast
from tests.acceptance.servers import House
from tests.messenger_client.bot import CLONE, Bot, example
from tests.messenger_client.people import Program, program
from tests.waiting import until

pytestmark = pytest.mark.acceptance

CURSORS = """SELECT i.conversation_id::text, i.received_seq FROM chat_inbox i JOIN chat_device d ON d.id = i.device_id
JOIN chat_user u ON u.id = d.user_id WHERE u.username = %s AND d.kind = 'app'"""
ALONE = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"django", "chat", "messenger", "receipts", "pydantic", "channels", "psycopg"}:
            raise ImportError(f"{name} is not part of the client")

sys.meta_path.insert(0, Refusing())
import messenger_client.__main__
print(len(messenger_client.__all__))
"""
SEED = int(os.environ.get("FAULT_SEED", random.randrange(10**6)))


@dataclass
class Scene:
    house: House
    bot: Bot
    username: str
    alice: Program
    conversation: Conversation
    written: list[str]

    async def write(self, count: int = 1) -> None:
        for _ in range(count):
            self.written.append(f"number {len(self.written)}")
            await self.alice.client.send(self.conversation, self.written[-1])

    def echoes(self) -> list[str]:
        return [message.body for message in self.alice.messages if not message.is_mine]

    def check_cursors(self) -> None:
        """V9: what the server takes for delivered is on the bot's disk. The server's word first: it only rises."""
        with psycopg.connect(self.house.dsn) as connection:
            servers = dict(connection.execute(CURSORS, [self.username]).fetchall())
        stored = self.bot.stored()
        assert all(received <= stored.get(conv, 0) for conv, received in servers.items()), (servers, stored)


@asynccontextmanager
async def scene(house: House, folder: Path) -> AsyncIterator[Scene]:
    cast = enrol_cast(house)
    bot = Bot(folder, house.addresses[0], cast.bob.username)
    async with program(house, cast.alice.username, folder / "alice", house.addresses[1]) as alice:
        await alice.client.caught_up()
        conversation = await alice.client.open(cast.bob.username)
        yield Scene(house, bot, cast.bob.username, alice, conversation, [])


async def test_the_bot_answers(house: House, tmp_path: Path) -> None:
    async with scene(house, tmp_path) as at:
        with at.bot.running():
            await at.write(3)
            await at.alice.until(lambda: len(at.echoes()) == 3)
        assert at.echoes() == at.written
        assert at.bot.log.read_text() == ""
    assert len(example().splitlines()) <= 20


async def test_killed_at_each_transaction(house: House, tmp_path: Path) -> None:
    """Each run of the bot has one message to answer, and dies a transaction later than the one before."""
    async with scene(house, tmp_path) as at:
        with at.bot.running():
            await at.write()
            await at.alice.until(lambda: len(at.echoes()) == 1)
        for transaction in range(2, 18):
            for when in ("before", "after"):
                await at.write()
                with at.bot.running(str(transaction), when) as bot:
                    await until(lambda: bot.poll() is not None or len(at.echoes()) == len(at.written), 60)
                at.check_cursors()
        with at.bot.running():
            await at.alice.until(lambda: len(at.echoes()) >= len(at.written), 60)
        assert at.echoes() == at.written


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_killed_at_any_moment(house: House, tmp_path: Path) -> None:
    print(f"FAULT_SEED={SEED}")
    chance = random.Random(SEED)
    async with scene(house, tmp_path) as at:
        for _ in range(12):
            with at.bot.running():
                pace = asyncio.create_task(at.write(chance.randrange(1, 60)))
                await asyncio.sleep(chance.uniform(0.3, 2.5))
            await pace
            at.check_cursors()
        with at.bot.running():
            await at.alice.until(lambda: len(at.echoes()) >= len(at.written), 120)
        assert at.echoes() == at.written


def test_the_package_stands_by_itself() -> None:
    found = subprocess.run([sys.executable, "-c", ALONE], cwd=CLONE, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert int(found.stdout) > 20
