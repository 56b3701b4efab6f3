"""Django's synchronous side in threads: from a test that runs in an event loop, or twice at once."""

import asyncio
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import connection

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs `work` in a thread, which leaves no connection behind."""

    def call() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connection.close()

    return await asyncio.to_thread(call)


def at_once(work: Callable[[], T], times: int = 2) -> list[T]:
    """Runs `work` in some threads that start together; what each returned."""
    results: list[T] = []
    barrier = threading.Barrier(times)

    def call() -> None:
        try:
            barrier.wait()
            results.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == times
    return results
