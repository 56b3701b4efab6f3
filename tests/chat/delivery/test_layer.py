"""Hints between processes over a real Redis: dropped without harm, and heard again after anything."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import pytest_asyncio
from channels.layers import channel_layers, get_channel_layer
from channels_redis.pubsub import RedisPubSubChannelLayer
from redis import Redis

from chat.delivery import layer as module
from chat.delivery.announce import announce
from chat.delivery.ending import close_layer, end_all
from chat.delivery.layer import MAX_WAITING, Listener, Publisher
from messenger.embedded import Redis as RedisServer
from tests.servers import new_folder
from tests.threads import in_thread
from tests.waiting import until


@pytest.fixture(scope="module")
def owner() -> Iterator[ThreadPoolExecutor]:
    """The kernel ends a server with the thread that made it."""
    with ThreadPoolExecutor(max_workers=1) as owner:
        yield owner


@pytest.fixture(scope="module")
def server(owner: ThreadPoolExecutor) -> Iterator[RedisServer]:
    """A Redis of its own, to be killed."""
    server = RedisServer(new_folder("redis-") / "redis")
    owner.submit(server.start).result()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def channel_layer(server: RedisServer) -> Iterator[None]:
    ours = channel_layers.backends.get("default")
    host = {"address": server.url, "socket_connect_timeout": 2, "socket_timeout": 10, "health_check_interval": 5}
    channel_layers.set("default", RedisPubSubChannelLayer(hosts=[host]))
    yield
    if ours is None:
        del channel_layers.backends["default"]
    else:
        channel_layers.set("default", ours)


class Process:
    """One web process's publisher and listener."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []
        self.publisher = Publisher()
        self.listener = Listener(self.publisher, self._hear)
        runs = (self.publisher.run, self.listener.run, self.listener.canaries)
        self.tasks = [asyncio.create_task(run()) for run in runs]

    def _hear(self, event: dict[str, Any]) -> None:
        if event["type"] == "bad":
            raise KeyError("bad")
        if event["type"] != "canary":
            self.heard.append(event)

    def say(self, text: str) -> None:
        self.publisher.publish({"type": "test", "origin": self.listener.process, "text": text})

    async def hears_from(self, other: "Process", text: str) -> None:
        """`other` says it until it is heard: hints may be lost."""

        def heard() -> bool:
            other.say(text)
            return text in [event.get("text") for event in self.heard]

        await until(heard)

    async def end(self) -> None:
        await end_all(self.tasks)


@pytest_asyncio.fixture
async def pair(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Process, Process]]:
    monkeypatch.setattr(module, "CANARY_S", 0.2)
    monkeypatch.setattr(module, "RECEIVE_TIMEOUT_S", 1.0)
    processes = Process(), Process()
    yield processes
    for process in processes:
        await process.end()
    await close_layer()


Pair = tuple[Process, Process]


async def test_the_others_hear_and_oneself_does_not(pair: Pair) -> None:
    one, two = pair
    await two.hears_from(one, "hello")
    await one.hears_from(two, "hello back")
    assert "hello" not in [event["text"] for event in one.heard]


async def test_a_hint_nobody_understands_does_not_deafen(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    one, two = pair
    await two.hears_from(one, "before")
    one.publisher.publish({"type": "bad", "origin": one.listener.process})
    await two.hears_from(one, "after")
    await until(lambda: "hint not understood" in caplog.text)


class OneEvent:
    """A channel layer, as far as a listener needs one, that hands out one event, when it is told to."""

    def __init__(self) -> None:
        self.event: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.is_asked = asyncio.Event()

    async def new_channel(self) -> str:
        return "channel"

    async def group_add(self, group: str, channel: str) -> None: ...

    async def group_discard(self, group: str, channel: str) -> None: ...

    async def receive(self, channel: str) -> dict[str, Any]:
        if self.is_asked.is_set():
            await asyncio.Event().wait()
        self.is_asked.set()
        return await self.event


async def test_an_event_at_the_very_end_does_not_keep_it_listening(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = OneEvent()
    monkeypatch.setattr(module, "get_channel_layer", lambda: layer)
    listening = asyncio.create_task(Listener(Publisher(), lambda event: None).run())
    await layer.is_asked.wait()
    layer.event.set_result({"type": "canary", "origin": "another"})
    # In the loop's very next turns.
    await asyncio.sleep(0)
    listening.cancel()
    done, _ = await asyncio.wait([listening], timeout=5)
    assert done


async def test_redis_killed_and_back_is_heard_again(pair: Pair, server: RedisServer, owner: ThreadPoolExecutor) -> None:
    one, two = pair
    await two.hears_from(one, "before")
    server.kill()
    one.say("into the void")
    await asyncio.wrap_future(owner.submit(server.start))
    await two.hears_from(one, "after")
    await one.hears_from(two, "after too")


async def test_a_deaf_subscription_is_noticed_by_its_own_canary(pair: Pair, server: RedisServer) -> None:
    """Half-open connections and a forgotten subscription raise no error; only nothing is heard any more."""
    one, two = pair
    await two.hears_from(one, "before")
    with Redis.from_url(server.url) as direct:
        subscribers = {client["id"] for client in direct.client_list() if int(client["sub"])}
        assert subscribers
        layer = get_channel_layer()
        for shard in layer._shards:
            await shard._pubsub.unsubscribe()
        await until(lambda: not any(int(client["sub"]) for client in direct.client_list()))
    await two.hears_from(one, "after")


async def test_publishing_never_waits_and_is_bounded() -> None:
    publisher = Publisher()
    for n in range(MAX_WAITING + 10):
        publisher.publish({"type": "test", "n": n})
    heard: list[Any] = []
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(module.GROUP, channel)
    running = asyncio.create_task(publisher.run())
    for _ in range(MAX_WAITING):
        heard.append((await asyncio.wait_for(layer.receive(channel), 10))["n"])
    assert heard == list(range(10, MAX_WAITING + 10))
    await end_all([running])
    await close_layer()


async def test_a_listener_told_to_hears_nothing(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even what Celery says, nor its own canaries: they only keep it listening."""
    monkeypatch.setenv("MESSENGER_DROP_LAYER", "1")
    deaf = Process()
    try:
        one, other = pair
        await one.hears_from(other, "ready")
        await in_thread(announce, {"type": "ticks", "text": "from celery"})
        await until(lambda: any(event.get("text") == "from celery" for event in one.heard))
        assert deaf.heard == []
    finally:
        await deaf.end()


async def test_celery_is_heard_too(pair: Pair) -> None:
    one, _ = pair
    await one.hears_from(pair[1], "ready")
    await in_thread(announce, {"type": "ticks", "text": "from celery"})
    await until(lambda: any(event.get("text") == "from celery" for event in one.heard))
