"""The channel layer between processes: hints only.

Everything said here may be lost, late or repeated without harm: reconcile finds it in the database within a second
or two. So publishing never waits for Redis (a bounded queue, the oldest dropped), and a listener that has gone deaf
notices by its own canary and subscribes anew. Canaries also tell processes of each other: one that is alone keeps
its hints to itself.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from channels.layers import get_channel_layer

from chat.metrics.web import HINTS_LOST

logger = logging.getLogger(__name__)

GROUP = "messenger"
MAX_WAITING = 64
# People who type, at a time: others are left out.
MAX_TYPING = 256
CANARY_S = 5.0
RECEIVE_TIMEOUT_S = 12.0
# A process whose canaries have not been heard for this long is gone.
GONE_S = 15.0

Event = dict[str, Any]


class Publisher:
    """Events to all processes, one message a batch."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque(maxlen=MAX_WAITING)
        self._typing: dict[tuple[str, str], tuple[str, int]] = {}
        self._wake = asyncio.Event()

    def publish(self, event: Event) -> None:
        if len(self._waiting) == MAX_WAITING:
            HINTS_LOST.add()
        self._waiting.append(event)
        self._wake.set()

    def mention_typing(self, origin: str, conv: str, members_rev: int, user: str) -> None:
        """Once all else is said, together with the others who type, or not at all."""
        if len(self._typing) < MAX_TYPING:
            self._typing[conv, user] = (origin, members_rev)
            self._wake.set()

    async def run(self) -> None:
        layer = get_channel_layer()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self._typing:
                event = self._waiting.popleft() if self._waiting else self._who_types()
                try:
                    await layer.group_send(GROUP, event)
                except Exception as error:
                    HINTS_LOST.add()
                    logger.warning("hint not published: %s", type(error).__name__)
                    await asyncio.sleep(0.2)

    def _who_types(self) -> Event:
        typing, self._typing = self._typing, {}
        batch = [[conv, members_rev, user] for (conv, user), (_, members_rev) in typing.items()]
        return {"type": "typing", "origin": next(iter(typing.values()))[0], "batch": batch}


class Neighbours:
    """The other processes that listen. Times are the event loop's, in seconds.

    Wrong only for a moment and harmlessly: a hint too many, or one too few, which reconcile makes up for.
    """

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}

    def heard(self, process: str, now: float) -> bool:
        """A canary of it. True when it was not known: it does not know us either."""
        is_new = process not in self._heard
        self._heard[process] = now
        return is_new

    def exist(self, now: float) -> bool:
        for process in [process for process, at in self._heard.items() if now - at > GONE_S]:
            del self._heard[process]
        return bool(self._heard)


class Listener:
    """Hands every other process's events to `on_event`."""

    def __init__(self, publisher: Publisher, on_event: Callable[[Event], None]) -> None:
        self.process = uuid4().hex
        self.neighbours = Neighbours()
        self._publisher = publisher
        self._on_event = on_event
        # For tests: a layer that drops everything, also what Celery says.
        self._drops = bool(os.environ.get("MESSENGER_DROP_LAYER"))

    async def run(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                logger.warning("channel layer lost: %s", type(error).__name__)
            await asyncio.sleep(0.5)

    async def canaries(self) -> None:
        while True:
            self._sing()
            await asyncio.sleep(CANARY_S)

    def _sing(self) -> None:
        self._publisher.publish({"type": "canary", "origin": self.process})

    async def _listen(self) -> None:
        layer = get_channel_layer()
        channel = await layer.new_channel()
        await layer.group_add(GROUP, channel)
        # Those who hear it answer with theirs, which can be heard by now.
        self._sing()
        try:
            while True:
                # Our own canaries alone keep this from timing out, unless the subscription is dead.
                # Not wait_for: in Python 3.11 it forgets a cancellation that meets an event, and nothing ends.
                async with asyncio.timeout(RECEIVE_TIMEOUT_S):
                    event = await layer.receive(channel)
                if event.get("origin") != self.process and not self._drops:
                    self._handle(event)
        finally:
            await layer.group_discard(GROUP, channel)

    def _handle(self, event: Event) -> None:
        if event["type"] == "canary":
            if self.neighbours.heard(event["origin"], asyncio.get_running_loop().time()):
                self._sing()
            return
        try:
            self._on_event(event)
        except Exception:
            logger.exception("hint not understood")
