"""Two things ASGI does not give and a messenger needs: to feel that a reader is slow, and to cut a connection off.

The servers are told apart by what their `send` is made of, without importing either:

- uvicorn's waits by itself while the socket's buffer is full, but then takes no close either.
- daphne's never waits (daphne #170): what a stalled reader does not take would pile up without bound. A Twisted
  transport tells a *push producer* when its buffer is full; that is what `Paced` is. A transport with a producer
  that was paused does not finish closing by itself, so the producer steps aside for a close. Of an HTTP answer it is
  the request that has a producer, `PacedAnswer`, until its last piece.

With any other server `send` is used as it is and nothing can be cut off.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

Send = Callable[[Any], Awaitable[None]]


class _Producer:
    """What a Twisted transport pauses."""

    def __init__(self) -> None:
        self._flowing = asyncio.Event()
        self._flowing.set()

    # Twisted's names

    def pauseProducing(self) -> None:  # noqa: N802
        self._flowing.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._flowing.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._flowing.set()


class Paced(_Producer):
    """daphne's `send`, waiting while the transport's buffer is full."""

    def __init__(self, send: Send, transport: Any) -> None:
        super().__init__()
        self._send = send
        self._transport = transport
        # The HTTP channel that took the handshake is still registered, and has no more to say.
        transport.unregisterProducer()
        transport.registerProducer(self, True)

    async def __call__(self, message: Any) -> None:
        if message["type"] == "websocket.close":
            self._transport.unregisterProducer()
        await self._send(message)
        await self._flowing.wait()

    def resumeProducing(self) -> None:  # noqa: N802
        super().resumeProducing()
        if self._transport.disconnecting:
            self._transport.unregisterProducer()


class PacedAnswer(_Producer):
    """daphne's `send` of one HTTP answer in pieces."""

    def __init__(self, send: Send, request: Any) -> None:
        super().__init__()
        self._send = send
        self._request = request
        request.registerProducer(self, True)

    async def __call__(self, message: Any) -> None:
        if not message.get("more_body", True):
            self.end()
        await self._send(message)
        await self._flowing.wait()

    def end(self) -> None:
        """There is nothing to hold back any more. Harmless when the reader has gone."""
        if self._request.producer is self and self._request.channel is not None:
            self._request.unregisterProducer()


def paced(send: Send) -> Send:
    """A `send` that returns only when the socket can take more. After the handshake."""
    transport = _daphne_transport(send)
    return send if transport is None else Paced(send, transport)


@contextmanager
def paced_answer(send: Send) -> Iterator[Send]:
    """A `send` for an HTTP answer in pieces, that returns only when the socket can take more."""
    transport = _daphne_transport(send)
    if transport is None:
        yield send
        return
    answer = PacedAnswer(send, send.args[0])  # type: ignore[attr-defined]
    try:
        yield answer
    finally:
        answer.end()


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
