"""What each frame of a client does. One desk a socket.

Authorisation: a socket acts as its handshake's person and device, nothing in a frame changes that. A conversation
that is not among the person's is NOT_FOUND, whether it exists or not; for sends the committer decides it again
from facts under lock, so a stale socket cannot get anything in.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any
from uuid import uuid4

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery import answers
from chat.delivery.greeting import greet, take_positions
from chat.delivery.runtime import Runtime
from chat.delivery.session import Cursor, Session
from chat.inbox import sync
from chat.log import history, members
from chat.log.pool import bounded
from chat.log.transaction import new_message_id
from chat.metrics.web import SENDS
from chat.policy.decide import Proposal
from chat.policy.rate import TokenBucket
from chat.protocol.codec_json import FrameError, decode
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import MAX_RANGE, Ack, ClientFrame, Fetch, Hello, Info, OpenDirect, Ping, Send
from receipts.buffer import DELIVERED, SEEN

logger = logging.getLogger(__name__)

Later = Coroutine[Any, Any, None]

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
        self.id = uuid4().hex
        self.frames = 0
        self._clock = asyncio.get_running_loop().time
        self._bucket = TokenBucket(FRAMES_PER_S, FRAME_BURST, self._clock())
        self._bad = 0
        self._over = 0
        self._greeted = False

    def receive(self, text: str | bytes) -> Later | None:
        session = self._session
        self.frames += 1
        now = session.heard_at = self._clock()
        try:
            frame = decode(text)
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
        else:
            return self._with_database(frame)
        return None

    # At once

    def _send(self, frame: Send) -> None:
        proposal = Proposal(
            conv=frame.conv,
            sender=self._session.user,
            device=self._session.device,
            client_id=frame.client_id,
            body=frame.body,
            message_id=new_message_id(),
            after=frame.after,
            reply_to=frame.reply_to,
            reply_to_id=frame.reply_to_id,
        )
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
            elif ack.seq > room.head:
                self._complain(ErrorCode.INVALID_ACK, ref={"t": "ack", "conv": ack.conv})
            elif ack.type == "DELIVERED":
                stored = hub.store(session, ack.conv, ack.seq, ack.cumulative)
                if stored is not None:
                    receipts.note(ack.conv, session.device, DELIVERED, stored)
                    self._restate_seen(ack.conv)
            elif seen := session.see(ack.conv, ack.seq):
                receipts.note(ack.conv, session.device, SEEN, seen)
        hub.resume(session)

    def _restate_seen(self, conv: str) -> None:
        """A SEEN that was ahead of the stored cursor counts as far as the cursor has come."""
        cursor = self._session.cursors[conv]
        if cursor.seen_wanted > cursor.seen and (seen := self._session.see(conv, cursor.seen_wanted)):
            self._runtime.receipts.note(conv, self._session.device, SEEN, seen)

    # With the database

    async def _with_database(self, frame: ClientFrame) -> None:
        ref = {"t": frame.t} | ({"conv": frame.conv} if isinstance(frame, Fetch | Info) else {})
        try:
            # A hello may take its time, when a thousand devices come back at once; a person waits for the others.
            await (
                self._handle(frame, ref) if isinstance(frame, Hello) else bounded(self._handle(frame, ref), ANSWER_S)
            )
        except (psycopg.Error, PoolTimeout, TooManyRequests, OSError) as error:
            logger.warning("%s failed: %s", frame.t, type(error).__name__, extra={"conv": ref.get("conv")})
            if isinstance(frame, Hello):
                self._session.end(CloseCode.INTERNAL)
            else:
                self._session.write_error(ErrorCode.UNAVAILABLE, ref=ref, after_ms=1_000)

    async def _handle(self, frame: ClientFrame, ref: dict[str, str]) -> None:
        match frame:
            case Hello():
                self._greeted = True
                await greet(self._runtime, self._identity, self._session, frame, self.id)
            case Ping():
                await self._ping(frame)
            case Fetch():
                await self._fetch(frame, ref)
            case Info():
                await self._info(frame, ref)
            case OpenDirect():
                await self._open(frame, ref)

    async def _ping(self, frame: Ping) -> None:
        session = self._session
        positions: list[dict[str, Any]] = []
        if frame.positions:
            take_positions(self._runtime, session, frame.positions)
            convs = [place.conv for place in frame.positions]
            positions = await sync.stored_positions(self._runtime.database, session.user, session.device, convs)
        session.write({"t": "pong", "time": time.time_ns() // 1_000_000, "positions": positions})

    async def _fetch(self, frame: Fetch, ref: dict[str, str]) -> None:
        last = min(frame.to_seq, frame.from_seq + MAX_RANGE - 1)
        page = await history.page(self._runtime.database, frame.conv, self._session.user, frame.from_seq, last)
        if page is None:
            self._complain(ErrorCode.NOT_FOUND, ref=ref)
            return
        if page:
            self._runtime.hub.raise_head(frame.conv, page[-1]["seq"])
        self._session.write({"t": "page", "conv": frame.conv, "from": frame.from_seq, "to": last, "entries": page})

    async def _info(self, frame: Info, ref: dict[str, str]) -> None:
        rows = await history.people(self._runtime.database, frame.conv, self._session.user, frame.seq)
        if rows is None:
            self._complain(ErrorCode.NOT_FOUND, ref=ref)
            return
        keys = ("id", "username", "name", "delivered_at", "seen_at")
        people = [dict(zip(keys, row, strict=True)) for row in rows]
        self._session.write({"t": "info", "conv": frame.conv, "seq": frame.seq, "people": people})

    async def _open(self, frame: OpenDirect, ref: dict[str, str]) -> None:
        database, session = self._runtime.database, self._session
        direct = await members.open_direct(database, session.user, frame.username)
        if direct is None:
            self._complain(ErrorCode.NOT_FOUND, ref=ref)
            return
        if direct.created:
            self._runtime.postman.members_hint(direct.conv, direct.users)
        with self._runtime.hub.reading():
            for summary in await sync.summaries(database, session.user, session.device, direct.conv):
                session.write({"t": "conversations", "items": [summary.frame()], "more": False, "opened": True})
                self._runtime.hub.enter(session, summary, Cursor(summary.received, summary.seen))

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
        self._session.write_error(code, text, ref)
        if code in MALFORMED:
            self._count_bad()

    def _count_bad(self) -> None:
        self._bad += 1
        if self._bad >= BAD_FRAMES:
            self._session.end(CloseCode.BAD_FRAME)

    def _limit(self, frame: ClientFrame, wait: float) -> None:
        after_ms = round(wait * 1000) + 100
        if isinstance(frame, Send):
            retry = answers.retry(frame.conv, frame.client_id, ErrorCode.RATE_LIMITED, after_ms)
            self._session.write(retry)
        else:
            self._session.write_error(ErrorCode.RATE_LIMITED, ref={"t": frame.t}, after_ms=after_ms)
        self._over += 1
        if self._over >= FLOOD_FRAMES:
            self._session.end(CloseCode.FLOOD)
