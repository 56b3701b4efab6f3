"""The few threads in which files are written, read and looked at, and work that no cut connection cuts off."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="files")
_under_way: set[asyncio.Task[Any]] = set()


def in_thread(work: Callable[P, T], *args: P.args, **rest: P.kwargs) -> "asyncio.Future[T]":
    return asyncio.get_running_loop().run_in_executor(_threads, lambda: work(*args, **rest))


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """What `work` returns. Should whoever asked be gone, it still runs to its end: a file that a thread is writing to
    must not be closed."""
    task = asyncio.get_running_loop().create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return await asyncio.shield(task)
