"""Events on their way to the program: those on disk in their order, each until the program asks for the next one; and
how things stand right now, of which only the latest counts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from messenger_client.events import Event, Lasting, Passing, Typing

PAGE = 100

Read = Callable[[int, int], Awaitable[list[tuple[int, Lasting | None]]]]


class Stream:
    """`read(above, limit)`: events on disk with their numbers; `handled(n)`: the program is done with all up to it."""

    def __init__(self, read: Read, handled: Callable[[int], Awaitable[None]]) -> None:
        self._read = read
        self._handled = handled
        self._passing: dict[tuple[object, ...], Passing] = {}
        self._news = asyncio.Event()
        self._reader: object = None
        self._is_closed = False
        self._error: Exception | None = None

    def wake(self) -> None:
        """There is something new on disk."""
        self._news.set()

    def tell(self, event: Passing) -> None:
        key = (event.conversation_id, event.user_id) if isinstance(event, Typing) else (type(event),)
        self._passing.pop(key, None)
        self._passing[key] = event
        self._news.set()

    def end(self, error: Exception) -> None:
        """Once all is told: nothing more comes, and why."""
        self._error = error
        self._news.set()

    def close(self) -> None:
        """The client is closed: whoever listens is done. What is not handled comes again in the next run."""
        self._is_closed = True
        self._news.set()

    def resume(self) -> None:
        self._error = None

    async def events(self) -> AsyncIterator[Event]:
        reader = self._reader = object()
        while not self._is_closed:
            self._news.clear()
            error = self._error
            page = await self._read(0, PAGE)
            for n, event in page:
                for each in (*self._take_passing(), *([event] if event is not None else [])):
                    yield each
                    if not self._may_go_on(reader):
                        return
                await self._handled(n)
            for passing in self._take_passing():
                yield passing
                if not self._may_go_on(reader):
                    return
            if error is not None and not page:
                raise error
            if not page and not self._passing:
                await self._news.wait()

    def _may_go_on(self, reader: object) -> bool:
        if reader is not self._reader:
            raise RuntimeError("another loop reads the events now")
        return not self._is_closed

    def _take_passing(self) -> list[Passing]:
        passing, self._passing = list(self._passing.values()), {}
        return passing
