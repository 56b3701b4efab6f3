"""Where this device stands, told at hello and in heartbeats until the server has echoed it as stored."""

from collections.abc import Iterable

from messenger_client.protocol import MAX_POSITIONS, Frame
from messenger_client.store.log import Place


class Positions:
    """`known`: conv -> place, as stored, newest first. `epoch`: in which they are true."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.known: dict[str, Place] = {}
        self._confirmed: dict[str, Frame] = {}

    def load(self, places: Iterable[Place]) -> None:
        self.known = {place.conv: place for place in places}

    def moved(self, place: Place) -> None:
        self.known[place.conv] = place

    def left(self, conv: str) -> None:
        self.known.pop(conv, None)

    def at_hello(self) -> list[Frame]:
        """A new connection: the server says anew what it has stored."""
        self._confirmed.clear()
        return [_frame(place) for place in self.known.values()][:MAX_POSITIONS]

    def after_hello(self) -> list[list[Frame]]:
        """What the hello had no room for."""
        rest = [_frame(place) for place in self.known.values()][MAX_POSITIONS:]
        return [rest[start : start + MAX_POSITIONS] for start in range(0, len(rest), MAX_POSITIONS)]

    def at_beat(self) -> list[Frame]:
        return [_frame(place) for place in self.known.values() if not self._is_confirmed(place)][:MAX_POSITIONS]

    def echoed(self, positions: Iterable[Frame]) -> None:
        self._confirmed |= {position["conv"]: position for position in positions}

    def _is_confirmed(self, place: Place) -> bool:
        echo = self._confirmed.get(place.conv)
        mine = _frame(place)
        return echo is not None and all(echo[name] >= mine[name] for name in ("received", "rev", "seen"))


def _frame(place: Place) -> Frame:
    return {"conv": place.conv, "received": place.received, "rev": place.rev, "seen": place.seen}
