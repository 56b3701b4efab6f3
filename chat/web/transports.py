"""Two things ASGI does not give and a messenger needs: to feel that a reader is slow, and to cut a connection off.

The servers are told apart by what their `send` is made of, without importing either:

- uvicorn's waits by itself while the socket's buffer is full, but then takes no close either.
- daphne's never waits (daphne #170): what a stalled reader does not take would pile up without bound. A Twisted
  transport tells a *push producer* when its buffer is full; that is what `Paced` is. A transport with a producer
  that was paused does not finish closing by itself, so the producer steps aside for a close.

With any other server `send` is used as it is and nothing can be cut off.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Send = Callable[[Any], Awaitable[None]]


class Paced:
    """daphne's `send`, waiting while the transport's buffer is full."""

    def __init__(self, send: Send, transport: Any) -> None:
        self._send = send
        self._transport = transport
        self._flowing = asyncio.Event()
        self._flowing.set()
        # The HTTP channel that took the handshake is still registered, and has no more to say.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    async def __call__(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self._transport.unregisterProducer()
        await self._send(message)
        await self._flowing.wait()

    # Twisted's names

    def pauseProducing(self) -> None:  # noqa: N802
        self._flowing.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._flowing.set()
        if self._transport.disconnecting:
            self._transport.unregisterProducer()

    def stopProducing(self) -> None:  # noqa: N802
        self._flowing.set()


def paced(send: Send) -> Send:
    """A `send` that returns only when the socket can take more. After the handshake."""
    transport = _daphne_transport(send)
    return send if transport is None else Paced(send, transport)


def cutter(send: Send) -> Callable[[], None]:
    """Ends the connection at once, whatever is still in its buffer. `send` as the server gave it."""
    transport = _daphne_transport(send)
    if transport is not None:
        return lambda: transport.abortConnection()
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    return getattr(transport, "abort", lambda: None)


def _daphne_transport(send: Send) -> Any:
    bound: tuple[Any, ...] = getattr(send, "args", ())
    transport = getattr(bound[0], "transport", None) if bound else None
    return transport if hasattr(transport, "registerProducer") else None
