"""Asked for any number of times, done once; asked while it is being done, done once more."""

import asyncio

import pytest

from chat.delivery.coalesced import Coalesced
from tests.waiting import until


class Slow:
    """Work that goes on when it is let."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.at_once = self.most_at_once = 0
        self.may = asyncio.Semaphore(0)
        self.fails = False

    async def __call__(self, key: str) -> None:
        self.begun.append(key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may.acquire()
        self.at_once -= 1
        if self.fails:
            raise ConnectionError(key)


async def test_who_asks_meanwhile_is_answered_by_the_next_run_and_not_by_this_one() -> None:
    work = Slow()
    coalesced = Coalesced(work)
    first = [coalesced.ask("a") for _ in range(3)]
    await until(lambda: work.begun == ["a"])
    later = [coalesced.ask("a") for _ in range(100)]
    work.may.release()
    await asyncio.gather(*first)
    await until(lambda: work.begun == ["a", "a"])
    assert not any(each.done() for each in later)
    work.may.release()
    await asyncio.gather(*later)
    assert (work.begun, work.most_at_once) == (["a", "a"], 1)
    work.may.release()
    await coalesced.ask("a")
    assert len(work.begun) == 3 and not coalesced._running and not coalesced._asked


async def test_keys_do_not_wait_for_each_other() -> None:
    work = Slow()
    coalesced = Coalesced(work)
    asked = [coalesced.ask(key) for key in ("a", "b")]
    await until(lambda: work.begun == ["a", "b"])
    work.may.release()
    work.may.release()
    await asyncio.gather(*asked)


async def test_a_failure_is_told_to_those_it_failed_and_ends_nothing() -> None:
    work = Slow()
    coalesced = Coalesced(work)
    work.fails = True
    failing = coalesced.ask("a")
    await until(lambda: work.begun == ["a"])
    later = coalesced.ask("a")
    work.may.release()
    with pytest.raises(ConnectionError):
        await failing
    work.fails = False
    work.may.release()
    await later


async def test_who_gives_up_waiting_does_not_take_it_from_the_others() -> None:
    work = Slow()
    coalesced = Coalesced(work)
    impatient = asyncio.shield(coalesced.ask("a"))
    other = coalesced.ask("a")
    impatient.cancel()
    work.may.release()
    await other
