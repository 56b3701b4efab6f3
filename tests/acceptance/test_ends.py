"""The end of a process by SIGTERM, as every deployment does it; and the refusal to start where a tick would lie."""

import asyncio
import contextlib
import os
import subprocess

import pytest

from messenger import commands
from tests.acceptance.conftest import Cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import Celery, House
from tests.acceptance.template import CLONE
from tests.acceptance.verdict import verdict
from tests.acceptance.wire import connect
from tests.faults.history import History

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

EACH = 300
SPREAD_MS = 3_000
SOCKETS = 12


async def test_sigterm_tells_clients_settles_and_closes(house: House, cast: Cast) -> None:
    """What was sent before is answered, everyone is told when to come back, and then closed with 4503."""
    async with contextlib.AsyncExitStack() as stack:
        alice = await stack.enter_async_context(connect(house.addresses[0], cast.alice))
        conv = await alice.open(cast.bob.username)
        others = [
            await stack.enter_async_context(connect(house.addresses[0], house.sign_in(cast.bob.username)))
            for _ in range(SOCKETS)
        ]
        ending = asyncio.create_task(asyncio.to_thread(house.end, "web-1"))
        sent = 0
        while not alice.of("reconnect") and not ending.done():
            sent += 1
            try:
                await alice.send(conv, f"{sent}", f"{sent}")
            except Exception:
                break
        codes = [await wire.closed() for wire in (alice, *others)]
        await ending
        assert codes == [4503] * (SOCKETS + 1)
        delays = [wire.of("reconnect")[0]["after_ms"] for wire in (alice, *others)]
        assert all(0 <= delay <= SPREAD_MS for delay in delays)
        assert len(set(delays)) > 1
    await asyncio.to_thread(house.restart, "web-1")
    async with connect(house.addresses[0], cast.alice) as again:
        assert again.conversations[conv]["head"] >= sent - 1


async def test_phones_come_back_by_the_other_process(house: House, cast: Cast) -> None:
    """Both processes are replaced one after the other while two people write: nothing is lost or doubled."""
    history = History()
    async with (
        Phone(house.address, cast.alice, history, sees=True) as alice,
        Phone(house.address, cast.bob, history, sees=True) as bob,
    ):
        conv = await alice.open(cast.bob.username)
        await bob.until(lambda: conv in bob.conversations)
        writers = [asyncio.create_task(write(phone, conv)) for phone in (alice, bob)]
        for name in ("web-1", "web-2"):
            await alice.until(lambda: alice.store.received(conv) > 0)
            await asyncio.to_thread(house.end, name)
            await asyncio.to_thread(house.restart, name)
        await asyncio.gather(*writers)
        findings = await verdict(house, [alice, bob], conv, 2 * EACH)
        assert not findings, "\n".join(findings[:20])
        assert 4503 in alice.closes and 4503 in bob.closes


async def write(phone: Phone, conv: str) -> None:
    for n in range(EACH):
        await phone.until(lambda: len(phone.store.outbox) < 20, 60)
        phone.send(conv, f"{phone.who.username} {n}")
        await asyncio.sleep(0.005)


def test_no_start_on_a_database_that_would_forget(house: House) -> None:
    """In production mode: one line, status 2."""
    with House(web=0, celery=Celery.NONE, options={"fsync": "off"}) as forgetful:
        production = {
            "MODE": "production",
            "ALLOWED_HOSTS": "chat.example",
            "DATABASE_URL": forgetful.dsn,
            "SECRET_KEY": "x" * 50,
        }
        for server in ("daphne", "uvicorn"):
            done = subprocess.run(
                commands.web(server, "127.0.0.1", 1),
                cwd=CLONE,
                env={**os.environ, **forgetful.environment, **production},
                capture_output=True,
                text=True,
                timeout=60,
            )
            lines = (done.stdout + done.stderr).strip().splitlines()
            assert done.returncode == 2
            assert lines == ["messenger: PostgreSQL has fsync=off: a tick could lie. Turn it on."]
