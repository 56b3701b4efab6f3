"""Between a process and PostgreSQL, counting what goes through: statements, exchanges, commits.

An exchange is a point at which the client waits for the server: one query message, or one Sync or Flush at the end
of a pipeline. Counted from PostgreSQL's own wire protocol, so nothing that is measured does the counting.
"""

import asyncio
import contextlib
import threading
from collections import Counter
from pathlib import Path

from tests.acceptance.balancer import shut

SOCKET = ".s.PGSQL.5432"
STATEMENTS = {b"Q", b"E"}
EXCHANGES = {b"Q", b"S", b"H"}
# A connection is known by a statement it prepares.
APPEND = b"INSERT INTO chat_message"


class Side:
    """One direction of one connection, cut into messages: a byte, a length, the rest."""

    def __init__(self, counts: Counter[str], has_startup: bool) -> None:
        self._counts = counts
        self._buffer = b""
        self._has_startup = has_startup
        self.appends = False

    def feed(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head = 0 if self._has_startup else 1
            if len(self._buffer) < head + 4:
                return
            end = head + int.from_bytes(self._buffer[head : head + 4], "big")
            if len(self._buffer) < end:
                return
            kind, rest = self._buffer[:head], self._buffer[head + 4 : end]
            self._buffer = self._buffer[end:]
            self._has_startup = False
            self._count(kind, rest)

    def _count(self, kind: bytes, rest: bytes) -> None:
        self._counts["statements"] += kind in STATEMENTS
        self._counts["exchanges"] += kind in EXCHANGES
        self._counts["commits"] += kind == b"C" and rest == b"COMMIT\0"
        self.appends |= APPEND in rest


class Tap:
    """Listens on a Unix socket in `folder` and passes on to the server's in `server`. Runs in a thread."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.folder = folder
        self._server = server / SOCKET
        self._connections: list[tuple[Counter[str], Side]] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), daemon=True)

    def start(self) -> None:
        self.folder.mkdir()
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)
        self._loop.close()

    def totals(self, appending: bool) -> Counter[str]:
        """Of all connections, or of those alone that append messages."""
        chosen = [counts for counts, side in self._connections if side.appends or not appending]
        return sum([counts.copy() for counts in chosen], Counter[str]())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._carry, str(self.folder / SOCKET))
        self._ready.set()
        await self._ended.wait()
        await shut(server)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_unix_connection(str(self._server))
        counts: Counter[str] = Counter()
        asked, answered = Side(counts, has_startup=True), Side(counts, has_startup=False)
        self._connections.append((counts, asked))
        with (
            contextlib.closing(writer),
            contextlib.closing(back_writer),
            contextlib.suppress(asyncio.CancelledError),
        ):
            await asyncio.gather(_copy(reader, back_writer, asked), _copy(back_reader, writer, answered))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, side: Side) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            side.feed(data)
            writer.write(data)
            await writer.drain()
        writer.write_eof()
