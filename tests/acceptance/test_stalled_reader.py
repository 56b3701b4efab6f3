"""A socket whose reader has stopped: the others do not feel it, the process does not grow, and it is cut off."""

import asyncio
import os
from contextlib import AsyncExitStack

import psutil
import pytest

from tests.acceptance.app import apps
from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.uploading import address, begin, patch
from tests.acceptance.wire import Wire, connect
from tests.waiting import until

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

EACH = 2_500
BODY = "x" * 1_000
WINDOW = 256
# What 5,000 such messages would take, queued for one socket, is 6 MB; what the pages below would take is 300 MB.
PUSHES_MB, PAGES_MB = 25, 60
# Four bytes a character, as many characters as a message may have: a page ends after 256 KiB of them.
WIDE = "\N{FIRE}" * 4_096
FETCHES = 1_200
BURST = 600


def memory_mb(house: House, name: str) -> float:
    return float(psutil.Process(house.parts[name].pid).memory_info().rss) / 2**20


async def write(phone: Phone, conv: str) -> None:
    for n in range(EACH):
        await phone.until(lambda: len(phone.store.outbox) < 100)
        phone.send(conv, f"{n} {BODY}")


async def test_others_flow_past_a_stalled_socket(house: House, cast: Cast) -> None:
    """5,000 messages to two devices of bob in one process, one of which does not read."""
    here = house.addresses[0]
    tablet = house.sign_in(cast.bob.username)
    async with (
        Phone(here, cast.alice) as alice,
        Phone(here, cast.carol) as carol,
        Phone(here, cast.bob) as bob,
        connect(here, tablet, deaf=True) as deaf,
    ):
        convs = [await alice.open(cast.bob.username), await carol.open(cast.bob.username)]
        await bob.until(lambda: set(convs) <= set(bob.conversations))
        before = memory_mb(house, "web-1")
        await asyncio.gather(write(alice, convs[0]), write(carol, convs[1]))
        for phone, conv in ((alice, convs[0]), (carol, convs[1])):
            await bob.until(lambda conv=conv: bob.store.received(conv) == EACH)
            await phone.until(lambda p=phone, c=conv: p.ticks.get((c, cast.bob.user, "DELIVERED"), 0) == EACH)
        assert memory_mb(house, "web-1") - before < PUSHES_MB
        # Once it reads again it is at most a window behind the first entry; its acknowledgements bring the rest.
        await catch_up(deaf, convs)


async def catch_up(deaf: Wire, convs: list[str]) -> None:
    stored = dict.fromkeys(convs, 0)
    unacknowledged = 0
    async with asyncio.timeout(60):
        while min(stored.values()) < EACH:
            frame = await deaf.hear("messages")
            seqs = [entry["seq"] for entry in frame["entries"]]
            # On a slow machine retention comes by meanwhile: of so many only the newest are kept for a device.
            resets = [reset["horizon"] for reset in deaf.of("reset") if reset["conv"] == frame["conv"]]
            # And a nudge says again what is owed for long: nothing is left out, some may come twice.
            known = max(stored[frame["conv"]], *resets, 0)
            assert seqs[0] <= known + 1 and seqs == list(range(seqs[0], seqs[-1] + 1))
            unacknowledged += max(0, seqs[-1] - known)
            stored[frame["conv"]] = max(stored[frame["conv"]], seqs[-1])
            if unacknowledged >= WINDOW:
                # A run that began inside the window may end beyond it, never begin beyond it.
                assert unacknowledged < 3 * WINDOW
                unacknowledged = 0
                for conv, seq in stored.items():
                    if seq:
                        await deaf.delivered(conv, seq)


