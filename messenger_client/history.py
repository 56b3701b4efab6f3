"""Entries that are not here: asked for from the server, a page at a time. By people who look back, and by the mender,
which looks after entries that are known to be there and do not come: the server pushes what is not acknowledged again
by itself, but an entry whose ACCEPTED named it it takes for known."""

import asyncio
from collections.abc import Callable

from messenger_client import protocol
from messenger_client.backoff import DEFAULT_BACKOFF
from messenger_client.errors import MessengerError
from messenger_client.requests import Requests
from messenger_client.store.log import Place

# The pauses of the backoff from its third on: 2 s, 4 s, …
SKIPPED = 2


class History:
    """Pages are stored by whoever hears them (intake.py); this only asks."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._turns: dict[str, asyncio.Lock] = {}

    async def fetch(self, conv: str, first: int, last: int) -> None:
        """All of a range; returns when it is stored. Of large texts a page holds less than was asked for. Raises
        Refused or Unavailable."""
        async with self._turns.setdefault(conv, asyncio.Lock()):
            while first <= last:
                upto = min(last, first + protocol.MAX_RANGE - 1)
                page = await self._requests.ask(protocol.fetch(conv, first, upto))
                # Otherwise it is the late answer to a question that was given up.
                if page["from"] == first:
                    first = page["to"] + 1


class Mender:
    """`is_busy`: the server is pushing what was missed, and will come to this, too."""

    def __init__(self, history: History, place: Callable[[str], Place | None], is_busy: Callable[[], bool]) -> None:
        self._history = history
        self._place = place
        self._is_busy = is_busy
        self._watched: dict[str, asyncio.Task[None]] = {}

    def watch(self, place: Place) -> None:
        if place.received < place.head and place.conv not in self._watched:
            self._watched[place.conv] = asyncio.create_task(self._mend(place.conv))

    def drop(self) -> list[asyncio.Task[None]]:
        """No connection. What was cancelled, to be awaited."""
        watched, self._watched = self._watched, {}
        for task in watched.values():
            task.cancel()
        return list(watched.values())

    async def _mend(self, conv: str) -> None:
        failures = 1
        try:
            while (before := self._place(conv)) is not None and before.received < before.head:
                await asyncio.sleep(DEFAULT_BACKOFF.patience_ms(failures + SKIPPED) / 1000)
                now = self._place(conv)
                if now is None or now.received > before.received or self._is_busy():
                    failures = 1
                    continue
                failures += 1
                await self._ask(now)
        finally:
            if self._watched.get(conv) is asyncio.current_task():
                del self._watched[conv]

    async def _ask(self, place: Place) -> None:
        last = min(place.head, place.received + protocol.MAX_RANGE)
        try:
            await self._history.fetch(place.conv, place.received + 1, last)
        except MessengerError:
            return
