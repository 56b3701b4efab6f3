"""Files through the client, against a whole messenger and a web server that misbehaves on the way."""

import asyncio
import contextlib
import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from messenger_client import Attachment, Client, InvalidMessage, MessageFailed, Refused, Status, StatusChanged
from messenger_client.tus import PIECE_BYTES
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.uploading import picture
from tests.messenger_client.bot import CLONE
from tests.messenger_client.people import program
from tests.waiting import until

pytestmark = pytest.mark.acceptance

LARGE = 5 * PIECE_BYTES + 12_345


class Road:
    """One TCP address in front of a server. It cuts the first connection on which `cut_at` bytes went up, or down;
    then nobody else gets through until it is `open` again."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.address = ""
        self.cut_at: dict[str, int] = {}
        self.carried = {"up": 0, "down": 0}
        self.cuts = 0
        self.open = asyncio.Event()
        self.open.set()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ways = [self._copy("up", reader, back_writer), self._copy("down", back_reader, writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in (writer, back_writer):
            end.transport.abort()

    async def _copy(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        here = 0
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                here += len(chunk)
                self.carried[way] += len(chunk)
                if here > self.cut_at.get(way, here):
                    del self.cut_at[way]
                    self.cuts += 1
                    self.open.clear()
                    return
                writer.write(chunk)
                await writer.drain()


@asynccontextmanager
async def road(house: House) -> AsyncIterator[Road]:
    found = Road(int(house.addresses[0].rpartition(":")[2]))
    async with await asyncio.start_server(found.carry, "127.0.0.1", 0) as server:
        found.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield found


def written(path: Path, size: int) -> bytes:
    content = os.urandom(size)
    path.write_bytes(content)
    return content


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_files_are_sent_and_downloaded(house: House, cast: Cast, tmp_path: Path) -> None:
    (tmp_path / "tree.png").write_bytes(picture((64, 48)))
    content = written(tmp_path / "ä b.bin", 100_000)
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        chat = await alice.client.open(cast.bob.username)
        outgoing = await alice.client.send(chat, "two", attachments=[tmp_path / "tree.png", str(tmp_path / "ä b.bin")])
        await alice.client.send(chat, "after it")
        await outgoing.reached(Status.DELIVERED, 60)
        await bob.hears("two", "after it")
        tree, other = bob.messages[0].attachments
        assert (tree.name, tree.type, tree.width, tree.height, tree.has_thumbnail) == (
            *("tree.png", "image/png", 64, 48),
            True,
        )
        assert (other.name, other.type, other.size) == ("ä b.bin", "application/octet-stream", len(content))
        saved = await bob.client.download(other, tmp_path / "saved")
        assert saved.read_bytes() == content
        assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []
        own = (await alice.client.history(chat))[0]
        assert own.attachments == (tree, other)
        assert await alice.client.unsent() == []


async def test_mallory_downloads_nothing(house: House, cast: Cast, tmp_path: Path) -> None:
    written(tmp_path / "secret", 10)
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.mallory.username, tmp_path / "mallory") as mallory,
    ):
        chat = await alice.client.open(cast.bob.username)
        await (await alice.client.send(chat, attachments=[tmp_path / "secret"])).reached(Status.SENT, 60)
        [attachment] = (await alice.client.history(chat))[0].attachments
        with pytest.raises(Refused) as refused:
            await mallory.client.download(attachment, tmp_path / "stolen")
        assert refused.value.code == "NOT_FOUND"
        assert not (tmp_path / "stolen").exists()


async def test_an_upload_cut_at_60_percent_goes_on_there(house: House, cast: Cast, tmp_path: Path) -> None:
    content = written(tmp_path / "large", LARGE)
    async with (
        road(house) as way,
        program(house, cast.alice.username, tmp_path / "alice", way.address) as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        chat = await alice.client.open(cast.bob.username)
        other = await alice.client.open(cast.carol.username)
        before = way.carried["up"]
        way.cut_at["up"] = LARGE * 6 // 10
        outgoing = await alice.client.send(chat, "large", attachments=[tmp_path / "large"])
        behind = await alice.client.send(chat, "behind it")
        beside = await alice.client.send(other, "beside it")
        await until(lambda: way.cuts == 1, 60)
        await beside.reached(Status.SENT, 30)
        assert await behind.status() is Status.PENDING
        way.open.set()
        await outgoing.reached(Status.SENT, 120)
        assert way.cuts == 1
        # The pieces that were there are not sent again: at most the two that were under way.
        assert way.carried["up"] - before < LARGE + 2 * PIECE_BYTES
        await bob.hears("large", "behind it")
        # And down the same road, cut as well.
        down = way.carried["down"]
        way.cut_at["down"] = LARGE // 2
        [attachment] = bob.messages[0].attachments
        downloading = asyncio.create_task(alice.client.download(attachment, tmp_path / "again"))
        await until(lambda: way.cuts == 2, 60)
        assert not (tmp_path / "again").exists()
        way.open.set()
        await asyncio.wait_for(downloading, 60)
        assert (tmp_path / "again").read_bytes() == content
        assert way.carried["down"] - down < LARGE * 3 // 2


SENDER = """
import asyncio, sys
from messenger_client import Client

