"""A chat in a terminal: plain lines, and the ticks of what one writes.

What others write is shown without what steers a terminal: a message must not move the cursor, ring, or colour itself
to look like somebody else's.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from messenger_client.client import Client
from messenger_client.errors import MessageFailed, MessengerError, Unavailable
from messenger_client.events import (
    ConnectionChanged,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessagesExpired,
    State,
    StatusChanged,
    SyncProgress,
)
from messenger_client.model import Attachment, Conversation, Message
from messenger_client.outgoing import Outgoing
from messenger_client.saving import readable, reserve
from messenger_client.ticks import Status

HELP = """/file PATH              send a file
/save NUMBER [FOLDER]   keep the files of a message, here or in a folder
/retry                  what was not sent, once more
/discard                what was not sent, never
/quit                   leave
//text                  a line that begins with a slash"""
MARKS = {Status.PENDING: "…", Status.SENT: "✓", Status.DELIVERED: "✓✓", Status.SEEN: "✓✓ read"}
STATES = {
    State.CONNECTING: "connecting",
    State.CATCHING_UP: "catching up",
    State.LIVE: "connected",
    State.WAITING: "no connection; what you write waits",
}
SHOWN = 20
EXCERPT = 40
# Who ends the input, as a pipe does, waits for so long until all of it is sent; it is on disk all the same.
LAST_S = 30.0
ASK_AGAIN_S = 0.5
NUMBER = re.compile(r"[0-9]{1,18}")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """On one line or several, and nothing but text. Further lines stand in: none of them can look like a message of its
    own."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n      ".join(_CONTROLS.sub("\N{REPLACEMENT CHARACTER}", line) for line in lines)


class Terminal:
    """`say` prints a line."""

    def __init__(self, client: Client, other: str, say: Callable[[str], None]) -> None:
        self._client = client
        self._other = other
        self._say = say
        self._chat: Conversation | None = None
        self._written: dict[str, Outgoing] = {}
        self._texts: dict[str, str] = {}
        self._tenth = 0

    async def run(self, lines: AsyncIterator[str]) -> None:
        """Until the lines end. Raises MessengerError when the connection has ended for good."""
        listener = asyncio.create_task(self._listen())
        talker = asyncio.create_task(self._talk(lines))
        try:
            await asyncio.wait([listener, talker], return_when=asyncio.FIRST_COMPLETED)
            for task in (listener, talker):
                if task.done():
                    task.result()
        finally:
            for task in (listener, talker):
                task.cancel()
            await asyncio.gather(listener, talker, return_exceptions=True)

    # What one writes

    async def _talk(self, lines: AsyncIterator[str]) -> None:
        self._chat = await self._find()
        await self._show_last(self._chat)
        async for line in lines:
            if line == "/quit":
                return
            try:
                await self._line(self._chat, line)
            except (MessengerError, OSError) as error:
                self._say(f"  ! {plain(str(error))}")
        await self._send_out()

    async def _find(self) -> Conversation:
        """What is on disk is there without a network."""
        while True:
            for known in await self._client.conversations():
                if known.kind == "direct" and self._other.casefold() in [
                    one.username.casefold() for one in known.others
                ]:
                    return known
            try:
                return await self._client.open(self._other)
            except Unavailable:
                await asyncio.sleep(ASK_AGAIN_S)

    async def _show_last(self, chat: Conversation) -> None:
        self._say(f"-- {plain(chat.name)}; /help for help")
        try:
            last = await self._client.history(chat, limit=SHOWN)
        except MessengerError:
            last = []
        # What is unread is told as new.
        for message in last:
            if message.is_mine or message.seq <= chat.seen:
                self._show(message)

    async def _line(self, chat: Conversation, line: str) -> None:
        commands: dict[str, Callable[[], Awaitable[None]]] = {"/retry": self._retry, "/discard": self._discard}
        command, _, rest = line.partition(" ")
        if line == "/help":
            self._say(HELP)
        elif command == "/file":
            await self._file(chat, rest.strip())
        elif command == "/save":
            await self._save(chat, *rest.split(maxsplit=1))
        elif line in commands:
            await commands[line]()
        elif line.startswith("/") and not line.startswith("//"):
            self._say("  ! There is no such command; /help tells which there are.")
        elif line.strip():
            await self._write(chat, line.removeprefix("/"))

    async def _write(self, chat: Conversation, body: str) -> None:
        outgoing = await self._client.send(chat, body)
        self._written[outgoing.client_id] = outgoing
        self._texts[outgoing.client_id] = body

    async def _file(self, chat: Conversation, name: str) -> None:
        path = _path(name)
        outgoing = await self._client.send(chat, attachments=[path])
        self._written[outgoing.client_id] = outgoing
        self._texts[outgoing.client_id] = path.name

    async def _save(self, chat: Conversation, number: str = "", folder: str = ".") -> None:
        found = await self._client.message(chat, int(number)) if NUMBER.fullmatch(number) else None
        if found is None or not found.attachments:
            self._say("  ! There is no such message with files here.")
            return
        for attachment in found.attachments:
            path = reserve(_path(folder), attachment.name)
            try:
                await self._client.download(attachment, path)
            except BaseException:
                path.unlink()
                raise
            self._say(f"-- saved {plain(str(path))}")

    async def _retry(self) -> None:
        for item in await self._client.unsent(self._chat):
            await self._client.retry(item.client_id)

    async def _discard(self) -> None:
        for item in await self._client.unsent(self._chat):
            if item.status is not Status.PENDING:
                await self._client.discard(item.client_id)

    async def _send_out(self) -> None:
        try:
            async with asyncio.timeout(LAST_S):
                for outgoing in list(self._written.values()):
                    try:
                        await outgoing.reached(Status.SENT)
                    except MessageFailed:
                        continue
        except TimeoutError:
            self._say("-- Not all of it is sent yet; it waits for the next time.")

    # What happens

    async def _listen(self) -> None:
        async with aclosing(self._client.events()) as events:  # type: ignore[type-var]
            async for event in events:
                await self._hear(event)

    async def _hear(self, event: Event) -> None:
        match event:
            case MessageReceived(message):
                await self._received(message)
            case StatusChanged():
                self._ticked(event)
            case MessageEdited(message) if self._is_here(message.conversation_id):
                self._show(message, " (edited)")
            case MessageDeleted(conv, _, hidden=False) if self._is_here(conv):
                self._say("-- A message was deleted.")
            case MessagesExpired(conv, first, last) if self._is_here(conv):
                self._say(f"-- Messages {first} to {last} were kept for too long and are gone.")
            case ConnectionChanged(state) if state in STATES:
                self._say(f"-- {STATES[state]}")
            case SyncProgress(done, total):
                self._progress(done, total)

    async def _received(self, message: Message) -> None:
        chat = self._chat
        if chat is None or message.conversation_id != chat.id:
            # Not open (yet): it stays unread.
            found = await self._client.conversation(message.conversation_id)
            if not message.is_mine and found is not None and not self._is_other(found):
                self._say(f"-- A message from {plain(message.sender.name)} in another chat.")
                return
        if message.client_id in self._written:
            return
        self._show(message)
        if not message.is_mine:
            await self._client.seen(message)

    def _ticked(self, event: StatusChanged) -> None:
        outgoing = self._written.get(event.client_id)
        if outgoing is None:
            return
        text = plain(self._texts[event.client_id]).splitlines()[0][:EXCERPT]
        if event.status in MARKS:
            self._say(f"  {MARKS[event.status]} {text}")
        else:
            self._say(f"  ! not sent: {text} ({event.reason}) /retry or /discard")
        if event.status is Status.SEEN:
            del self._written[event.client_id], self._texts[event.client_id]

    def _progress(self, done: int, total: int) -> None:
        """Each tenth of it."""
        tenth = done * 10 // total if total else 10
        if total >= SHOWN * 10 and tenth != self._tenth:
            self._say(f"-- syncing {done:,} of {total:,}")
        self._tenth = tenth

    # Within

    def _is_here(self, conv: str) -> bool:
        return self._chat is not None and conv == self._chat.id

    def _is_other(self, chat: Conversation) -> bool:
        return chat.kind == "direct" and self._other.casefold() in [one.username.casefold() for one in chat.others]

    def _show(self, message: Message, note: str = "") -> None:
        time = datetime.fromtimestamp(message.at / 1000, UTC).astimezone()
        who = "You" if message.is_mine else plain(message.sender.name)
        if message.event is not None:
            self._say(f"-- {who} changed the group ({message.event['type']}).")
            return
        body = "(deleted)" if message.is_deleted else plain(message.body)
        mark = f" {MARKS[message.status]}" if message.status in MARKS else ""
        self._say(f"{time:%H:%M} {who}: {body}{note}{mark}")
        for attachment in message.attachments:
            self._say(f"      + {_described(attachment)} /save {message.seq}")


def _path(typed: str) -> Path:
    """As a shell takes it, `~` too."""
    return Path(typed).expanduser()


def _described(attachment: Attachment) -> str:
    return f"{plain(attachment.name)}, {readable(attachment.size)}"
