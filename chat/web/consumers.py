"""The WebSocket's edge: handshake, then a plain receive loop.

Channels' own loop makes tasks for every frame and its dispatch hops through a thread; a socket here costs one
coroutine that awaits `receive`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import structlog
from channels.consumer import AsyncConsumer
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery.outlet import Outlet
from chat.delivery.runtime import Runtime, running
from chat.delivery.session import Session
from chat.log.pool import bounded
from chat.metrics.web import SOCKETS_CLOSED
from chat.protocol.codec import CODECS, JSON, Codec
from chat.protocol.errors import CloseCode
from chat.protocol.frames import MAX_FRAME_BYTES
from chat.quota.kinds import What
from chat.web.addresses import of_scope
from chat.web.desk import Desk
from chat.web.identity import Identity, identify
from chat.web.transports import cutter, paced

logger = logging.getLogger(__name__)

# Who somebody is, is looked up within this time, and within the other with waiting for one's turn: a thousand devices
# that come back at once stand in a line here, not before the database. daphne would drop a handshake without a word
# after five seconds (messenger/commands.py); ours says whether to come back.
HANDSHAKE_S = 3.0
LINE_S = 15.0
# RFC 6455's code for a connection that ended without one.
GONE = 1006

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class ChatConsumer(AsyncConsumer):  # type: ignore[misc]
    """One instance a socket."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        address = of_scope(scope)
        try:
            runtime = await running()
            if runtime.quotas.take(What.CONNECTS, "", address):
                await _refuse(scope, send, CloseCode.FLOOD)
                return
            identity = await bounded(_identify(runtime, scope), LINE_S)
        except (psycopg.Error, PoolTimeout, TooManyRequests, OSError) as error:
            logger.warning("handshake failed: %s", type(error).__name__)
            await _refuse(scope, send, CloseCode.INTERNAL)
            return
        if identity is None:
            await _refuse(scope, send, CloseCode.AUTHENTICATION_FAILED)
        elif runtime.stopping:
            await _refuse(scope, send, CloseCode.RESTARTING)
        elif runtime.quotas.take(What.CONNECTS, identity.user, ""):
            await _refuse(scope, send, CloseCode.FLOOD)
        else:
            await _accept(scope, send)
            codec = CODECS.get(_subprotocol(scope) or "", JSON)
            await _serve(runtime, identity, address, codec, receive, send)


async def _identify(runtime: Runtime, scope: dict[str, Any]) -> Identity | None:
    async with runtime.handshakes:
        return await bounded(identify(runtime.database, scope), HANDSHAKE_S)


def _subprotocol(scope: dict[str, Any]) -> str | None:
    """Of those that the client offers, the first that is ours."""
    return next((name for name in scope.get("subprotocols") or () if name in CODECS), None)


async def _accept(scope: dict[str, Any], send: Send) -> None:
    await send({"type": "websocket.accept", "subprotocol": _subprotocol(scope)})


async def _refuse(scope: dict[str, Any], send: Send, code: CloseCode) -> None:
    """Accepted first: a browser can read a close code, but not why a handshake failed."""
    SOCKETS_CLOSED.add(of=str(int(code)))
    logger.info("socket refused", extra={"code": int(code)})
    await _accept(scope, send)
    await send({"type": "websocket.close", "code": int(code)})


async def _serve(
    runtime: Runtime, identity: Identity, address: str, codec: Codec, receive: Receive, send: Send
) -> None:
    outlet = Outlet(paced(send), cutter(send))
    clock = asyncio.get_running_loop().time
    session = Session(identity.user, identity.device, outlet, clock(), identity.access_rev, codec)
    session.address = address
    if identity.good_for_s is not None:
        session.good_until = clock() + identity.good_for_s
    desk = Desk(runtime, identity, session)
    runtime.hub.watchdog.strangers.add(session)
    began, code = clock(), GONE
    with structlog.contextvars.bound_contextvars(session=desk.id, device=identity.device, user=identity.user):
        logger.info("socket opened")
        try:
            code = await _listen(desk, session, receive)
        except Exception:
            logger.exception("socket failed")
            session.end(CloseCode.INTERNAL)
        finally:
            runtime.hub.leave(session)
            runtime.presence.left(session)
            await session.outlet.gone()
            _note_end(int(session.close_code or code), clock() - began, desk.frames, outlet.frames)


async def _listen(desk: Desk, session: Session, receive: Receive) -> int:
    """Until the socket ends, from either side. The code it ended with, if that was the client's."""
    while session.close_code is None:
        event = await receive()
        if event["type"] != "websocket.receive":
            return int(event.get("code") or GONE)
        data = event.get("text")
        if data is None:
            data = event.get("bytes") or b""
        if _is_too_large(data):
            session.end(CloseCode.FRAME_TOO_LARGE)
            break
        waiting = desk.receive(data)
        if waiting is not None:
            await waiting
    return GONE


def _note_end(code: int, seconds: float, frames_in: int, frames_out: int) -> None:
    SOCKETS_CLOSED.add(of=str(code))
    figures = {"code": code, "seconds": round(seconds, 1), "frames_in": frames_in, "frames_out": frames_out}
    logger.info("socket closed", extra=figures)


def _is_too_large(data: str | bytes) -> bool:
    """In bytes, counted only where the number of characters leaves it open."""
    if len(data) > MAX_FRAME_BYTES or isinstance(data, bytes):
        return len(data) > MAX_FRAME_BYTES
    return len(data) > MAX_FRAME_BYTES // 4 and len(data.encode()) > MAX_FRAME_BYTES
