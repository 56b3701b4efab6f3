"""The WebSocket's edge: handshake, then a plain receive loop.

Channels' own loop makes tasks for every frame and its dispatch hops through a thread; a socket here costs one
coroutine that awaits `receive`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from channels.consumer import AsyncConsumer
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery.outlet import Outlet
from chat.delivery.runtime import Runtime, running
from chat.delivery.session import Session
from chat.protocol.errors import CloseCode
from chat.protocol.frames import MAX_FRAME_BYTES, SUBPROTOCOL
from chat.web.desk import Desk
from chat.web.identity import Identity, identify
from chat.web.transports import cutter, paced

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class ChatConsumer(AsyncConsumer):  # type: ignore[misc]
    """One instance a socket."""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        try:
            runtime = await running()
            identity = await identify(runtime.database, scope)
        except (psycopg.Error, PoolTimeout, TooManyRequests, OSError) as error:
            logger.warning("handshake failed: %s", type(error).__name__)
            await _refuse(scope, send, CloseCode.INTERNAL)
            return
        if identity is None:
            await _refuse(scope, send, CloseCode.AUTHENTICATION_FAILED)
        elif runtime.stopping:
            await _refuse(scope, send, CloseCode.RESTARTING)
        else:
            await _accept(scope, send)
            await _serve(runtime, identity, receive, send)


async def _accept(scope: dict[str, Any], send: Send) -> None:
    offered = scope.get("subprotocols") or []
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if SUBPROTOCOL in offered else None})


async def _refuse(scope: dict[str, Any], send: Send, code: CloseCode) -> None:
    """Accepted first: a browser can read a close code, but not why a handshake failed."""
    await _accept(scope, send)
    await send({"type": "websocket.close", "code": int(code)})


async def _serve(runtime: Runtime, identity: Identity, receive: Receive, send: Send) -> None:
    outlet = Outlet(paced(send), cutter(send))
    session = Session(identity.user, identity.device, outlet, asyncio.get_running_loop().time())
    desk = Desk(runtime, identity, session)
    try:
        while session.close_code is None:
            event = await receive()
            if event["type"] != "websocket.receive":
                break
            text = event.get("text")
            if text is None:
                text = event.get("bytes") or b""
            if len(text) > MAX_FRAME_BYTES:
                session.end(CloseCode.FRAME_TOO_LARGE)
                break
            waiting = desk.receive(text)
            if waiting is not None:
                await waiting
    except Exception:
        logger.exception("socket failed")
        session.end(CloseCode.INTERNAL)
    finally:
        runtime.hub.leave(session)
        await session.outlet.gone()
