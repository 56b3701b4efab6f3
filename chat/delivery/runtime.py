"""The parts of one web process, put together: who hands what to whom.

    consumer -> committer -> hub -> outlets          (and hints to other processes)
    other processes -> listener -> hub
    database -> reconciler, filler -> hub
    sockets -> presence -> leases in Redis           (and back)
    acknowledgements -> receipts buffer -> Redis
    what people do -> quotas -> Redis             (and what it lends back)

Started by the first socket (or the server's lifespan), one for each event loop; `shutdown` lets the committer run
dry and tells clients to come back.
"""

import asyncio
import logging
import random
import signal
import threading
from contextvars import Context

from django.conf import settings
from redis.asyncio import Redis

from chat.delivery.doorkeeper import Doorkeeper
from chat.delivery.effects import Postman
from chat.delivery.ending import close_layer, end_all
from chat.delivery.fill import Filler
from chat.delivery.hub import Hub
from chat.delivery.layer import Listener, Publisher
from chat.delivery.leases import Leases
from chat.delivery.places import Places
from chat.delivery.presence import Presence
from chat.delivery.reconcile import Reconciler
from chat.log.bearers import Bearers
from chat.log.committer import Committer
from chat.log.pool import Database
from chat.protocol.errors import CloseCode
from chat.quota.quotas import Quotas
from receipts.buffer import ReceiptBuffer

logger = logging.getLogger(__name__)

# Clients of a stopping process come back spread over this long, in milliseconds.
RECONNECT_SPREAD_MS = 3_000
DRAIN_S = 3.0
FAREWELL_S = 0.5
LEAVE_S = 2.0
PAUSE_S = 0.02


class Runtime:
    """Everything a socket needs, by name."""

    def __init__(self) -> None:
        self.database = Database(settings.POSTGRES_DSN)
        self.tokens = Database(settings.POSTGRES_DSN, size=1, checked=False)
        self.bearers = Bearers(self.tokens)
        self.redis = Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=2)
        self.receipts = ReceiptBuffer(self.redis)
        self.quotas = Quotas(self.redis)
        self.publisher = Publisher()
        self.places = Places()
        self.filler = Filler(self.database, self.places)
        self.door = Doorkeeper(self.database, self.places)
        self.postman = Postman(self.publisher, self.door)
        self.hub = Hub(self.filler.want, self.door.reload)
        self.filler.hub = self.postman.hub = self.door.hub = self.hub
        self.listener = Listener(self.publisher, self.postman.heard)
        self.postman.process, self.postman.neighbours = self.listener.process, self.listener.neighbours
        leases = Leases(self.redis, self.postman.process, settings.PRESENCE_LEASE_S)
        self.presence = self.postman.presence = Presence(self.hub, self.database, leases)
        self.committer = Committer(settings.POSTGRES_DSN, self.postman.settled)
        self.reconciler = Reconciler(self.database, self.postman)
        # At a time; the others wait for their turn, so that what is read for one is not kept waiting by a thousand.
        self.handshakes = asyncio.Semaphore(2)
        self.greetings = asyncio.Semaphore(2)
        self.revising = asyncio.Semaphore(2)
        self.searching = asyncio.Semaphore(2)
        self.stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.database.open()
        await self.tokens.open()
        self.committer.start()
        runs = [self.publisher.run, self.listener.run, self.listener.canaries, self.receipts.run, self.reconciler.run]
        runs += [self.presence.run, self.quotas.run]
        self._tasks = [asyncio.get_running_loop().create_task(run(), name=run.__qualname__) for run in runs]

    async def stop(self) -> None:
        """Tells clients to reconnect, settles what is in the committer, writes acknowledgements out."""
        if self.stopping:
            return
        self.stopping = True
        sessions = self.hub.sessions()
        for session in sessions:
            session.write({"t": "reconnect", "after_ms": random.randint(0, RECONNECT_SPREAD_MS)})
        await asyncio.wait([asyncio.ensure_future(self.committer.stop())], timeout=DRAIN_S)
        await self.receipts.flush()
        await asyncio.wait([asyncio.ensure_future(self.presence.stop())], timeout=FAREWELL_S)
        await asyncio.gather(*(session.outlet.flushed(FAREWELL_S) for session in sessions))
        for session in sessions:
            session.end(CloseCode.RESTARTING)
        await self._all_left()
        await end_all(self._tasks)
        await self.filler.stop()
        await self.database.close()
        await self.tokens.close()
        await self.redis.aclose()

    async def _all_left(self) -> None:
        """Until the closes have been answered, at most LEAVE_S: a server that ends before cuts them off."""
        for _ in range(round(LEAVE_S / PAUSE_S)):
            if not self.hub.people:
                return
            await asyncio.sleep(PAUSE_S)


# The loop itself holds its tasks weakly.
_draining: list[asyncio.Task[None]] = []
_running: dict[asyncio.AbstractEventLoop, "asyncio.Task[Runtime]"] = {}


async def running() -> Runtime:
    """This event loop's runtime, started when first asked for."""
    loop = asyncio.get_running_loop()
    if loop not in _running:
        # In a context of its own: the ids of the socket that came first are not to be on its log lines for ever.
        _running[loop] = loop.create_task(_start(), name="runtime", context=Context())
    return await asyncio.shield(_running[loop])


async def _start() -> Runtime:
    runtime = Runtime()
    await runtime.start()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            _drain_before(number, runtime)
    return runtime


def _drain_before(number: signal.Signals, runtime: Runtime) -> None:
    """Both servers cut all sockets as soon as they are told to end, so we hear of it first. The signal handler that
    was there gets its turn when clients have been told, or at once when the signal comes again."""
    loop, then = asyncio.get_running_loop(), signal.getsignal(number)
    if not callable(then):
        return

    async def drain() -> None:
        try:
            await runtime.stop()
            await close_layer()
        finally:
            then(number, None)

    def heard(*_: object) -> None:
        signal.signal(number, then)
        loop.call_soon_threadsafe(lambda: _draining.append(loop.create_task(drain(), name="drain")))

    signal.signal(number, heard)


async def startup() -> None:
    """For servers with a lifespan (uvicorn)."""
    await running()


async def shutdown() -> None:
    task = _running.pop(asyncio.get_running_loop(), None)
    if task is not None:
        await (await task).stop()
