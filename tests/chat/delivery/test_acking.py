"""Acknowledgements by requests: what was answered as taken outlives the process that took it."""

import pytest
from redis.asyncio import Redis

from chat.delivery.acking import acknowledge
from chat.delivery.runtime import Runtime
from chat.log.access import Actor
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Acknowledgment
from receipts.buffer import DELIVERED, ReceiptBuffer
from tests.cast import Cast
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.django_db(transaction=True)]


def upto(conv: str, seq: int) -> list[Acknowledgment]:
    return [Acknowledgment(type="DELIVERED", conv=conv, seq=seq, cumulative=True)]


async def test_every_process_knows_of_it_when_it_is_answered(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 5)
    bob = Actor(people.bob.id, people.bob.device_id)
    for seq in range(1, 6):
        done = await acknowledge(runtime, bob, upto(conv, seq))
        assert [each["received"] for each in done.positions] == [seq]
        other = ReceiptBuffer(runtime.redis)
        assert await other.noted([(conv, bob.device, DELIVERED)]) == {(conv, bob.device, DELIVERED): seq}


async def test_what_could_be_lost_is_not_answered_as_taken(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1)
    async with Redis.from_url("unix:///nowhere/redis.sock") as nowhere:
        runtime.receipts = ReceiptBuffer(nowhere)
        with pytest.raises(Refusal) as refused:
            await acknowledge(runtime, Actor(people.bob.id, people.bob.device_id), upto(conv, 1))
    assert refused.value.code is ErrorCode.UNAVAILABLE
