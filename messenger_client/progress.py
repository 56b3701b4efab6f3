"""How far this device has come with what it missed while it was away: from the whole list of conversations to the
server's word that all it owed at hello is stored."""

from collections.abc import Callable, Iterable
from time import monotonic

from messenger_client.store.log import Place

# While something came within this time, the server is at it.
FLOWING_S = 5.0


class Progress:
    """`changed(done, total)`: entries."""

    def __init__(self, changed: Callable[[int, int], None]) -> None:
        self._changed = changed
        self._begun: dict[str, Place] | None = None
        self._done: dict[str, int] = {}
        self._moved_at = 0.0

    def begin(self, places: Iterable[Place]) -> None:
        self._begun = {place.conv: place for place in places if place.received < place.head}
        self._done = {}
        self._moved_at = monotonic()

    def moved(self, place: Place) -> None:
        self._moved_at = monotonic()
        if self._begun is None or (begun := self._begun.get(place.conv)) is None:
            return
        self._done[place.conv] = max(0, min(place.received, begun.head) - begun.received)
        total = sum(each.head - each.received for each in self._begun.values())
        self._changed(sum(self._done.values()), total)

    def end(self) -> None:
        self._begun = None

    @property
    def is_flowing(self) -> bool:
        """What is missing will come by itself."""
        return self._begun is not None and monotonic() - self._moved_at < FLOWING_S
