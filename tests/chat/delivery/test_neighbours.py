"""Who else listens: known at once when a process comes, forgotten when it is gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from chat.delivery.ending import close_layer, end_all
from chat.delivery.layer import GONE_S, Listener, Neighbours, Publisher


def test_alone_until_someone_is_heard() -> None:
    neighbours = Neighbours()
    assert not neighbours.exist(0.0)
    assert neighbours.heard("one", 0.0)
    assert neighbours.exist(GONE_S)


def test_only_a_new_process_needs_an_answer() -> None:
    neighbours = Neighbours()
    assert [neighbours.heard("one", 0.0), neighbours.heard("one", 1.0), neighbours.heard("two", 1.0)] == [
        True,
        False,
        True,
    ]


def test_one_that_fell_silent_is_gone_and_new_when_it_comes_back() -> None:
    neighbours = Neighbours()
    neighbours.heard("one", 0.0)
    neighbours.heard("two", 10.0)
    assert neighbours.exist(GONE_S + 1)
    assert not neighbours.exist(GONE_S + 11)
    assert neighbours.heard("one", GONE_S + 12)


class Process:
    def __init__(self) -> None:
        self.publisher = Publisher()
        self.listener = Listener(self.publisher, lambda event: None)
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Without the canaries of every five seconds: what is tested must not need them."""
        self.tasks = [asyncio.create_task(run()) for run in (self.publisher.run, self.listener.run)]

    async def has_company(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(20):
            while not self.listener.neighbours.exist(loop.time()):
                await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def processes() -> AsyncIterator[list[Process]]:
    processes = [Process(), Process()]
    yield processes
    await end_all([task for process in processes for task in process.tasks])
    await close_layer()


async def test_a_newcomer_and_those_who_were_there_know_each_other_at_once(processes: list[Process]) -> None:
    first, second = processes
    first.start()
    second.start()
    await first.has_company()
    await second.has_company()
