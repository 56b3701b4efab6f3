"""Hello: the device says where it is, and is told everything it needs to go on from there (places.py).

The server's own cursor of a device never falls.
"""

import time
from typing import Any

from django.conf import settings

from chat.delivery.session import Session
from chat.inbox import sync
from chat.inbox.sync import Summary
from chat.protocol import frames
from chat.protocol.errors import CloseCode
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
    "max_attachments": frames.MAX_ATTACHMENTS,
    "max_attachment_bytes": settings.MAX_ATTACHMENT_MB * 1_000_000,
}


async def greet(runtime: Any, identity: Any, session: Session, hello: Hello, session_id: str) -> None:
    """Answers hello: welcome, the conversations newest first, then the entries and changes the device lacks."""
    runtime.hub.arrive(session)
    runtime.presence.came()
    with runtime.hub.reading():
        async with runtime.greetings:
            as_of = time.time_ns() // 1_000_000
            found = await sync.everything(runtime.database, session.user, session.device, session.access_rev)
        if found is None:
            session.end(CloseCode.AUTHENTICATION_FAILED)
            return
        shows_presence, epoch, summaries = found
        # Switched meanwhile: what was heard of that is newer.
        if session.shows_presence is None:
            session.shows_presence = shows_presence
        session.write(_welcome(identity, session_id, epoch))
        await _write_conversations(session, summaries)
        claims = _believed(hello, session, epoch)
        cursors = await runtime.places.cursors(session, summaries, claims)
        for summary in summaries:
            session.owed.add(summary.conv, summary.head, summary.rev)
            runtime.hub.enter(session, summary, cursors[summary.conv])
    runtime.hub.begin(session, as_of)
    take_positions(runtime, session, list(claims.values()))
    await runtime.door.introduce_joined(session)


def _believed(hello: Hello, session: Session, epoch: str) -> dict[str, Place]:
    """Nothing of another epoch. Nor of another device: a browser's page may be older than its cookies, and would
    acknowledge for whoever signed in since what they never got."""
    if hello.epoch not in (None, epoch) or hello.device not in (None, session.device):
        return {}
    return {place.conv: place for place in hello.positions}


async def _write_conversations(session: Session, summaries: list[Summary]) -> None:
    """However many there are: they are written no faster than they are read."""
    items = (summary.frame() for summary in summaries)
    for frame in session.codec.conversations_frames(items, CONVERSATIONS_PAGE):
        session.write_encoded(frame)
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
            seen = min(place.seen, session.cursors[place.conv].stored)
            session.cursors[place.conv].see(seen)
            runtime.receipts.note(place.conv, session.device, SEEN, seen)
    runtime.hub.resume(session)
