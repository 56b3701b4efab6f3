"""The committer: one long-lived task a process that turns waiting sends into committed batches.

- Whatever waits (at most 512) is one batch: group commit without added delay.
- A conversation that another transaction holds is *parked*: its sends wait in order, aside, while others flow;
  after three skips a batch of only the parked ones waits for the lock, bounded by lock_timeout.
- A send not settled by its deadline is answered UNAVAILABLE, retryable; if it gets in after all, the repeat finds
  it by its key.
- A batch whose outcome is unknown is run again. Only bad data (SQLSTATE 22, 23) is bisected to the send at fault;
  everything else is retryable for all.
- The task is never cancelled: cancelling a COMMIT that waits for a standby makes it succeed unnoticed. `stop`
  lets the queue run dry.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from chat.log.durability import DurabilityOff
from chat.log.measure import measure
from chat.log.parking import ParkingLot
from chat.log.pending import DEADLINE_S, Pending
from chat.log.transaction import BatchWriter, ConversationHeld, Settled, UnknownOutcome
from chat.metrics.web import BATCH_SIZE
from chat.policy.backoff import Backoff
from chat.policy.decide import Deferred, Outcome, Proposal, Refused, Skipped
from chat.protocol.errors import ErrorCode

logger = logging.getLogger(__name__)

BATCH = 512
QUEUE = 10_000
# A connection that has not finished a batch by then is broken off; the batch is run again.
STUCK_S = 10.0
RECONNECT = Backoff(initial_ms=50, cap_ms=1_000, attempts=1_000_000)
# Also 55P03: the wait for another transaction that is inserting the same key is bounded like any lock.
REDO_AT_ONCE = {"23505", "40P01", "40001", "55P03"}
# SQLSTATE classes 22 and 23, and what psycopg itself cannot put on the wire.
BAD_DATA = (psycopg.DataError, psycopg.IntegrityError)


@dataclass(frozen=True, slots=True)
class Result:
    """What one batch came to. `committed` is None when nothing was written (answers only)."""

    pairs: Sequence[tuple[Pending, Outcome]]
    committed: Settled | None


class Committer:
    """`on_result` is called in the event loop, after COMMIT, and must not block or await."""

    def __init__(self, dsn: str, on_result: Callable[[Result], None]) -> None:
        self._writer = BatchWriter(dsn)
        self._on_result = on_result
        self._queue: deque[Pending] = deque()
        self._parked = ParkingLot()
        self._in_hand: Sequence[Pending] = ()
        self._wake = asyncio.Event()
        self._stopping = False
        self._failures = 0
        self._alarm: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.batches = 0

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name="committer")

    async def stop(self) -> None:
        """Settles what waits (each send by its deadline at the latest), then closes the connection."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._writer.close()

    @property
    def exchanges(self) -> int:
        """Round trips made with PostgreSQL so far."""
        return self._writer.exchanges

    @property
    def waiting(self) -> int:
        """Sends in the queue or parked."""
        return len(self._queue) + len(self._parked)

    def submit(self, proposal: Proposal, origin: Any) -> bool:
        """False when the queue is full or the process is stopping: the sender is to be told to come back."""
        if self._stopping or self.waiting >= QUEUE:
            return False
        loop = asyncio.get_running_loop()
        self._queue.append(Pending(proposal, origin, loop.time() + DEADLINE_S))
        self._wake.set()
        if self._alarm is None:
            self._alarm = loop.call_later(DEADLINE_S, self._expire, context=Context())
        return True

    def _expire(self) -> None:
        """Answers what has waited too long, whatever the task is stuck on."""
        loop = asyncio.get_running_loop()
        self._alarm = None
        waiting = [*self._in_hand, *self._parked.sends(), *self._queue]
        late = [pending for pending in waiting if not pending.settled and pending.deadline <= loop.time()]
        self._report([(pending, Deferred(ErrorCode.UNAVAILABLE)) for pending in late])
        deadlines = [pending.deadline for pending in waiting if not pending.settled]
        if deadlines:
            self._alarm = loop.call_at(min(deadlines) + 0.05, self._expire)

    async def _run(self) -> None:
        while True:
            batch, wait_for_locks = self._take()
            if batch:
                self._in_hand = batch
                await self._settle(batch, wait_for_locks)
                self._in_hand = ()
            elif self._stopping and not len(self._parked):
                return
            else:
                await self._sleep()

    def _take(self) -> tuple[list[Pending], bool]:
        """The next batch: parked sends whose time has come, or the head of the queue."""
        now = asyncio.get_running_loop().time()
        batch, wait_for_locks = self._parked.due(now, BATCH)
        if wait_for_locks:
            return batch, True
        while self._queue and len(batch) < BATCH:
            pending = self._queue.popleft()
            if not pending.settled and not self._parked.holds_back(pending):
                batch.append(pending)
        return batch, False

    async def _sleep(self) -> None:
        self._wake.clear()
        if self._queue:
            return
        pause = self._parked.pause(asyncio.get_running_loop().time())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), pause)

    async def _settle(self, batch: Sequence[Pending], wait_for_locks: bool = False) -> None:
        """Runs a batch until its outcome is known, or every send in it has been answered by its deadline."""
        while batch := [pending for pending in batch if not pending.settled]:
            try:
                committed = await self._commit(batch, wait_for_locks)
            except ConversationHeld:
                self._parked.park(batch, asyncio.get_running_loop().time())
                return
            except psycopg.Error as error:
                code = error.sqlstate or ""
                if isinstance(error, BAD_DATA) and code not in REDO_AT_ONCE:
                    await self._bisect(batch)
                    return
                await self._pause_after(error, at_once=code in REDO_AT_ONCE)
            except (UnknownOutcome, DurabilityOff, OSError) as error:
                await self._pause_after(error, at_once=False)
            except Exception:
                logger.exception("batch failed")
                self._report([(pending, Deferred(ErrorCode.INTERNAL)) for pending in batch])
                return
            else:
                self._failures = 0
                self._finish(batch, committed)
                return

    async def _commit(self, batch: Sequence[Pending], wait_for_locks: bool) -> Settled:
        stuck = asyncio.get_running_loop().call_later(STUCK_S, self._writer.break_connection)
        try:
            return await self._writer.commit([pending.proposal for pending in batch], wait_for_locks)
        finally:
            stuck.cancel()

    async def _pause_after(self, error: Exception, at_once: bool) -> None:
        self._failures += 1
        if at_once and self._failures < 5:
            return
        logger.warning("batch to be repeated: %s", type(error).__name__)
        delay_ms = RECONNECT.delay_ms(self._failures)
        await asyncio.sleep((delay_ms or RECONNECT.cap_ms) / 1000)

    async def _bisect(self, batch: Sequence[Pending]) -> None:
        if len(batch) == 1:
            self._report([(batch[0], Refused(ErrorCode.INVALID_MESSAGE))])
            return
        half = len(batch) // 2
        await self._settle(batch[:half])
        await self._settle(batch[half:])

    def _finish(self, batch: Sequence[Pending], committed: Settled) -> None:
        self.batches += 1
        BATCH_SIZE.observe(len(batch))
        _failpoint()
        pairs = list(zip(batch, committed.outcomes, strict=True))
        skipped = [pending for pending, outcome in pairs if isinstance(outcome, Skipped)]
        decided = [pair for pair in pairs if not isinstance(pair[1], Skipped)]
        now = asyncio.get_running_loop().time()
        self._parked.release([pending for pending, _ in decided])
        self._parked.park(skipped, now)
        self._report(decided, committed)

    def _report(self, pairs: Sequence[tuple[Pending, Outcome]], committed: Settled | None = None) -> None:
        """Answers each send once; entries that were committed are handed on even when their answer was late."""
        if not pairs:
            return
        try:
            self._on_result(Result(pairs, committed))
        except Exception:
            logger.exception("publishing failed")
        measure(pairs, asyncio.get_running_loop().time())
        for pending, _ in pairs:
            pending.settled = True


def _failpoint() -> None:
    """For the fault tests: dies between COMMIT and the answer, once, when told so by the environment."""
    kind, _, flag = os.environ.get("MESSENGER_FAILPOINT", "").partition(":")
    if kind == "after_commit_once" and Path(flag).exists():
        Path(flag).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
