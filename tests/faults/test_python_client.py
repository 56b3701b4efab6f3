"""The Python client in a house whose parts are killed with -9, one after the other, in the midst of a conversation:
what two programs were told, held against the log by the same checker as everything else."""

import asyncio
import random
from pathlib import Path

import pytest

from messenger_client import Client, Message, MessageReceived, Status, StatusChanged
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import PASSWORD, Celery, House
from tests.faults.checker import check
from tests.faults.history import Began, History, Saw, Sent, Stored
from tests.faults.test_kills import KILLS, PARTS, SEED, finish

EACH = 300
PATIENCE_S = 120.0


class Writer:
    """Someone who writes and reads through the client, and says so in the history."""

    def __init__(self, client: Client, who: SignedIn, history: History) -> None:
        self.client, self.who, self.history = client, who, history
        self.messages: list[Message] = []
        self.statuses: dict[str, Status] = {}
        self.changed = asyncio.Event()

    @property
    def device(self) -> str:
        return self.client._engine.device

    async def listen(self) -> None:
        async for event in self.client.events():
            if isinstance(event, MessageReceived):
                await self._receive(event.message)
            elif isinstance(event, StatusChanged):
                self.statuses[event.client_id] = event.status
            self.changed.set()

    async def _receive(self, message: Message) -> None:
        conv, seq = message.conversation_id, message.seq
        who, what = (self.device, self.who.user, conv, seq), (message.id, message.sender.id, message.client_id)
        self.history.add(Stored(*who, *what, message.body))
        self.messages.append(message)
        if not message.is_mine:
            self.history.add(Saw(self.who.user, conv, seq))
            await self.client.seen(message)

    async def write(self, conv: str, chance: random.Random, pause: float) -> None:
        for n in range(EACH):
            known = await self.client.conversation(conv)
            assert known is not None
            body, client_id = f"{self.who.username} {n}", f"{self.who.username}_{n}"
            self.history.add(Sent(self.device, self.who.user, conv, client_id, body, known.received))
            await self.client.send(conv, body, client_id=client_id)
            await asyncio.sleep(chance.uniform(0, pause))

    async def until(self, check: object) -> None:
        assert callable(check)
        async with asyncio.timeout(PATIENCE_S):
            while not check():
                self.changed.clear()
                await self.changed.wait()


async def break_each(house: House, chance: random.Random, writers: "list[asyncio.Task[None]]") -> None:
    plan = list(PARTS) * KILLS
    chance.shuffle(plan)
    for part in plan:
        await asyncio.to_thread(house.kill, part)
        await asyncio.sleep(chance.uniform(0, 0.5))
        await asyncio.to_thread(house.restart, part)
    await asyncio.gather(*writers)


@pytest.mark.faults
@pytest.mark.timeout(900)
async def test_nothing_is_lost_or_doubled_by_the_python_client(tmp_path: Path) -> None:
    print(f"FAULT_SEED={SEED}")
    chance, history = random.Random(SEED), History()
    house = House(web=2, celery=Celery.APART)
    await asyncio.to_thread(house.start)
    try:
        people = house.enrol("alice", "bob")
        async with (
            Client(house.address, database=tmp_path / "alice") as first,
            Client(house.address, database=tmp_path / "bob") as second,
        ):
            writers = [Writer(client, who, history) for client, who in zip((first, second), people, strict=True)]
            listeners = []
            for writer in writers:
                await writer.client.sign_in(writer.who.username, PASSWORD)
                history.owner[writer.device] = writer.who.user
                listeners.append(asyncio.create_task(writer.listen()))
            conv = (await first.open("bob")).id
            history.members[conv] = {who.user for who in people}
            for writer in writers:
                history.add(Began(writer.device, conv, 0))
            async with asyncio.timeout(PATIENCE_S):
                while await second.conversation(conv) is None:
                    await asyncio.sleep(0.05)
            tasks = [asyncio.create_task(writer.write(conv, chance, 0.06)) for writer in writers]
            await break_each(house, chance, tasks)
            for writer in writers:
                await writer.until(lambda writer=writer: len(writer.messages) == 2 * EACH)
                await writer.until(lambda writer=writer: list(writer.statuses.values()) == [Status.SEEN] * EACH)
                assert await writer.client.unsent() == []
            await quiet(house, history, conv)
            for listener in listeners:
                listener.cancel()
    finally:
        await asyncio.to_thread(house.stop)
    findings = check(history)
    assert not findings, "\n".join(findings[:20])


async def quiet(house: House, history: History, conv: str) -> None:
    """Until the database knows that both have everything; the sign-ups' own devices never came."""
    async with asyncio.timeout(60):
        while True:
            finish(house.dsn, history)
            history.inboxes = {key: value for key, value in history.inboxes.items() if key[1] in history.owner}
            marks = [history.watermarks.get((conv, user)) for user in history.owner.values()]
            if all(mark and mark[0] == 2 * EACH for mark in marks) and set(history.inboxes.values()) == {2 * EACH}:
                return
            await asyncio.sleep(0.2)
