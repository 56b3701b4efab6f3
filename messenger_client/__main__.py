"""python -m messenger_client chat USERNAME: a chat with someone, in the terminal."""

import argparse
import asyncio
import getpass
import os
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from messenger_client.client import Client
from messenger_client.errors import MessengerError
from messenger_client.terminal import Terminal

SERVER = "http://127.0.0.1:8000"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.me = options.me or input("Your username: ")
        asyncio.run(_chat(options))
    except MessengerError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m messenger_client", description="The messenger in a terminal.")
    chat = parser.add_subparsers(dest="command", required=True).add_parser("chat", help="talk to someone")
    chat.add_argument("username", help="whom to talk to")
    chat.add_argument("--server", default=os.environ.get("MESSENGER", SERVER), help=f"its address ({SERVER})")
    chat.add_argument("--as", dest="me", default=os.environ.get("MESSENGER_USER"), help="your own username")
    chat.add_argument("--database", type=Path, help="where this device keeps what it has")
    return parser


async def _chat(options: argparse.Namespace) -> None:
    path = options.database or _database(options.server, options.me)
    path.parent.mkdir(parents=True, exist_ok=True)
    async with Client(options.server, database=path) as client:
        password = "" if client.is_signed_in else _password()
        await client.sign_in(options.me, password, name="Terminal")
        await Terminal(client, options.username, lambda line: print(line, flush=True)).run(_lines())


def _password() -> str:
    return os.environ.get("MESSENGER_PASSWORD") or getpass.getpass("Password: ")


def _database(server: str, me: str) -> Path:
    folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    where = urlsplit(server).netloc.replace(":", "_")
    return folder / "messenger-client" / f"{where}-{me.casefold()}.sqlite3"


async def _lines() -> AsyncIterator[str]:
    """Of the standard input, by a thread that ends with the program, also in the midst of reading."""
    loop, lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def read() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(lines.put_nowait, line.rstrip("\n"))
        loop.call_soon_threadsafe(lines.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line


if __name__ == "__main__":
    sys.exit(main())
