"""Acknowledgements on their way: cumulative, the first at once, the next ones together (50 entries, or 250 ms)."""

import asyncio
from collections.abc import Callable

from messenger_client import protocol

BATCH = 50
DELAY_S = 0.25


class Acks:
    """`transmit` sends a frame, if there is a connection."""

    def __init__(self, transmit: Callable[[protocol.Frame], None]) -> None:
        self._transmit = transmit
        self._waiting: dict[tuple[str, str], int] = {}
        self._count = 0
        self._flushed_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def add(self, kind: str, conv: str, seq: int, entries: int = 1) -> None:
        """`entries`: how many this acknowledgement stands for."""
        self._waiting[kind, conv] = max(seq, self._waiting.get((kind, conv), 0))
        self._count += entries
        loop = asyncio.get_running_loop()
        rest = self._flushed_at + DELAY_S - loop.time()
        if rest <= 0 or self._count >= BATCH:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(rest, self.flush)

    def flush(self) -> None:
        # DELIVERED before SEEN: what is seen is clamped to what is stored.
        acks = [protocol.up_to(kind, conv, seq) for (kind, conv), seq in sorted(self._waiting.items())]
        self.drop()
        self._flushed_at = asyncio.get_running_loop().time()
        for start in range(0, len(acks), protocol.MAX_ACKS):
            self._transmit(protocol.ack(acks[start : start + protocol.MAX_ACKS]))

    def drop(self) -> None:
        """Also when the connection is gone: the next hello states the positions instead."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.clear()
        self._count = 0
