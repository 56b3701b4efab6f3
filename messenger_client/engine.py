"""The parts of a client and how they are joined: link, intake, outbox, store. What the program sees of it is
client.py."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from messenger_client import protocol
from messenger_client.acks import Acks
from messenger_client.downloads import Downloads
from messenger_client.errors import MessengerError, SignedOut, Stopped, StoreFailed
from messenger_client.events import ConnectionChanged, Lasting, Passing, State, SyncProgress
from messenger_client.history import History, Mender
from messenger_client.intake import Intake
from messenger_client.link import Link
from messenger_client.outbox import Outbox
from messenger_client.positions import Positions
from messenger_client.progress import Progress
from messenger_client.requests import Requests
from messenger_client.store import journal, log, meta
from messenger_client.store import outbox as kept_outbox
from messenger_client.store.database import Database
from messenger_client.store.journal import Journal
from messenger_client.stream import Stream
from messenger_client.ticks import Status
from messenger_client.uploads import Uploads
from messenger_client.watchers import Watchers

logger = logging.getLogger("messenger_client")
T = TypeVar("T")


class Engine:
    """`server`: address without a path's end; `listens`: events are kept for the program."""

    def __init__(self, server: str, path: str | Path, listens: bool) -> None:
        self.server = server
        self.account: dict[str, str] = {}
        self.state: State | None = None
        self.database = Database(path)
        self.stream = Stream(self._waiting, self._handled)
        self.link = Link(_socket_url(server), self._handshake, self._hello, self._beat, self._take, self._changed)
        self.positions = Positions()
        self.watchers = Watchers()
        self.acks = Acks(self.transmit)
        self.uploads = Uploads(server, self.headers, self._beside, self._uploaded, self._rejected, self._given_up)
        self.outbox = Outbox(self.transmit, self.is_online, self._failed, self.uploads)
        self.downloads = Downloads(server, self.headers)
        self.requests = Requests(self.transmit, lambda: self.until(State.CATCHING_UP, State.LIVE))
        self.history = History(self.requests)
        self.progress = Progress(lambda done, total: self.tell(SyncProgress(done, total)))
        self.mender = Mender(
            self.history, lambda conv: self.positions.known.get(conv), lambda: self.progress.is_flowing
        )
        self._listens = listens
        self._intake = Intake(self)
        self._is_ready = False
        self._ended: MessengerError | None = None
        self._new_state = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        # The token of the connection's last handshake.
        self._shown: str | None = None

    @property
    def me(self) -> str:
        return self.account["user"]

    @property
    def device(self) -> str:
        return self.account["device"]

    def headers(self) -> Mapping[str, str]:
        """What authenticates. Raises SignedOut."""
        if "token" not in self.account:
            raise SignedOut()
        return {"Authorization": f"Bearer {self.account['token']}"}

    def _handshake(self) -> Mapping[str, str]:
        """What authenticates the connection."""
        found = self.headers()
        self._shown = self.account["token"]
        return found

    # From start to end

    async def load(self) -> None:
        """What is stored is there at once, also without a network. Raises StoreFailed, StoreInUse."""
        await self.database.open()
        self.account = await self.database.run(meta.account)
        self.positions.epoch = await self.database.run(lambda db: meta.get(db, "epoch"))
        self.positions.load(await self.database.run(log.places))
        self.outbox.load(await self.database.run(kept_outbox.all_of))

    def start(self) -> None:
        """Connects, and stays connected."""
        if self._runner is None or self._runner.done():
            self._ended = None
            self.stream.resume()
            self._runner = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """The connection ends; all that waits stays."""
        if self._runner is not None:
            if self._is_ready:
                self.acks.flush()
                await self.link.drain()
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._runner = None
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def adopt(self, facts: dict[str, str]) -> None:
        """Who is signed in from now on."""
        await self.database.run(lambda db: meta.put(db, facts))
        self.account |= facts

    async def forget(self) -> None:
        """Everything this device has."""
        await self.stop()
        await self.database.run(meta.forget)
        self.account, self.state = {}, None
        self.positions.epoch = None
        self.positions.load([])
        self.outbox.load([])

    async def close(self) -> None:
        await self.stop()
        self.stream.close()
        self._ended = Stopped("The client is closed.")
        self._new_state.set()
        await self.database.close()
        self.watchers.wake_all()

    async def _run(self) -> None:
        try:
            await self._stay_connected()
        except SignedOut as error:
            # A new one is got by signing in; this one would be refused for ever.
            await self._forget_token()
            self._end(State.SIGNED_OUT, error)
        except MessengerError as error:
            self._end(State.STOPPED, error)
        except Exception as error:
            logger.exception("the client stopped")
            self._end(State.STOPPED, Stopped(f"{Stopped.__doc__} ({type(error).__name__})"))
        finally:
            self._disconnected()

    async def _stay_connected(self) -> None:
        """Raises SignedOut, Stopped."""
        while True:
            try:
                await self.link.run()
            except SignedOut:
                # Of a token that was replaced meanwhile it says nothing about the one in its place.
                if self.account.get("token") in (None, self._shown):
                    raise

    def _end(self, state: State, error: MessengerError) -> None:
        logger.warning("the connection has ended: %s", state.value)
        self._ended = error
        self._changed(state)
        self.stream.end(error)
        self.watchers.wake_all()

    async def _forget_token(self) -> None:
        self.account.pop("token", None)
        await self.database.run(meta.forget_token)

    # The store

    async def write(self, work: Callable[[Journal], T]) -> T:
        """On disk when it returns; who waits for what it tells is told."""
        kept: list[Journal] = []

        def run(db: Any) -> T:
            kept.append(Journal(db, self.account.get("user", ""), self._listens))
            return work(kept[0])

        outcome = await self.database.run(run)
        if kept[0].told:
            self.stream.wake()
        self.watchers.wake(kept[0].statuses)
        return outcome

    def spawn(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Carried out, whoever stops waiting for it."""
        return self._keep(asyncio.create_task(work))

    def _keep(self, task: "asyncio.Task[T]") -> "asyncio.Task[T]":
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _waiting(self, above: int, limit: int) -> list[tuple[int, Lasting | None]]:
        return await self.database.run(lambda db: journal.waiting(db, self.account.get("user", ""), above, limit))

    async def _handled(self, n: int) -> None:
        await self.database.run(lambda db: journal.handled(db, n))

    # The connection

    def transmit(self, frame: protocol.Frame) -> None:
        if self._is_ready:
            self.link.send(frame)

    def is_online(self) -> bool:
        return self._is_ready

    def tell(self, event: Passing) -> None:
        if self._listens:
            self.stream.tell(event)

    def welcomed(self, heartbeat_ms: int) -> None:
        self.link.welcomed(heartbeat_ms)

    def ready(self) -> None:
        """The server has told where everything stands: what waits may go out."""
        self._is_ready = True
        self._changed(State.CATCHING_UP)
        for positions in self.positions.after_hello():
            self.transmit(protocol.ping(positions))
        self.progress.begin(self.positions.known.values())
        self.outbox.resend()

    def caught_up(self) -> None:
        self.progress.end()
        self._changed(State.LIVE)

    def _hello(self) -> protocol.Frame:
        self._intake.begin()
        return protocol.hello(self.positions.epoch, self.positions.at_hello())

    def _beat(self) -> protocol.Frame:
        return protocol.ping(self.positions.at_beat())

    async def _take(self, frame: protocol.Frame) -> None:
        await self._intake.take(frame)

    def _changed(self, state: State) -> None:
        if state not in (State.CATCHING_UP, State.LIVE):
            self._disconnected()
        if state is not self.state:
            self.state = state
            self._new_state.set()
            self._new_state = asyncio.Event()
            self.tell(ConnectionChanged(state))

    async def until(self, *states: State) -> None:
        """Raises why the connection has ended, if it has, and SignedOut when there was none."""
        while self.state not in states:
            if self._ended is not None:
                raise self._ended
            if self._runner is None:
                raise SignedOut()
            await self._new_state.wait()

    def _disconnected(self) -> None:
        self._is_ready = False
        self.acks.drop()
        self.outbox.pause()
        for task in self.mender.drop():
            self._keep(task)
        self.requests.abandon()
        self.progress.end()

    def _failed(self, client_id: str, status: Status, code: str, reason: str) -> None:
        def note(journal: Journal) -> None:
            item = kept_outbox.find(journal.db, client_id)
            if item is not None and kept_outbox.fail(journal.db, client_id, status, code, reason):
                journal.status(item.conversation_id, client_id, status, None, code, reason)

        self.spawn(self._guarded(self.write(note)))

    def _beside(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        return self.spawn(self._guarded(work))

    async def _uploaded(self, client_id: str, key: str, attachment: protocol.Frame) -> None:
        item = await self.write(lambda journal: kept_outbox.uploaded(journal.db, client_id, key, attachment))
        if item is not None:
            self.outbox.uploaded(item)

    def _rejected(self, client_id: str, code: str, reason: str) -> None:
        self.outbox.reject(client_id, code, reason)

    def _given_up(self, client_id: str, code: str, reason: str) -> None:
        self.outbox.give_up(client_id, code, reason)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A store that fails in the midst of this ends the client, like one that fails in the midst of a frame."""
        try:
            await work
        except StoreFailed as error:
            if self._runner is not None:
                self._runner.cancel()
            self._end(State.STOPPED, error)


def _socket_url(server: str) -> str:
    return server.replace("http", "ws", 1) + protocol.PATH
