"""Django's synchronous side (accounts, devices, settings), asked from the event loop: in threads, a few at a time."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection

from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode

P = ParamSpec("P")
T = TypeVar("T")

# Not more: a password's hash keeps a processor busy, which is then not there for messages.
THREADS = 2
# In them, and before them: more would wait longer than anyone does. A password takes about a tenth of a second.
MOST = 50

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_asked: WeakKeyDictionary[asyncio.AbstractEventLoop, int] = WeakKeyDictionary()


async def in_thread(work: Callable[P, T], *args: P.args, **rest: P.kwargs) -> T:
    """What `work` returns. Its connection ends with it. Raises Refusal (OVERLOADED) when too many wait already."""
    loop = asyncio.get_running_loop()
    if _asked.get(loop, 0) >= MOST:
        raise Refusal(ErrorCode.OVERLOADED)
    _asked[loop] = _asked.get(loop, 0) + 1
    try:
        async with _turns.setdefault(loop, asyncio.Semaphore(THREADS)):
            return await asyncio.to_thread(_run, partial(work, *args, **rest))
    finally:
        _asked[loop] -= 1


def _run(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connection.close()
