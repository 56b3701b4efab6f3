"""Questions that are answered by a frame of their own: edits, deletions, info, open, pages. Each gets its answer or an
error; when the connection goes first nobody knows, and it may be asked again without harm."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

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
        self._asked: dict[Key, list[asyncio.Future[Frame]]] = {}

    async def ask(self, frame: Frame) -> Frame:
        """The answer; a connection that is being made is waited for. Raises Refused or Unavailable."""
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._online()
                return await self._ask(frame)
        except TimeoutError:
            raise Unavailable() from None

    async def _ask(self, frame: Frame) -> Frame:
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        waiting = self._asked.setdefault(_key(frame), [])
        waiting.append(future)
        self._transmit(frame)
        try:
            return await future
        finally:
            if future in waiting:
                waiting.remove(future)

    def answered(self, question: Frame, answer: Frame) -> None:
        """To all who asked the same."""
        for future in self._asked.pop(_key(question), []):
            if not future.done():
                future.set_result(answer)

    def refused(self, question: Frame, error: Frame) -> None:
        wrong: Refused | Unavailable
        if error["retryable"]:
            wrong = Unavailable(error["text"], error["code"])
            wrong.retry_after_ms = error["retry_after_ms"]
        else:
            wrong = Refused(error["text"], error["code"])
        for future in self._asked.pop(_key(question), []):
            if not future.done():
                future.set_exception(wrong)

    def abandon(self) -> None:
        """The connection is gone, and with it all answers."""
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            for future in waiting:
                if not future.done():
                    future.set_exception(Unavailable())


def _key(frame: Frame) -> Key:
    """As much of a question as its error repeats; of pages only one is asked for in a conversation at a time."""
    return frame["t"], frame.get("conv"), frame.get("seq")
