"""How long entries take from being accepted to being acknowledged by a device, measured for each one.

An entry's time is noted when it passes through the hub, whatever the number of sockets, and looked up when a cursor
rises over it. Notes live in two dicts that take turns: when the younger is full the older is forgotten, so that
nothing has to be found and dropped one by one, and idle sockets and conversations cost nothing.

Only devices that were connected when the entry was accepted count. What a device missed while it was away is late by
its absence, not by ours; the age of that is a figure of the database.
"""

import time
from collections.abc import Sequence

from chat.delivery.session import WINDOW, Session
from chat.metrics.web import DELIVER_SECONDS
from chat.protocol.packed import Packed

# Notes in one dict: several seconds of the most a process can do, some two megabytes.
NOTES = 16_384
# A page of entries older than this is somebody's history, and would push out the notes of what is on its way.
HISTORY_MS = 60_000


Notes = dict[str, dict[int, int]]
"""Conversation -> seq -> when it was accepted"""

NOTHING: dict[int, int] = {}


class Flight:
    """Times are milliseconds since 1970, of the appending process; a clock that is ahead of ours counts as no time."""

    def __init__(self) -> None:
        self._young: Notes = {}
        self._old: Notes = {}
        self._count = 0

    def departed(self, conv: str, entries: Sequence[Packed]) -> None:
        """A run that is being pushed."""
        if entries[-1].at < time.time_ns() // 1_000_000 - HISTORY_MS:
            return
        notes = self._young.get(conv)
        if notes is None:
            notes = self._young[conv] = {}
        for entry in entries:
            notes[entry.seq] = entry.at
        self._count += len(entries)
        if self._count >= NOTES:
            self._young, self._old, self._count = {}, self._young, 0

    def arrived(self, session: Session, conv: str, before: int, after: int) -> None:
        """The session's device has stored the entries above `before` up to `after`."""
        young, old = self._young.get(conv, NOTHING), self._old.get(conv, NOTHING)
        now, since = time.time_ns() // 1_000_000, session.since
        # Entries of one batch have one time: they are counted together.
        at = times = 0
        for seq in range(max(before, after - WINDOW) + 1, after + 1):
            noted = young.get(seq) or old.get(seq, 0)
            if noted != at:
                if at >= since:
                    DELIVER_SECONDS.observe(max(0, now - at) / 1000, times)
                at, times = noted, 0
            times += 1
        if at >= since:
            DELIVER_SECONDS.observe(max(0, now - at) / 1000, times)
