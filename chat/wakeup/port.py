"""What the messenger asks of a push service, whichever it is. A new one (UnifiedPush, FCM's own API) implements
`Pusher` and gets a name in chat/wakeup/registry.py; subscriptions carry that name."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where to and for whose eyes, as the device registered it. Never in a log."""

    service: str
    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class Push:
    """`payload` holds no text of any message. `topic`: a later one replaces an earlier one not yet delivered; at most
    32 characters of A-Z a-z 0-9 - _ (RFC 8030, 5.4). `ttl` in seconds: how long the service keeps it."""

    payload: dict[str, Any]
    topic: str
    ttl: int
    urgency: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The push service has taken it; whether it arrives is its business."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The subscription does not exist any more."""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """The push service wants none for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    """`reason`: a short code, without anything secret. Not `retry`: it would fail again."""

    reason: str
    retry: bool = True


Outcome = Sent | Gone | RetryAfter | Failed


class Pusher(Protocol):
    """One push service. `send` raises nothing: what went wrong is its outcome, within a bounded time."""

    async def send(self, subscription: Subscription, push: Push) -> Outcome: ...

    async def close(self) -> None: ...
