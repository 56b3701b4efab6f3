"""Who waits for what becomes of one own message."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Watchers:
    def __init__(self) -> None:
        self._known: dict[str, set[asyncio.Event]] = {}

    @contextmanager
    def watch(self, client_id: str) -> Iterator[asyncio.Event]:
        """Set whenever something becomes of the message, and when nothing will any more."""
        changed = asyncio.Event()
        self._known.setdefault(client_id, set()).add(changed)
        try:
            yield changed
        finally:
            self._known[client_id].discard(changed)
            if not self._known[client_id]:
                del self._known[client_id]

    def wake(self, client_ids: Iterable[str]) -> None:
        for client_id in client_ids:
            for changed in self._known.get(client_id, ()):
                changed.set()

    def wake_all(self) -> None:
        self.wake(self._known)