async def test_who_asks_and_does_not_read_is_cut_off(house: House, cast: Cast) -> None:
    """Pages asked for come without a window: a socket that takes none of them is closed, not served for ever."""
    here = house.addresses[0]
    async with connect(here, cast.alice) as alice, connect(here, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for n in range(100):
            assert (await alice.send(conv, f"{n}{WIDE[3:]}"))["type"] == "ACCEPTED"
        await bob.entry(conv, 100)
        await bob.delivered(conv, 100)
        await alice.tick(conv, "DELIVERED", 100)
        before = memory_mb(house, "web-1")
        async with connect(here, cast.bob, deaf=True) as deaf:
            port = deaf.socket.transport.get_extra_info("sockname")[1]
            await ask_for_pages(deaf, conv)
            await gone(house, "web-1", port)
        assert memory_mb(house, "web-1") - before < PAGES_MB
        assert (await alice.send(conv, "undisturbed"))["seq"] == 101
        assert await bob.still_works()


async def test_a_burst_of_the_longest_messages_is_no_stall(house: House, cast: Cast) -> None:
    """600 at once, 10 MB: who reads gets them all on one connection, live and as pages."""
    tablet = house.sign_in(cast.bob.username)
    async with (
        connect(house.addresses[0], cast.alice) as alice,
        connect(house.addresses[0], cast.bob) as bob,
        Phone(house.addresses[1], tablet) as phone,
    ):
        conv = await alice.open(cast.bob.username)
        await phone.until(lambda: conv in phone.conversations)
        for n in range(BURST):
            await alice.say({"t": "send", "conv": conv, "client_id": f"{n}", "body": f"{n:03}{WIDE[3:]}"})
        stored = 0
        while stored < BURST:
            frame = await bob.hear("messages")
            stored = frame["entries"][-1]["seq"]
            await bob.delivered(conv, stored)
        await phone.until(lambda: phone.store.received(conv) == BURST)
        assert [entry["body"][:3] for entry in phone.store.entries[conv].values()] == [f"{n:03}" for n in range(BURST)]
        assert phone.closes == []
        # A page is cut where it becomes too large, and asked on from there.
        seqs: list[int] = []
        while len(seqs) < 100:
            page = await bob.ask({"t": "fetch", "conv": conv, "from": len(seqs) + 1, "to": 100}, "page")
            assert page["to"] == page["entries"][-1]["seq"]
            seqs += [entry["seq"] for entry in page["entries"]]
        assert seqs == list(range(1, 101))


async def ask_for_pages(deaf: Wire, conv: str) -> None:
    try:
        for _ in range(FETCHES):
            await deaf.say({"t": "fetch", "conv": conv, "from": 1, "to": 100})
    except OSError:
        return


async def gone(house: House, name: str, port: int) -> None:
    """Until the process holds no connection with that port of ours."""
    process = psutil.Process(house.parts[name].pid)

    def is_gone() -> bool:
        return not any(found.raddr and found.raddr.port == port for found in process.net_connections("tcp"))

    await until(is_gone)


# Several downloads of one file that nobody reads; all of it would be held in memory.
DOWNLOADS, FILE_BYTES, HELD_MB = 8, 12_000_000, 30


async def test_downloads_that_nobody_reads_are_not_held_in_memory(house: House, cast: Cast) -> None:
    content = os.urandom(FILE_BYTES)
    async with apps(house, cast.alice.username) as (alice,), AsyncExitStack() as sockets:
        file = await begin(alice, FILE_BYTES)
        for at in range(0, FILE_BYTES, 4_000_000):
            assert (await patch(alice, file, at, content[at : at + 4_000_000])).status_code == 204
        url = (await address(alice, file))["url"]
        assert (await alice.http.get(url)).content == content
        before = memory_mb(house, "web-1")
        readers = []
        for _ in range(DOWNLOADS):
            reader, writer = await asyncio.open_connection(*where(house), limit=65_536)
            sockets.callback(writer.close)
            writer.write(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
            readers.append(reader)
        for reader in readers:
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        # The process has had time for more, and others are answered.
        for _ in range(20):
            assert (await alice.http.get(url, headers={"Range": "bytes=0-99"})).content == content[:100]
        assert memory_mb(house, "web-1") - before < HELD_MB
        # Whoever reads after all gets all of it.
        await readers[0].readuntil(b"\r\n\r\n")
        assert await asyncio.wait_for(readers[0].readexactly(FILE_BYTES), 60) == content


def where(house: House) -> tuple[str, int]:
    return "127.0.0.1", int(house.addresses[0].rpartition(":")[2])
