"""The way to one socket: in order, bounded, and nobody else's trouble."""

import asyncio
from typing import Any

import pytest

from chat.delivery import outlet as module
from chat.delivery.outlet import MAX_QUEUED_CHARS, Outlet
from chat.protocol.errors import CloseCode
from tests.waiting import until


class Socket:
    """What a server gives: `send` waits while the reader stalls."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.is_gone = False

    async def send(self, event: dict[str, Any]) -> None:
        await self.reads.wait()
        if self.is_gone:
            raise ConnectionError
        self.sent.append(event)

    def cut(self) -> None:
        self.is_gone = True

    @property
    def texts(self) -> list[str]:
        return [event["text"] for event in self.sent if event["type"] == "websocket.send"]


def tasks() -> int:
    return len(asyncio.all_tasks())


async def test_frames_go_out_in_order_by_a_task_that_ends() -> None:
    socket = Socket()
    outlet = Outlet(socket.send, socket.cut)
    idle = tasks()
    for n in range(100):
        assert outlet.write(str(n))
    assert tasks() == idle + 1
    await outlet.flushed(10)
    assert socket.texts == [str(n) for n in range(100)]
    await until(lambda: tasks() == idle)
    assert outlet.write("more")
    await outlet.flushed(10)
    assert socket.texts[-1] == "more"


async def test_a_stalled_reader_costs_the_others_nothing_and_is_cut_off() -> None:
    stalled, other = Socket(), Socket()
    stalled.reads.clear()
    to_stalled, to_other = Outlet(stalled.send, stalled.cut), Outlet(other.send, other.cut)
    text = "x" * 65_536
    written = 0
    while to_stalled.write(text):
        written += len(text)
        assert to_other.write("hi")
        await to_other.flushed(10)
    assert written <= MAX_QUEUED_CHARS
    assert len(other.texts) == written // len(text)
    assert to_stalled.broken and not to_stalled.write("more")
    await until(lambda: tasks() == 1)


async def test_a_socket_that_is_gone_is_noticed() -> None:
    socket = Socket()
    outlet = Outlet(socket.send, socket.cut)
    socket.is_gone = True
    assert outlet.write("hi")
    await until(lambda: outlet.broken)
    assert not outlet.write("hi")
    await outlet.gone()


async def test_closing_forgets_what_waits_and_says_why() -> None:
    socket = Socket()
    socket.reads.clear()
    outlet = Outlet(socket.send, socket.cut)
    outlet.write("never read")
    await asyncio.sleep(0)
    outlet.close(CloseCode.SLOW_READER)
    outlet.close(CloseCode.INTERNAL)
    socket.reads.set()
    await outlet.gone()
    assert socket.sent == [{"type": "websocket.close", "code": 4508}]


async def test_closing_a_stalled_socket_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.05)
    socket = Socket()
    socket.reads.clear()
    outlet = Outlet(socket.send, socket.cut)
    outlet.close(CloseCode.SILENT)
    async with asyncio.timeout(10):
        await outlet.gone()
    assert socket.sent == [] and tasks() == 1
    assert socket.is_gone, "a reader that takes not even a close is cut off"


async def test_waiting_for_a_stalled_socket_is_bounded() -> None:
    socket = Socket()
    socket.reads.clear()
    outlet = Outlet(socket.send, socket.cut)
    outlet.write("hi")
    async with asyncio.timeout(10):
        await outlet.flushed(0.01)
    assert socket.sent == []
    await outlet.gone()
    await until(lambda: tasks() == 1)
