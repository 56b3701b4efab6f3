"""Work that answers for everything asked before it began: one at a time for each key, once more if asked meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context


class Coalesced:
    """`ask(key)` is cheap and may be called any number of times. Its future is done, or has `work`'s exception, when
    a run is over that began after the asking."""

    def __init__(self, work: Callable[[str], Awaitable[None]]) -> None:
        self._work = work
        self._asked: dict[str, asyncio.Future[None]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    def ask(self, key: str) -> "asyncio.Future[None]":
        loop = asyncio.get_running_loop()
        if key not in self._asked:
            self._asked[key] = loop.create_future()
        if key not in self._running:
            # For everyone who waits: not under the ids of the socket that happened to ask.
            self._running[key] = loop.create_task(self._run(key), context=Context())
        return self._asked[key]

    async def _run(self, key: str) -> None:
        try:
            while asked := self._asked.pop(key, None):
                await self._answer(key, asked)
        finally:
            del self._running[key]

    async def _answer(self, key: str, asked: "asyncio.Future[None]") -> None:
        try:
            await self._work(key)
        except Exception as error:
            if not asked.done():
                asked.set_exception(error)
        else:
            if not asked.done():
                asked.set_result(None)
