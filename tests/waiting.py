"""Waiting for a condition, never for a time."""

import asyncio
import time
from collections.abc import Callable


async def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    """Fails when it does not come true within `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        await asyncio.sleep(0.005)
