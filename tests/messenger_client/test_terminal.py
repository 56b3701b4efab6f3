"""The terminal client as a process, typed into and read from, against a whole messenger."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from messenger_client import Status
from messenger_client.terminal import plain
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.messenger_client.bot import CLONE
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance


class Typist:
    """Types lines and reads what is printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.printed: list[str] = []

    async def types(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def reads(self, text: str) -> str:
        """The next line that holds the text; others are read later."""
        assert self.process.stdout is not None
        for line in self.printed:
            if text in line:
                self.printed.remove(line)
                return line
        async with asyncio.timeout(60):
            while line := (await self.process.stdout.readline()).decode():
                if text in line:
                    return line
                self.printed.append(line)
        raise AssertionError(f"not printed: {text!r}, but {self.printed}")

    async def ends(self) -> int:
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(60):
            return await self.process.wait()


@asynccontextmanager
async def terminal(
    server: str, other: str, me: str, folder: Path, password: str | None = PASSWORD
) -> AsyncIterator[Typist]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CLONE), "HOME": str(folder), "PYTHONUTF8": "1"}
    environment |= {"MESSENGER_PASSWORD": password} if password else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "messenger_client", "chat", other, "--server", server, "--as", me),
        env=environment,
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Typist(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_chat_in_a_terminal(house: House, cast: Cast, tmp_path: Path) -> None:
    alice, bob = cast.alice.username, cast.bob.username
    async with (
        program(house, bob, tmp_path / "bob") as other,
        terminal(house.address, bob, alice, tmp_path) as typist,
    ):
        await typist.reads("/help for help")
        await typist.types("hello")
        await typist.reads("✓ hello")
        await typist.reads("✓✓ hello")
        await other.hears("hello")
        await other.client.seen(other.messages[0])
        await typist.reads("✓✓ read hello")
        answer = await other.client.reply(other.messages[0], "and to\x1b[2J\x07 you")
        assert "and to\ufffd[2J\ufffd you" in await typist.reads(f"{bob.capitalize()}: and to")
        await answer.reached(Status.SEEN, 30)
        await typist.types("/nonsense")
        await typist.reads("no such command")
        await typist.types("//slash")
        await typist.reads("✓ /slash")
        await other.hears("hello", "and to\x1b[2J\x07 you", "/slash")
        await typist.types("/quit")
        assert await typist.ends() == 0
    # The password is not needed any more, and what was said is there.
    async with terminal(house.address, bob, alice, tmp_path, password=None) as typist:
        assert "You: hello" in await typist.reads("hello")
        await typist.types("the last one")
        assert await typist.ends() == 0
        await typist.reads("✓ the last one")


async def test_files_in_a_terminal(house: House, cast: Cast, tmp_path: Path) -> None:
    alice, bob = cast.alice.username, cast.bob.username
    folder = tmp_path / "saved here"
    folder.mkdir()
    (tmp_path / "list.txt").write_text("milk")
    (tmp_path / "answer.txt").write_text("milk and bread")
    async with (
        program(house, bob, tmp_path / "bob") as other,
        terminal(house.address, bob, alice, tmp_path) as typist,
    ):
        await typist.reads("/help for help")
        await typist.types("/file list.txt")
        await typist.reads("✓✓ list.txt")
        await other.until(lambda: other.messages)
        assert [each.name for each in other.messages[0].attachments] == ["list.txt"]
        await other.client.reply(other.messages[0], "more", attachments=[tmp_path / "answer.txt"])
        assert "+ answer.txt, 14 B /save 2" in await typist.reads("answer.txt")
        await typist.types(f"/save 2 {folder}")
        await typist.reads("-- saved")
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("answer.txt", "milk and bread")]
        for wrong in ("/save 7", "/save x", "/save"):
            await typist.types(wrong)
            await typist.reads("no such message with files")
        await typist.types("/file nowhere.txt")
        await typist.reads("No such file")
        await typist.types(f"/save 2 {folder / 'nowhere'}")
        await typist.reads("No such file")


async def test_what_is_not_sent_waits_and_says_so(house: House, cast: Cast, tmp_path: Path) -> None:
    alice, bob = cast.alice.username, cast.bob.username
    async with terminal(house.addresses[0], bob, alice, tmp_path) as typist:
        await typist.reads("/help for help")
        await typist.reads("-- connected")
        await asyncio.to_thread(house.kill, "web-1")
        try:
            await typist.reads("-- no connection")
            await typist.types("written in the dark")
        finally:
            await asyncio.to_thread(house.restart, "web-1")
        await typist.reads("✓ written in the dark")
    async with program(house, bob, tmp_path / "bob") as other:
        await other.client.caught_up()
        await other.hears("written in the dark")


async def test_errors_are_a_line_and_a_status(house: House, cast: Cast, tmp_path: Path) -> None:
    async def error(other: str, me: str, password: str) -> str:
        async with terminal(house.address, other, me, tmp_path, password) as typist:
            _, complaint = await asyncio.wait_for(typist.process.communicate(), 60)
            assert typist.process.returncode == 1
            return complaint.decode()

    assert await error("x", cast.alice.username, "wrong") == "Sign in again.\n"
    assert await error("nobody-of-that-name", cast.alice.username, PASSWORD) == (
        "There is no such thing, or it is not yours.\n"
    )


@pytest.mark.parametrize("text", ["\x1b]0;title\x07", "a\rb", "\u202egnp.exe", "\x9b31m"])
def test_nothing_steers_the_terminal(text: str) -> None:
    assert not set(plain(text)) & set("\x1b\x07\r\u202e\x9b")


def test_several_lines_stay_several_lines() -> None:
    assert plain("one\r\ntwo\tthree\n") == "one\n      two\tthree"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\x0b", "\x0c", "\x85", "\u2028"])
def test_no_line_of_a_message_looks_like_another_message(end: str) -> None:
    """Not that of somebody else, nor one of the terminal's own."""
    for forged in ("12:34 Bob: I never said this", "-- connected", "You: yes"):
        assert all(not line or line.startswith(" ") for line in plain(f"hi{end}{forged}").splitlines()[1:])
