"""Events on their way to the program: handled is what it asked beyond; the latest of how things stand; one loop."""

import asyncio
from typing import Any

import pytest

from messenger_client.errors import Stopped
from messenger_client.events import ConnectionChanged, MessageDeleted, State, SyncProgress, Typing
from messenger_client.stream import PAGE, Stream


class Disk:
    """Numbered events, as the database has them."""

    def __init__(self, count: int = 0) -> None:
        self.events = {n: MessageDeleted("c", n, hidden=False) for n in range(1, count + 1)}
        self.stream = Stream(self.read, self.handled)

    async def read(self, above: int, limit: int) -> list[tuple[int, Any]]:
        return [(n, event) for n, event in sorted(self.events.items()) if n > above][:limit]

    async def handled(self, upto: int) -> None:
        self.events = {n: event for n, event in self.events.items() if n > upto}

    def add(self, n: int) -> None:
        self.events[n] = MessageDeleted("c", n, hidden=False)
        self.stream.wake()


async def test_what_was_not_asked_beyond_comes_again() -> None:
    disk = Disk(3)
    async for event in disk.stream.events():
        if isinstance(event, MessageDeleted) and event.seq == 2:
            break
    assert sorted(disk.events) == [2, 3]
    events = disk.stream.events()
    assert (await anext(events)) == MessageDeleted("c", 2, hidden=False)
    assert (await anext(events)) == MessageDeleted("c", 3, hidden=False)
    assert sorted(disk.events) == [3]


async def test_more_than_a_page_in_order_and_what_comes_later() -> None:
    disk = Disk(2 * PAGE + 5)
    events = disk.stream.events()
    seqs = [(await anext(events)).seq for _ in range(2 * PAGE + 5)]  # type: ignore[union-attr]
    assert seqs == list(range(1, 2 * PAGE + 6))
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    disk.add(9_000)
    assert (await waiting).seq == 9_000  # type: ignore[union-attr]


async def test_of_how_things_stand_only_the_latest_is_told() -> None:
    disk = Disk(1)
    told = [ConnectionChanged(State.CONNECTING), SyncProgress(1, 9), Typing("c", "u"), Typing("c", "v")]
    for event in (*told, ConnectionChanged(State.LIVE), SyncProgress(2, 9), Typing("c", "u")):
        disk.stream.tell(event)
    events = disk.stream.events()
    found = [await anext(events) for _ in range(5)]
    assert set(found[:4]) == {ConnectionChanged(State.LIVE), SyncProgress(2, 9), Typing("c", "u"), Typing("c", "v")}
    assert found[4] == MessageDeleted("c", 1, hidden=False)


async def test_the_end_comes_after_what_is_left_and_says_why() -> None:
    disk = Disk(1)
    disk.stream.end(Stopped())
    events = disk.stream.events()
    assert (await anext(events)) == MessageDeleted("c", 1, hidden=False)
    with pytest.raises(Stopped):
        await anext(events)
    # After signing in again it goes on.
    disk.stream.resume()
    disk.add(2)
    assert (await anext(disk.stream.events())) == MessageDeleted("c", 2, hidden=False)


async def test_closed_is_the_end_and_what_is_in_hand_comes_again() -> None:
    disk = Disk(2)
    events = disk.stream.events()
    await anext(events)
    disk.stream.close()
    with pytest.raises(StopAsyncIteration):
        await anext(events)
    assert sorted(disk.events) == [1, 2]


async def test_one_loop_at_a_time() -> None:
    disk = Disk(3)
    first, second = disk.stream.events(), disk.stream.events()
    assert (await anext(first)) == (await anext(second)) == MessageDeleted("c", 1, hidden=False)
    with pytest.raises(RuntimeError, match="another loop"):
        await anext(first)
    assert (await anext(second)) == MessageDeleted("c", 2, hidden=False)
