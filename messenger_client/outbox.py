"""What waits to be accepted, in memory, and how it is sent. It is on disk before it is here (store/outbox.py), and its
client_id never changes.

- A conversation's messages go in order, each naming the one before it (`after`) while that is unanswered.
- After a failure the line it is in rests for the backoff, or the time told if that is longer, and goes again.
- Used-up attempts, and a day of waiting, make a message Failed: it goes again by hand. A refusal makes it Rejected.
- A message with files goes when all of them are uploaded; those behind it in its conversation wait, others do not.
- Without a connection, or without a sign-in, nothing fails: all of it waits.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from messenger_client import protocol
from messenger_client.backoff import DEFAULT_BACKOFF, Backoff
from messenger_client.ids import now_ms
from messenger_client.model import Unsent
from messenger_client.ticks import Status

ANSWER_S = 20.0
# What nobody has looked at for so long is not sent without being asked for.
DAY_MS = 24 * 60 * 60 * 1000
# Over all conversations: enough to fill a round trip, far from what the server calls a flood.
MAX_IN_FLIGHT = 256
PREDECESSOR_MISSING = "PREDECESSOR_MISSING"
UNANSWERED = ("UNANSWERED", "The server did not answer.")
STALE = ("STALE", "It has waited for more than a day.")


# A conversation, and whether these are its expired messages, sent anew: they wait for no others, nor others for them.
Line = tuple[str, bool]


@dataclass(slots=True, eq=False)
class _Waiting:
    item: Unsent
    attempts: int = 0
    timer: asyncio.TimerHandle | None = None

    @property
    def is_in_flight(self) -> bool:
        return self.timer is not None

    def land(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = None


class Uploading(Protocol):
    """Brings the files of a message to the server, and then says `uploaded`, `reject` or `give_up`."""

    def begin(self, item: Unsent) -> None:
        """Nothing new while it is at it."""

    def drop(self, client_id: str) -> None:
        """It is not wanted any more. Harmless when nothing is under way."""


class Outbox:
    """`failed(client_id, status, code, reason)`: to be noted on disk."""

    def __init__(
        self,
        transmit: Callable[[protocol.Frame], None],
        is_online: Callable[[], bool],
        failed: Callable[[str, Status, str, str], None],
        uploading: Uploading,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._transmit = transmit
        self._is_online = is_online
        self._failed = failed
        self._uploading = uploading
        self._backoff = backoff
        self._lines: dict[Line, dict[str, _Waiting]] = {}
        self._where: dict[str, Line] = {}
        self._rests: dict[Line, asyncio.TimerHandle] = {}
        self._in_flight = 0

    def __len__(self) -> int:
        return len(self._where)

    def load(self, items: Iterable[Unsent]) -> None:
        """What is on disk, in order, in place of what was known."""
        self.pause()
        self._lines.clear()
        self._where.clear()
        for item in items:
            if item.status is Status.PENDING:
                self._line_up(item)

    def add(self, item: Unsent) -> None:
        """It is on disk, at the end of its line."""
        self._line_up(item)
        self._post()

    def __contains__(self, client_id: str) -> bool:
        return client_id in self._where

    # The connection

    def resend(self) -> None:
        """A new one: everything unanswered again, oldest first, under the same ids."""
        self.pause()
        self._post()

    def pause(self) -> None:
        """It is gone, and with it whatever answers were under way."""
        for timer in self._rests.values():
            timer.cancel()
        self._rests.clear()
        for line in self._lines.values():
            for client_id, waiting in line.items():
                waiting.land()
                if waiting.item.files:
                    self._uploading.drop(client_id)
        self._in_flight = 0

    # Answers

    def settle(self, *client_ids: str) -> None:
        """They are in the log, or were discarded."""
        removed = [self._remove(client_id) for client_id in client_ids]
        if any(removed):
            self._post()

    def reject(self, client_id: str, code: str, reason: str) -> None:
        if client_id in self._where:
            self._fail(client_id, Status.REJECTED, code, reason)
            self._post()

    def uploaded(self, item: Unsent) -> None:
        """One of its files is there, and the disk knows it."""
        waiting = self._find(item.client_id)
        if waiting is not None:
            waiting.item = item
            if item.is_uploaded:
                self._post()

    def give_up(self, client_id: str, code: str, reason: str) -> None:
        """All attempts to bring its files there are used up."""
        if client_id in self._where:
            self._fail(client_id, Status.FAILED, code, reason)
            self._post()

    def retry(self, client_id: str, code: str, reason: str, after_ms: int) -> None:
        """Nothing is wrong with it. An answer to an attempt that was given up already changes nothing."""
        waiting = self._find(client_id)
        if waiting is None or not waiting.is_in_flight:
            return
        self._land(waiting)
        # It waits for the one before it, whose answer is what moves the line.
        if code == PREDECESSOR_MISSING and self._before(waiting) is not None:
            waiting.attempts -= 1
        else:
            self._rest(waiting, after_ms, code, reason)

    # Within

    def _line_up(self, item: Unsent) -> None:
        line = item.conversation_id, item.resends is not None
        self._lines.setdefault(line, {})[item.client_id] = _Waiting(item)
        self._where[item.client_id] = line

    def _find(self, client_id: str) -> _Waiting | None:
        line = self._where.get(client_id)
        return self._lines[line][client_id] if line is not None else None

    def _remove(self, client_id: str) -> bool:
        waiting = self._find(client_id)
        if waiting is None:
            return False
        self._land(waiting)
        if waiting.item.files:
            self._uploading.drop(client_id)
        line = self._where.pop(client_id)
        del self._lines[line][client_id]
        if not self._lines[line]:
            del self._lines[line]
        return True

    def _land(self, waiting: _Waiting) -> None:
        if waiting.is_in_flight:
            waiting.land()
            self._in_flight -= 1

    def _fail(self, client_id: str, status: Status, code: str, reason: str) -> None:
        self._remove(client_id)
        self._failed(client_id, status, code, reason)

    def _rest(self, waiting: _Waiting, at_least_ms: int, code: str, reason: str) -> None:
        line = self._where[waiting.item.client_id]
        pause = self._backoff.delay_ms(waiting.attempts)
        if pause is None:
            self._fail(waiting.item.client_id, Status.FAILED, code, reason)
            self._post()
            return
        if known := self._rests.get(line):
            known.cancel()
        loop = asyncio.get_running_loop()
        self._rests[line] = loop.call_later(max(pause, at_least_ms) / 1000, self._go_on, line)

    def _go_on(self, line: Line) -> None:
        del self._rests[line]
        self._post()

    def _before(self, waiting: _Waiting) -> _Waiting | None:
        before = None
        for each in self._lines[self._where[waiting.item.client_id]].values():
            if each is waiting:
                return before
            before = each
        return None

    def _post(self) -> None:
        for line in list(self._lines):
            if not self._is_online() or self._in_flight >= MAX_IN_FLIGHT:
                return
            if line in self._lines and line not in self._rests:
                self._post_line(line)

    def _post_line(self, line: Line) -> None:
        previous: str | None = None
        failed: list[tuple[str, tuple[str, str]]] = []
        # Of a long line only as much is looked at as goes out.
        for client_id, waiting in self._lines[line].items():
            if self._in_flight >= MAX_IN_FLIGHT:
                break
            if not waiting.is_in_flight and (why := self._why_not(waiting)) is not None:
                failed.append((client_id, why))
                continue
            if not waiting.item.is_uploaded:
                self._uploading.begin(waiting.item)
                break
            if not waiting.is_in_flight:
                self._fly(waiting, previous)
            previous = client_id
        for client_id, why in failed:
            self._fail(client_id, Status.FAILED, *why)

    def _why_not(self, waiting: _Waiting) -> tuple[str, str] | None:
        if now_ms() - waiting.item.made >= DAY_MS:
            return STALE
        return UNANSWERED if waiting.attempts >= self._backoff.attempts else None

    def _fly(self, waiting: _Waiting, after: str | None) -> None:
        item = waiting.item
        waiting.attempts += 1
        waiting.timer = asyncio.get_running_loop().call_later(ANSWER_S, self._silence, item.client_id)
        self._in_flight += 1
        if item.resends is None:
            attachments = [str(file.attachment) for file in item.files]
            frame = protocol.send(item.client_id, item.conversation_id, item.body, item.reply_to, after, attachments)
            self._transmit(frame)
        else:
            self._transmit(protocol.resend(item.client_id, item.conversation_id, item.resends))

    def _silence(self, client_id: str) -> None:
        self.retry(client_id, *UNANSWERED, 0)