async def main():
    server, database, conversation, path = sys.argv[1:]
    async with Client(server, database=database) as client:
        await client.send(conversation, "large", attachments=[path], client_id="large-1")
        await client.send(conversation, "behind it", client_id="behind-1")
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_a_program_killed_in_mid_upload_goes_on_in_its_next_run(house: House, cast: Cast, tmp_path: Path) -> None:
    content = written(tmp_path / "large", LARGE)
    async with Client(house.address, database=tmp_path / "alice") as alice:
        await alice.sign_in(cast.alice.username, PASSWORD)
        await alice.caught_up()
        chat = await alice.open(cast.bob.username)
    async with road(house) as way, program(house, cast.bob.username, tmp_path / "bob") as bob:
        # The database belongs to one server: the road has the server's place.
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLONE)}
        await move(tmp_path / "alice", house.address, way.address)
        command = [sys.executable, "-c", SENDER, way.address, str(tmp_path / "alice"), chat.id, str(tmp_path / "large")]
        process = subprocess.Popen(command, env=environment)
        try:
            await until(lambda: way.carried["up"] >= LARGE * 6 // 10 or process.poll() is not None, 60)
            assert process.poll() is None
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert bob.messages == []
        before = way.carried["up"]
        async with Client(way.address, database=tmp_path / "alice", listens=False) as again:
            assert [item.client_id for item in await again.unsent()] == ["large-1", "behind-1"]
            await bob.hears("large", "behind it")
            assert await again.unsent() == []
        assert way.carried["up"] - before < LARGE * 7 // 10
        await bob.client.download(bob.messages[0].attachments[0], tmp_path / "got")
        assert sha256(tmp_path / "got") == hashlib.sha256(content).hexdigest()


async def move(database: Path, before: str, after: str) -> None:
    """A server that has got another address."""
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        changed = db.execute("UPDATE meta SET value = ? WHERE name = 'server' AND value = ?", [after, before])
        assert changed.rowcount == 1


def remove(path: Path) -> None:
    path.unlink()


def change(path: Path) -> None:
    path.write_bytes(b"something else, longer than before")


@pytest.mark.parametrize(
    ("content", "meddle", "code"),
    [
        (b"here and gone", remove, "FILE_GONE"),
        (b"as it was", change, "FILE_CHANGED"),
        (b"\x89PNG\r\n\x1a\nno picture", None, "REFUSED_FILE"),
        (101_000_000, None, "UPLOAD_TOO_LARGE"),
    ],
    ids=["gone", "changed", "refused", "too large"],
)
async def test_what_cannot_be_sent_is_rejected_and_told(
    house: House,
    cast: Cast,
    tmp_path: Path,
    content: bytes | int,
    meddle: Callable[[Path], None] | None,
    code: str,
) -> None:
    path = tmp_path / "file"
    if isinstance(content, int):
        with path.open("wb") as sparse:
            sparse.truncate(content)
    else:
        path.write_bytes(content)
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        await alice.client.caught_up()
        chat = await alice.client.open(cast.bob.username)
        await alice.client._engine.stop()
        outgoing = await alice.client.send(chat, "with a file", attachments=[path])
        after = await alice.client.send(chat, "without")
    if meddle is not None:
        meddle(path)
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        again = type(outgoing)(alice.client._engine, outgoing.client_id, chat.id)
        with pytest.raises(MessageFailed) as failed:
            await again.reached(Status.SENT, 60)
        assert failed.value.code == code
        await type(after)(alice.client._engine, after.client_id, chat.id).reached(Status.SENT, 30)

        def told() -> list[Any]:
            return [each for each in alice.of(StatusChanged) if each.client_id == outgoing.client_id]

        [event] = await alice.until(told)
        assert (event.status, event.code) == (Status.REJECTED, code)
        [item] = await alice.client.unsent()
        assert (item.client_id, item.code) == (outgoing.client_id, code)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: None, FileNotFoundError),
        (lambda path: path.write_bytes(b""), InvalidMessage),
        (lambda path: path.mkdir(), OSError),
    ],
    ids=["missing", "empty", "folder"],
)
async def test_what_is_no_file_is_not_taken(
    tmp_path: Path, make: Callable[[Path], Awaitable[None]], error: type[Exception]
) -> None:
    make(tmp_path / "file")
    async with Client("http://127.0.0.1:9", database=tmp_path / "db") as client:
        with pytest.raises(error):
            await client.send("0199c1f0-6b00-7c0e-8f00-0000000c0e5a", attachments=[tmp_path / "file"])
        with pytest.raises(InvalidMessage):
            await client.send("0199c1f0-6b00-7c0e-8f00-0000000c0e5a", attachments=[tmp_path / "file"] * 11)


async def test_an_address_that_is_another_servers_is_not_followed(house: House, cast: Cast, tmp_path: Path) -> None:
    """What a server says is taken for its own word only."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"url": "//127.0.0.1:1/files/x?key=y"}'
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Client(address, database=tmp_path / "db") as client:
            client._engine.account = {"token": "t", "user": "u"}
            with pytest.raises(Refused):
                await client.download(Attachment("a1", "x", "text/plain", 5), tmp_path / "x")
