"""Tokens are looked up together, and remembered for a second for those who ask the committer next."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from chat.log import devices
from chat.log.bearers import Bearers
from chat.log.devices import token_hash
from chat.log.pool import Database, Row
from chat.models import Device
from tests.cast import Cast
from tests.threads import in_thread

pytestmark = [pytest.mark.django_db(transaction=True)]

KILL = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'tokens'"


class Counting(Database):
    asked = 0

    async def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        self.asked += 1
        return await super().rows(query, parameters)


@pytest_asyncio.fixture
async def tokens(dsn: str) -> AsyncIterator[Counting]:
    database = Counting(f"{dsn} application_name=tokens", size=1, checked=False)
    await database.open()
    yield database
    await database.close()


async def make_app(people: Cast) -> tuple[Device, str]:
    return await in_thread(devices.register, people.alice.user, "phone", Device.Kind.APP)


async def test_who_asks_at_the_same_time_is_looked_up_together(tokens: Counting, people: Cast) -> None:
    device, token = await make_app(people)
    bearers = Bearers(tokens)
    hashes = [token_hash(token), *(token_hash(f"guess {n}") for n in range(40)), token_hash(token)]
    found = await asyncio.gather(*(bearers.find(each) for each in hashes))
    assert tokens.asked == 1
    assert [each and each.device for each in found] == [str(device.id), *[None] * 40, str(device.id)]
    # A browser's secret is no token.
    assert await bearers.find(token_hash(people.alice.token)) is None


async def test_nothing_is_remembered(tokens: Counting, people: Cast) -> None:
    device, token = await make_app(people)
    bearers = Bearers(tokens)
    assert await bearers.find(token_hash(token))
    await in_thread(devices.revoke, device)
    assert await bearers.find(token_hash(token)) is None


async def test_what_is_recent_is_enough_where_it_is_looked_at_again(
    tokens: Counting, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, token = await make_app(people)
    bearers = Bearers(tokens)
    found = await bearers.find(token_hash(token), recent=True)
    assert found and tokens.asked == 1
    await in_thread(devices.revoke, device)
    assert await bearers.find(token_hash(token), recent=True) == found
    assert tokens.asked == 1
    monkeypatch.setattr("chat.log.bearers.RECENT_S", 0.0)
    assert await bearers.find(token_hash(token), recent=True) is None


async def test_what_was_found_to_have_ended_is_forgotten(tokens: Counting, people: Cast) -> None:
    device, token = await make_app(people)
    bearers = Bearers(tokens)
    assert await bearers.find(token_hash(token))
    await in_thread(devices.revoke, device)
    assert await bearers.find(token_hash(token)) is None
    assert await bearers.find(token_hash(token), recent=True) is None


async def test_who_was_looked_up_longest_ago_is_forgotten(
    tokens: Counting, people: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.log.bearers.MOST_RECENT", 2)
    bearers = Bearers(tokens)
    hashes = [token_hash((await make_app(people))[1]) for _ in range(3)]
    for hashed in hashes:
        assert await bearers.find(hashed, recent=True)
    asked = tokens.asked
    assert await bearers.find(hashes[2], recent=True) and await bearers.find(hashes[1], recent=True)
    assert tokens.asked == asked
    assert await bearers.find(hashes[0], recent=True)
    assert tokens.asked == asked + 1


async def test_of_a_successor_the_first_use_ends_the_old_one(tokens: Counting, people: Cast) -> None:
    device, token = await make_app(people)
    bearers = Bearers(tokens)
    new = await in_thread(devices.rotate, device.id)
    assert new and await bearers.find(token_hash(token))
    found = await asyncio.gather(*(bearers.find(token_hash(new)) for _ in range(5)))
    assert all(found)
    assert await bearers.find(token_hash(token), recent=True) is None


async def test_a_connection_that_was_lost_is_made_again(tokens: Counting, database: Database, people: Cast) -> None:
    _, token = await make_app(people)
    bearers = Bearers(tokens)
    assert await bearers.find(token_hash(token))
    assert (await database.rows(KILL))[0][0] >= 1
    assert await bearers.find(token_hash(token))


async def test_who_gives_up_does_not_take_the_others_along(tokens: Counting, people: Cast) -> None:
    _, token = await make_app(people)
    bearers = Bearers(tokens)
    impatient = asyncio.create_task(bearers.find(token_hash(token)))
    patient = asyncio.create_task(bearers.find(token_hash(token)))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_signing_in_again_needs_an_app_of_ones_own_that_can_act(people: Cast) -> None:
    device, _ = await make_app(people)

    def again(person: Any, wanted: UUID) -> object:
        return devices.sign_in_again(person.user, wanted)

    assert await in_thread(again, people.alice, device.id)
    assert await in_thread(again, people.bob, device.id) is None
    assert await in_thread(again, people.alice, people.alice.device.id) is None
    await in_thread(devices.revoke, device)
    assert await in_thread(again, people.alice, device.id) is None
