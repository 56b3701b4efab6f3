"""One address in front of several web processes: real TCP, round robin, no health checks.

A connection goes to the next process that accepts it, and ends when either side ends it. So a client sees what it
would see behind a load balancer: the process it gets may be another one each time, and dies under it.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Sequence

CHUNK = 65_536


class Balancer:
    """Runs in a thread with an event loop of its own. `ports`: the processes', on the loopback address."""

    def __init__(self, port: int, ports: Sequence[int]) -> None:
        self.port = port
        self._ports = list(ports)
        self._turn = itertools.cycle(range(len(ports)))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="balancer", daemon=True)
        self._ready = threading.Event()
        self._ended = asyncio.Event()

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Harmless when it was never started."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", self.port, backlog=4096)
        self._ready.set()
        await self._ended.wait()
        await shut(server)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(asyncio.CancelledError):
            found = await self._connect()
            if found is None:
                return
            back_reader, back_writer = found
            with contextlib.closing(back_writer):
                ways = {
                    asyncio.create_task(_copy(reader, back_writer)),
                    asyncio.create_task(_copy(back_reader, writer)),
                }
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    for way in ways:
                        way.cancel()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        first = next(self._turn)
        for port in self._ports[first:] + self._ports[:first]:
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        return None


async def shut(server: asyncio.Server) -> None:
    """The end of a loop that does nothing else: no new connections, and those under way are cut off."""
    server.close()
    carrying = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in carrying:
        task.cancel()
    await asyncio.gather(*carrying, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
