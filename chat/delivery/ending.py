"""Ending what a library may keep alive.

A cancellation that meets the end of an exchange may be lost, as redis-py and asyncio.wait_for before Python 3.12 do,
and a process that waits for the task it was meant for never ends. So it is said again.
"""

import asyncio
from collections.abc import Sequence

from channels.layers import get_channel_layer

CANCEL_S = 0.3
CANCEL_TRIES = 10


async def end_all(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancelled until they are done, at most CANCEL_TRIES times."""
    waiting = set(tasks)
    for _ in range(CANCEL_TRIES):
        for task in waiting:
            task.cancel()
        if waiting:
            _, waiting = await asyncio.wait(waiting, timeout=CANCEL_S)


async def close_layer() -> None:
    """The channel layer's connections and its reader in this event loop. Closing waits for the reader, which it
    cancels once: cancelling what waits cancels the reader again."""
    closing = asyncio.ensure_future(get_channel_layer().flush())
    for _ in range(CANCEL_TRIES):
        await asyncio.wait([closing], timeout=CANCEL_S)
        if closing.done():
            return
        closing.cancel()
