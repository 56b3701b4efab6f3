"""Awaiting what nobody announces."""

import asyncio
from collections.abc import Callable

PAUSE_S = 0.05


async def eventually(check: Callable[[], object], timeout: float = 30.0) -> None:
    """Until `check` holds; it is asked twenty times a second."""
    async with asyncio.timeout(timeout):
        while True:
            if check():
                return
            await asyncio.sleep(PAUSE_S)
