"""Files of messages that wait, on their way to the server, a piece at a time.

- Under the key that stands on disk an upload is found again, by this run of the program or the next, and goes on where
  the server says.
- After a failure it rests for the backoff, or the time told if that is longer; a piece that got through sets the count
  of failures to nothing. A refusal, and a file that is gone or has changed, is for good.
- Messages of different conversations take turns, piece by piece: a large file holds up nobody else's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import httpx

from messenger_client import sources
from messenger_client.backoff import DEFAULT_BACKOFF, Backoff
from messenger_client.errors import Refused, SignedOut, Unavailable
from messenger_client.model import Unsent, UnsentFile
from messenger_client.protocol import Frame
from messenger_client.tus import PIECE_BYTES, Tus

# The last piece is answered when the whole file was looked at.
TIMEOUT_S = 60.0
# Pieces under way at a time: what is held in memory, and no more than the server takes of one person.
AT_ONCE = 2
UNFINISHED = "UNAVAILABLE"
# Nothing is wrong with the file: where it goes on is asked anew, or it is announced anew.
ASTRAY = frozenset({"WRONG_OFFSET", "NOT_FOUND"})


class Uploads:
    """`headers()`: what authenticates. `spawn(work)`: carries it out beside. `uploaded(client_id, key, attachment)`:
    is on disk when it returns. `rejected` and `given_up` (client_id, code, reason)."""

    def __init__(
        self,
        server: str,
        headers: Callable[[], Mapping[str, str]],
        spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"],
        uploaded: Callable[[str, str, Frame], Awaitable[None]],
        rejected: Callable[[str, str, str], None],
        given_up: Callable[[str, str, str], None],
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._server = server
        self._headers = headers
        self._spawn = spawn
        self._uploaded = uploaded
        self._rejected = rejected
        self._given_up = given_up
        self._backoff = backoff
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._carrying: dict[str, asyncio.Task[None]] = {}

    def begin(self, item: Unsent) -> None:
        """Nothing new while it is at it."""
        if item.client_id not in self._carrying:
            self._carrying[item.client_id] = self._spawn(self._carry(item))

    def drop(self, client_id: str) -> None:
        """It is not wanted any more, or cannot go on just now."""
        task = self._carrying.pop(client_id, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def carry(self, file: UnsentFile) -> Frame:
        """One file that is no message's; the attachment it becomes. Raises Refused, SignedOut, Unavailable."""
        async with httpx.AsyncClient(base_url=self._server, timeout=TIMEOUT_S) as client:
            return await self._upload(client, file)

    async def _upload(self, client: httpx.AsyncClient, file: UnsentFile) -> Frame:
        return await _Upload(Tus(client, self._headers), file, self._turns, self._backoff).run()

    async def _carry(self, item: Unsent) -> None:
        """All of its files, in order."""
        try:
            async with httpx.AsyncClient(base_url=self._server, timeout=TIMEOUT_S) as client:
                for file in item.files:
                    if file.attachment is None:
                        await self._uploaded(item.client_id, file.key, await self._upload(client, file))
        except Refused as error:
            self._rejected(item.client_id, error.code or "", str(error))
        except Unavailable as error:
            self._given_up(item.client_id, error.code or UNFINISHED, str(error))
        except SignedOut:
            # The connection meets the same, and when it is back this begins anew.
            return
        finally:
            if self._carrying.get(item.client_id) is asyncio.current_task():
                del self._carrying[item.client_id]


class _Upload:
    """Of one file."""

    def __init__(self, tus: Tus, file: UnsentFile, turns: asyncio.Semaphore, backoff: Backoff) -> None:
        self._tus = tus
        self._file = file
        self._turns = turns
        self._backoff = backoff
        self._id: str | None = None
        self._failures = 0

    async def run(self) -> Frame:
        """The attachment. Raises Refused, SignedOut, and Unavailable when the attempts are used up."""
        while True:
            try:
                return await self._attempt()
            except Refused as error:
                if error.code not in ASTRAY:
                    raise
                if error.code == "NOT_FOUND":
                    self._id = None
                await self._rest(Unavailable(str(error), error.code))
            except Unavailable as error:
                await self._rest(error)

    async def _attempt(self) -> Frame:
        if self._id is None:
            self._id = await self._tus.announce(self._file.name, self._file.key, self._file.size)
        if (found := await self._tus.complete(self._id)) is not None:
            return found
        offset = await self._tus.offset(self._id)
        while True:
            async with self._turns:
                piece = await asyncio.to_thread(sources.read, self._file, offset, PIECE_BYTES)
                offset = await self._tus.append(self._id, offset, piece)
            if offset >= self._file.size:
                break
            self._failures = 0
        if (found := await self._tus.complete(self._id)) is None:
            raise Unavailable("The server does not say what the file has become.")
        return found

    async def _rest(self, error: Unavailable) -> None:
        self._failures += 1
        pause = self._backoff.delay_ms(self._failures)
        if pause is None:
            raise error
        await asyncio.sleep(max(pause, error.retry_after_ms) / 1000)
