"""The application both servers run: /api/, /files/ and /ws/v1 to the messenger, all other HTTP to Django, the lifespan
to its start and end."""

import gc
import logging
import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messenger.settings")

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.core.asgi import get_asgi_application

pages = get_asgi_application()

from django.conf import settings  # noqa: E402
from django.urls import path  # noqa: E402

from chat.api.handler import ApiHandler  # noqa: E402
from chat.delivery import runtime  # noqa: E402
from chat.web.consumers import ChatConsumer  # noqa: E402
from messenger.durability import require  # noqa: E402
from messenger.request_log import request_log  # noqa: E402

logger = logging.getLogger(__name__)

# Allocations before the youngest objects are looked through. A batch of 400 sends makes thousands, nearly all freed
# by their reference counts; at Python's 700 the collector ran dozens of times a batch.
YOUNG = 20_000

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class BrowserOriginValidator(OriginValidator):  # type: ignore[misc]
    """A browser always names its origin, and it must be one of ours; what names none is not a browser and carries
    no cookies it was not given."""

    def valid_origin(self, parsed_origin: Any) -> bool:
        if parsed_origin is None:
            return True
        try:
            return parsed_origin.port != 0 and bool(super().valid_origin(parsed_origin))
        except ValueError:
            # A port that is no number: "http://ours:80.evil.example" would otherwise pass by its host.
            return False


api = ApiHandler(around=request_log)


async def http(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["path"].startswith(("/api/", "/files/")):
        await api(scope, receive, send)
    else:
        await pages(scope, receive, send)  # type: ignore[arg-type]


async def lifespan(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """uvicorn's start and end; daphne has none, see chat/delivery/runtime.py."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await runtime.startup()
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await runtime.shutdown()
            await send({"type": "lifespan.shutdown.complete"})
            return


require(settings.POSTGRES_DSN)

application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": BrowserOriginValidator(
            URLRouter([path("ws/v1", ChatConsumer.as_asgi())]), settings.WEBSOCKET_ORIGINS
        ),
        "lifespan": lifespan,
    }
)

# What is loaded stays for good: a full collection would walk all of it each time, and stand still for 30 ms.
gc.collect()
gc.freeze()
gc.set_threshold(YOUNG, 20, 20)
