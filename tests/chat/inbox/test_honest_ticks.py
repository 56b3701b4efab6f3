"""V8 in a group, through the real use cases: no tick claims more than what the devices of those present have."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from chat.inbox import retention, roster
from chat.log import history
from chat.log.pool import Database
from chat.models import Progress
from chat.policy.visibility import Stay
from receipts import ledger
from receipts.ledger import Row
from receipts.watermarks import Mark, Member, Tick, tick
from tests import groups
from tests.cast import Cast, Person
from tests.chat.inbox.aging import DAYS, old
from tests.chat.inbox.device import NOON, Asking
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("epoch")]


@dataclass
class Reader:
    """`theirs`: the seqs written while they were there; `seen`: those they have looked at."""

    person: Person
    device: Asking
    is_present: bool = True
    theirs: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    def stored(self, conv: str) -> set[int]:
        return set(self.device.of(conv).replica.entries)


@dataclass
class Club:
    """A group of alice, who writes, and others, who come and go."""

    database: Database
    people: Cast
    conv: str
    readers: list[Reader]
    head: int = 1
    messages: list[int] = field(default_factory=list)

    async def act(self, act: str, reader: Reader, number: int) -> None:
        if act == "write":
            self.head = await in_thread(old, self.conv, self.people.alice)
            self.messages.append(self.head)
            for each in self.readers:
                each.theirs |= {self.head} if each.is_present else set()
        elif act == "expire":
            await in_thread(Progress.objects.all().delete)
            await in_thread(retention.expire_by_age, DAYS)
        elif act in ("leave", "return"):
            await self._move(act, reader)
        elif not reader.is_present:
            pass
        elif act == "ask":
            reader.device.take(await reader.device.ask(limit=number))
        elif act == "acknowledge":
            await reader.device.acknowledge()
        elif act == "see":
            await self._see(reader)

    async def _move(self, act: str, reader: Reader) -> None:
        if reader.is_present == (act == "leave"):
            case = groups.remove if act == "leave" else groups.add
            async with self.database.transaction() as connection:
                assert await case(connection, self.people.alice.actor, self.conv, reader.person.id)
            self.head += 1
            reader.is_present = act == "return"

    async def _see(self, reader: Reader) -> None:
        await reader.device.acknowledge()
        reader.seen |= reader.stored(self.conv)
        upto = reader.device.of(self.conv).received
        await in_thread(ledger.apply, [Row(self.conv, reader.person.device_id, "seen", upto, NOON)])

    async def others(self) -> list[Member]:
        """As alice's devices are told them."""
        told = await roster.roster(self.database, self.conv)
        members = told.frame(self.people.alice.id)["members"]
        return [_member(each) for each in members if each["id"] != self.people.alice.id]

    def asked(self, seq: int) -> list[Reader]:
        return [reader for reader in self.readers if reader.is_present and seq in reader.theirs]

    async def check_ticks(self) -> None:
        others = await self.others()
        for seq in self.messages:
            asked, shown = self.asked(seq), tick(seq, others, direct=False)
            if shown is not Tick.SENT:
                assert asked and all(seq in reader.stored(self.conv) for reader in asked), seq
            if shown is Tick.SEEN:
                assert all(seq in reader.seen for reader in asked), seq

    async def check_info(self) -> None:
        for seq in self.messages:
            people = await history.people(self.database, self.conv, self.people.alice.id, seq)
            assert people is not None
            assert {row[0] for row in people} == {reader.person.id for reader in self.asked(seq)}


def _member(told: dict[str, Any]) -> Member:
    stays = tuple(Stay(first, last) for first, last in told["stays"])
    return Member(Mark(told["delivered"], told["seen"]), stays, tuple(map(tuple, told.get("lapsed", []))))


ACTS = {"write": 4, "leave": 2, "return": 4, "ask": 3, "acknowledge": 3, "see": 2, "expire": 0.4}
STEPS = 120


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_no_tick_claims_more_than_the_devices_have(database: Database, people: Cast, seed: int) -> None:
    """One long history, so that all that can follow on something does."""
    dice = random.Random(seed)
    readers = [Reader(person, Asking(database, person)) for person in (people.bob, people.carol)]
    async with database.transaction() as connection:
        users = [reader.person.id for reader in readers]
        conv = await groups.create(connection, people.alice.actor, "club", users)
    club = Club(database, people, conv, readers)
    for act in dice.choices(list(ACTS), list(ACTS.values()), k=STEPS):
        await club.act(act, dice.choice(readers), dice.randint(1, 4))
        await club.check_ticks()
    await club.check_info()
    for reader in readers:
        await club.act("return", reader, 1)
    for reader in readers:
        await reader.device.catch_up(5)
        await club.act("see", reader, 1)
    await club.check_ticks()
    assert {member.mark.seen for member in await club.others()} == {club.head}
