"""Questions that are answered by a frame of their own: edits, deletions, info, open, pages. Each gets its answer or an
error; when the connection goes first nobody knows, and it may be asked again without harm."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from messenger_client.errors import Refused, Unavailable
from messenger_client.protocol import Frame

# A server that says nothing for so long is not going to.
ANSWER_S = 20.0

Key = tuple[Any, ...]


class Requests:
    """`transmit` sends a frame, if there is a connection; `online()` waits until there is."""

    def __init__(self, transmit: Callable[[Frame], None], online: Callable[[], Awaitable[None]]) -> None:
        self._transmit = transmit
        self._online = online
        self._asked: dict[Key, asyncio.Future[Frame]] = {}
        self._turns: WeakValueDictionary[Key, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, frame: Frame) -> Frame:
        """The answer; a connection that is being made is waited for, and so is the answer to another question that an
        answer could not be told apart from. Raises Refused or Unavailable."""
        turn = self._turns.setdefault(_key(frame), asyncio.Lock())
        try:
            async with asyncio.timeout(ANSWER_S), turn:
                await self._online()
                return await self._ask(frame)
        except TimeoutError:
            raise Unavailable() from None

    async def _ask(self, frame: Frame) -> Frame:
        key = _key(frame)
        self._asked[key] = asyncio.get_running_loop().create_future()
        self._transmit(frame)
        try:
            return await self._asked[key]
        finally:
            self._asked.pop(key, None)

    def answered(self, question: Frame, answer: Frame) -> None:
        future = self._asked.get(_key(question))
        if future is not None and not future.done():
            future.set_result(answer)

    def refused(self, question: Frame, error: Frame) -> None:
        wrong: Refused | Unavailable
        if error["retryable"]:
            wrong = Unavailable(error["text"], error["code"])
            wrong.retry_after_ms = error["retry_after_ms"]
        else:
            wrong = Refused(error["text"], error["code"])
        future = self._asked.get(_key(question))
        if future is not None and not future.done():
            future.set_exception(wrong)

    def abandon(self) -> None:
        """The connection is gone, and with it all answers."""
        for future in self._asked.values():
            if not future.done():
                future.set_exception(Unavailable())


# Questions with one kind of answer, which does not say to which of them it is.
_ALIKE = {"create": "open", "join": "open"}


def _key(frame: Frame) -> Key:
    """As much of a question as its answer repeats."""
    return _ALIKE.get(frame["t"], frame["t"]), frame.get("conv"), frame.get("seq"), frame.get("user")
