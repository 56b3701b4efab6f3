"""Sends that wait aside because another transaction holds their conversation.

Order within a conversation is kept: while one is parked, later sends of it join the end of its line.
Times are the event loop's, in seconds.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chat.log.pending import Pending

# Skipped this often, a conversation's next batch waits for the lock instead of skipping it.
SKIPS_BEFORE_WAITING = 3
PAUSES_S = (0.002, 0.01, 0.03, 0.1)


@dataclass(slots=True)
class _Line:
    """One conversation's parked sends. Kept while they are in a batch, for the count of skips."""

    sends: deque[Pending] = field(default_factory=deque)
    skips: int = 0
    due_at: float = 0.0


class ParkingLot:
    """Conversation -> its line."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    def __len__(self) -> int:
        return sum(len(line.sends) for line in self._lines.values())

    def sends(self) -> Iterator[Pending]:
        for line in self._lines.values():
            yield from line.sends

    def holds_back(self, pending: Pending) -> bool:
        """Takes the send into its conversation's line, if one waits there; then it is not for this batch."""
        line = self._lines.get(pending.proposal.conv)
        if line is None or not line.sends:
            return False
        line.sends.append(pending)
        return True

    def park(self, sends: Iterable[Pending], now: float) -> None:
        """Puts sends back at the head of their lines, in order, and makes them wait a little longer."""
        by_conv: dict[str, list[Pending]] = {}
        for pending in sends:
            by_conv.setdefault(pending.proposal.conv, []).append(pending)
        for conv, back in by_conv.items():
            line = self._lines.setdefault(conv, _Line())
            line.sends.extendleft(reversed(back))
            line.skips += 1
            line.due_at = now + PAUSES_S[min(line.skips, len(PAUSES_S)) - 1]

    def release(self, decided: Iterable[Pending]) -> None:
        """These conversations could be locked: what still waits in their lines may go at once."""
        for conv in {pending.proposal.conv for pending in decided}:
            line = self._lines.get(conv)
            if line is not None:
                line.skips, line.due_at = 0, 0.0

    def due(self, now: float, limit: int) -> tuple[list[Pending], bool]:
        """Sends to try now, and whether to wait for their lock: then they are of one conversation, the longest due,
        so that a held one does not take a free one with it."""
        self._forget_settled()
        lines = [line for line in self._lines.values() if line.due_at <= now]
        waiting = [line for line in lines if line.skips >= SKIPS_BEFORE_WAITING]
        chosen = [min(waiting, key=lambda line: line.due_at)] if waiting else lines
        batch: list[Pending] = []
        for line in chosen:
            while line.sends and len(batch) < limit:
                batch.append(line.sends.popleft())
        return batch, bool(waiting)

    def pause(self, now: float) -> float | None:
        """Seconds until a line is due; None when nothing is parked."""
        due = [line.due_at for line in self._lines.values() if line.sends]
        return max(0.001, min(due) - now) if due else None

    def _forget_settled(self) -> None:
        for conv, line in list(self._lines.items()):
            line.sends = deque(pending for pending in line.sends if not pending.settled)
            if not line.sends:
                del self._lines[conv]
