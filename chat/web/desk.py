"""What each frame of a client does: at once, or by the clerk (clerk.py) who asks the database. One desk a socket.

Authorisation: a socket acts as its handshake's person and device, nothing in a frame changes that. A conversation
that is not among the person's is NOT_FOUND, whether it exists or not; for sends the committer decides it again
from facts under lock, so a stale socket cannot get anything in.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any
from uuid import uuid4

import psycopg
from django.db import DatabaseError

from chat.delivery import acts, answers
from chat.delivery.greeting import greet
from chat.delivery.room import Room
from chat.delivery.runtime import Runtime
from chat.delivery.session import Session
from chat.log.access import Actor
from chat.log.durability import DurabilityOff
from chat.log.pool import bounded
from chat.log.refusal import Later, Refusal
from chat.metrics.web import SENDS
from chat.policy.rate import TokenBucket
from chat.protocol.codec_json import FrameError
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import Ack, ClientFrame, Hello, Presence, Send, Typing
from chat.quota.kinds import What
from chat.web.clerk import Clerk, reference
from chat.web.signals import Signals
from receipts.buffer import CHANGED, DELIVERED, SEEN

logger = logging.getLogger(__name__)

Waiting = Coroutine[Any, Any, None]

# With the database away, a retryable answer comes within two seconds.
ANSWER_S = 1.5
# Frames a second, and saved up: far above any person, far below what would hurt the others.
FRAMES_PER_S = 1_000.0
FRAME_BURST = 3_000.0
# Frames over the limit before the socket is closed, and bad ones.
FLOOD_FRAMES = 2_000
BAD_FRAMES = 100
# What no working client says. A name that does not exist is a person's mistake, however often.
MALFORMED = {ErrorCode.BAD_FRAME, ErrorCode.UNKNOWN_FRAME, ErrorCode.HELLO_EXPECTED}


class Desk:
    """`receive` handles a frame at once, or gives back a coroutine when it needs the database. `id` is the session's,
    as told by welcome; `frames` have come in so far."""

    def __init__(self, runtime: Runtime, identity: "Any", session: Session) -> None:
        self._runtime = runtime
        self._identity = identity
        self._session = session
        self._actor = Actor(session.user, session.device, session.access_rev, session.address)
        self.id = uuid4().hex
        self.frames = 0
        self._clock = asyncio.get_running_loop().time
        self._bucket = TokenBucket(FRAMES_PER_S, FRAME_BURST, self._clock())
        self._clerk = Clerk(runtime, session)
        self._signals = Signals(runtime, session, self._clock())
        self._bad = 0
        self._over = 0
        self._greeted = False

    def receive(self, data: str | bytes) -> Waiting | None:
        session = self._session
        self.frames += 1
        now = session.heard_at = self._clock()
        try:
            frame = session.codec.decode(data)
        except FrameError as error:
            self._refuse(error)
            return None
        wait = self._bucket.take(now)
        if wait:
            self._limit(frame, wait)
            return None
        if isinstance(frame, Hello) == self._greeted:
            self._complain(ErrorCode.HELLO_EXPECTED)
            return None
        if isinstance(frame, Send):
            self._send(frame)
        elif isinstance(frame, Ack):
            self._ack(frame)
        elif isinstance(frame, Typing | Presence):
            if not self._signals.take(frame, now):
                self._complain(ErrorCode.NOT_FOUND, ref=reference(frame))
        else:
            return self._with_database(frame)
        return None

    # At once

    def _send(self, frame: Send) -> None:
        if wait := self._runtime.quotas.take(What.SENDS, self._actor.user, self._actor.address):
            self._put_off(frame, wait)
            return
        proposal = acts.proposal(frame, frame.conv, self._actor)
        if not self._runtime.committer.submit(proposal, self._session):
            SENDS.add(of="retry")
            code = ErrorCode.UNAVAILABLE if self._runtime.stopping else ErrorCode.OVERLOADED
            self._session.write(answers.retry(frame.conv, frame.client_id, code))

    def _ack(self, frame: Ack) -> None:
        session, receipts, hub = self._session, self._runtime.receipts, self._runtime.hub
        for ack in frame.acks:
            room = hub.rooms.get(ack.conv)
            if room is None or ack.conv not in session.cursors:
                self._complain(ErrorCode.NOT_FOUND, ref={"t": "ack", "conv": ack.conv})
            elif ack.type == "CHANGED":
                self._ack_changes(room, ack.seq)
            elif ack.seq > room.head:
                self._complain(ErrorCode.INVALID_ACK, ref={"t": "ack", "conv": ack.conv})
            elif ack.type == "DELIVERED":
                stored = hub.store(session, ack.conv, ack.seq, ack.cumulative)
                if stored is not None:
                    receipts.note(ack.conv, session.device, DELIVERED, stored)
                    self._restate_seen(ack.conv)
            elif seen := session.cursors[ack.conv].see(ack.seq):
                receipts.note(ack.conv, session.device, SEEN, seen)
        hub.resume(session)

    def _ack_changes(self, room: Room, rev: int) -> None:
        if rev > room.rev:
            self._complain(ErrorCode.INVALID_ACK, ref={"t": "ack", "conv": room.conv})
        elif self._session.store_changes(room.conv, rev) is not None:
            self._runtime.receipts.note(room.conv, self._session.device, CHANGED, rev)

    def _restate_seen(self, conv: str) -> None:
        """A SEEN that was ahead of the stored cursor counts as far as the cursor has come."""
        cursor = self._session.cursors[conv]
        if cursor.seen_wanted > cursor.seen and (seen := cursor.see(cursor.seen_wanted)):
            self._runtime.receipts.note(conv, self._session.device, SEEN, seen)

    # With the database

    async def _with_database(self, frame: ClientFrame) -> None:
        try:
            if isinstance(frame, Hello):
                # May take its time, when a thousand devices come back at once; a person waits for the others.
                self._greeted = True
                await greet(self._runtime, self._identity, self._session, frame, self.id)
            else:
                await bounded(self._clerk.answer(frame), ANSWER_S)
        except Later as later:
            after = answers.error(later.code, ref=reference(frame), after_ms=later.after_ms)
            self._session.write(after)
        except Refusal as refusal:
            if refusal.code is ErrorCode.AUTHENTICATION_FAILED:
                self._session.end(CloseCode.AUTHENTICATION_FAILED)
            else:
                self._complain(refusal.code, ref=reference(frame))
        except FrameError as error:
            self._refuse(error)
        except (psycopg.Error, DatabaseError, DurabilityOff, OSError) as error:
            logger.warning("%s failed: %s", frame.t, type(error).__name__, extra={"conv": getattr(frame, "conv", None)})
            if isinstance(frame, Hello):
                self._session.end(CloseCode.INTERNAL)
            else:
                self._session.write(answers.error(ErrorCode.UNAVAILABLE, ref=reference(frame), after_ms=1_000))

    # Refusals

    def _refuse(self, error: FrameError) -> None:
        """A send that names itself is answered like any refused send; all else gets an error frame."""
        conv, client_id = error.ref.get("conv"), error.ref.get("client_id")
        if error.code is ErrorCode.INVALID_MESSAGE and conv and client_id and self._greeted:
            refusal = answers.rejected(conv, client_id, self._session.user, error.code)
            self._session.write({"t": "ack", "acks": [refusal]})
            self._count_bad()
        else:
            self._complain(error.code, error.text, error.ref)

    def _complain(self, code: ErrorCode, text: str = "", ref: dict[str, str] | None = None) -> None:
        self._session.write(answers.error(code, text, ref))
        if code in MALFORMED:
            self._count_bad()

    def _count_bad(self) -> None:
        self._bad += 1
        if self._bad >= BAD_FRAMES:
            self._session.end(CloseCode.BAD_FRAME)

    def _limit(self, frame: ClientFrame, wait: float) -> None:
        after_ms = round(wait * 1000) + 100
        if isinstance(frame, Send):
            self._put_off(frame, wait)
        else:
            self._session.write(answers.error(ErrorCode.RATE_LIMITED, ref=reference(frame), after_ms=after_ms))
        self._over += 1
        if self._over >= FLOOD_FRAMES:
            self._session.end(CloseCode.FLOOD)

    def _put_off(self, frame: Send, wait: float) -> None:
        SENDS.add(of="retry")
        after_ms = round(wait * 1000) + 100
        self._session.write(answers.retry(frame.conv, frame.client_id, ErrorCode.RATE_LIMITED, after_ms))
