"""Hello: the device says where it is, and is told everything it needs to go on from there.

Two numbers are compared for each conversation: where the device says it stands and what the server holds for it.
Whichever is behind is put right: a device ahead (its acknowledgements were lost) has them restated for it, a device
behind (it lost its store) is pushed the entries again. The server's own cursor never falls. What expired before the
device came for it is skipped, and the device is told up to where.
"""

import asyncio
import time
from typing import Any

from chat.delivery.session import Cursor, Session
from chat.inbox import sync
from chat.inbox.horizons import Reset, pass_horizons
from chat.inbox.sync import Summary
from chat.protocol import frames
from chat.protocol.frames import Hello, Place
from receipts.buffer import CHANGED, DELIVERED, SEEN

HEARTBEAT_MS = 25_000
CONVERSATIONS_PAGE = 100
PATIENCE_S = 20.0
LIMITS = {
    "frame_bytes": frames.MAX_FRAME_BYTES,
    "body_chars": frames.MAX_BODY_CHARS,
    "client_id_chars": frames.MAX_CLIENT_ID_CHARS,
    "acks": frames.MAX_ACKS,
    "positions": frames.MAX_POSITIONS,
    "range": frames.MAX_RANGE,
}


async def greet(runtime: Any, identity: Any, session: Session, hello: Hello, session_id: str) -> None:
    """Answers hello: welcome, the conversations newest first, then the entries and changes the device lacks."""
    runtime.hub.arrive(session)
    with runtime.hub.reading():
        epoch = await runtime.epoch()
        as_of = time.time_ns() // 1_000_000
        summaries = await sync.summaries(runtime.database, session.user, session.device)
        session.write(_welcome(identity, session_id, epoch))
        await _write_conversations(session, summaries)
        claims = {place.conv: place for place in hello.positions} if hello.epoch in (None, epoch) else {}
        cursors = {summary.conv: _cursor(summary, claims.get(summary.conv)) for summary in summaries}
        await _pass_horizons(runtime, session, summaries, cursors)
        for summary in summaries:
            session.owed[summary.conv] = (summary.head, summary.rev)
            runtime.hub.enter(session, summary, cursors[summary.conv])
    session.begin(as_of)
    take_positions(runtime, session, list(claims.values()))
    await runtime.door.introduce_joined(session)


async def _pass_horizons(runtime: Any, session: Session, summaries: list[Summary], cursors: dict[str, Cursor]) -> None:
    """Where what the device lacks has expired, it is told so and goes on above."""
    resets = [
        Reset(summary.conv, cursors[summary.conv].pushed, summary.horizon)
        for summary in summaries
        if cursors[summary.conv].pushed < summary.horizon
    ]
    if not resets:
        return
    async with runtime.few_threads:
        await asyncio.to_thread(pass_horizons, session.device, resets)
    for reset in resets:
        before = cursors[reset.conv]
        cursors[reset.conv] = Cursor(reset.horizon, before.rev_told, before.seen, before.readable)
        session.write({"t": "reset", "conv": reset.conv, "horizon": reset.horizon, "why": "expired"})


async def _write_conversations(session: Session, summaries: list[Summary]) -> None:
    """However many there are: they are written no faster than they are read."""
    for start in range(0, max(1, len(summaries)), CONVERSATIONS_PAGE):
        page = summaries[start : start + CONVERSATIONS_PAGE]
        more = start + CONVERSATIONS_PAGE < len(summaries)
        session.write({"t": "conversations", "items": [summary.frame() for summary in page], "more": more})
        await session.outlet.flushed(PATIENCE_S)


def _welcome(identity: Any, session_id: str, epoch: str) -> dict[str, Any]:
    return {
        "t": "welcome",
        "version": frames.PROTOCOL_VERSION,
        "session": session_id,
        "user": {"id": identity.user, "username": identity.username, "name": identity.name},
        "device": identity.device,
        "epoch": epoch,
        "time": time.time_ns() // 1_000_000,
        "heartbeat_ms": HEARTBEAT_MS,
        "limits": LIMITS,
    }


def _cursor(summary: Summary, claim: Place | None) -> Cursor:
    """Where pushing starts: where the device says it stands, within the log; else where the server holds it."""
    received, rev = summary.received, summary.received_rev
    if claim is not None:
        received = max(summary.readable.start - 1, min(claim.received, summary.head))
        rev = rev if claim.rev is None else min(claim.rev, summary.rev)
    return Cursor(received, rev, summary.seen, summary.readable)


def take_positions(runtime: Any, session: Session, positions: list[Place]) -> None:
    """Positions restated by the device are acknowledgements like any other, and go the same way."""
    for place in positions:
        room = runtime.hub.rooms.get(place.conv)
        if room is None or place.conv not in session.cursors:
            continue
        received = min(place.received, room.head)
        if received:
            runtime.hub.store(session, place.conv, received, cumulative=True)
            runtime.receipts.note(place.conv, session.device, DELIVERED, received)
        if place.rev and (rev := min(place.rev, room.rev)):
            session.store_changes(place.conv, rev)
            runtime.receipts.note(place.conv, session.device, CHANGED, rev)
        if place.seen:
            seen = min(place.seen, session.cursors[place.conv].stored.position)
            session.see(place.conv, seen)
            runtime.receipts.note(place.conv, session.device, SEEN, seen)
    runtime.hub.resume(session)
