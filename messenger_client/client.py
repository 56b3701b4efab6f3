"""A messenger as a program uses it. See README.md of this package for a bot of twenty lines."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import Self

from messenger_client import protocol, sources
from messenger_client.account import Account
from messenger_client.engine import Engine
from messenger_client.errors import InvalidClientId, InvalidMessage, SomebodyElse, Unavailable
from messenger_client.events import Event, MessageReceived, State
from messenger_client.groups import Groups
from messenger_client.model import Attachment, Conversation, Message, Person, Receipt, Unsent, UnsentFile
from messenger_client.outgoing import Outgoing
from messenger_client.safety import Safety
from messenger_client.search import Search
from messenger_client.store import log, outbox, reading
from messenger_client.store.journal import Journal

PAGE = 50


class Client:
    """`server`: its address, such as "http://127.0.0.1:8000". `database`: the file of this device; one program at a
    time. `ids`: makes client_ids, by default composite ones with a counter on disk. `listens` false: no events are kept
    for `events()` and `messages()`, for a program that only sends.

    What is sent is on disk before it is on the network, and goes out in order, also after a crash. What comes is stored
    once, and handed to the program until it has handled it.
    """

    def __init__(
        self, server: str, *, database: str | Path, ids: Callable[[], str] | None = None, listens: bool = True
    ) -> None:
        self._engine = Engine(server.rstrip("/"), database, listens)
        self._account = Account(self._engine)
        self._ids = ids
        self.groups = Groups(self._engine)
        self.safety = Safety(self._engine)
        self.search = Search(self._engine)

    async def __aenter__(self) -> Self:
        """Connects if this device is signed in already. Raises StoreFailed, StoreInUse, SomebodyElse."""
        await self._engine.load()
        try:
            self._account.check()
        except SomebodyElse:
            await self._engine.close()
            raise
        if self.is_signed_in:
            self._engine.start()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._engine.close()

    # Who

    async def sign_in(self, username: str, password: str, *, name: str = "Python") -> None:
        """A device that is signed in stays so, whether or not the server is there. `name`: what the person calls this
        device. Raises SignedOut (a wrong name or password), Refused, Unavailable, SomebodyElse."""
        await self._account.sign_in(username, password, name)
        self._engine.start()

    async def sign_up(self, username: str, password: str, *, name: str = "", device: str = "Python") -> None:
        """Someone new, called `name`. Raises Refused (the name is taken, for one), Unavailable, SomebodyElse."""
        await self._account.sign_up(username, password, name, device)
        self._engine.start()

    async def rotate_token(self) -> None:
        """A new token in place of the one on disk, which ends when the new one is first used."""
        await self._account.rotate_token()

    async def sign_out(self) -> None:
        """This device is one no more, and forgets everything, unsent messages too."""
        await self._account.sign_out()

    @property
    def me(self) -> str:
        """The person's id. Raises SignedOut before the first sign-in."""
        return self._account.me

    @property
    def is_signed_in(self) -> bool:
        return self._account.is_signed_in

    @property
    def state(self) -> State | None:
        """Of the connection; None: never signed in."""
        return self._engine.state

    async def caught_up(self) -> None:
        """Until there is a connection, and all that was missed is here. Raises SignedOut, Stopped or StoreFailed when
        there will be none."""
        await self._engine.until(State.LIVE)

    # Sending

    async def send(
        self,
        conversation: Conversation | str,
        body: str = "",
        *,
        attachments: Sequence[str | Path] = (),
        reply_to: Message | None = None,
        client_id: str | None = None,
    ) -> Outgoing:
        """On disk when it returns; it goes out as soon as there is a connection. `client_id`: one that is made from
        what the message is about makes sending it twice sending it once. `attachments`: files, up to 10; they are read
        while they are uploaded, so leave them as they are until then. Raises InvalidMessage, InvalidClientId, and
        OSError for a file that cannot be read."""
        if not protocol.is_sendable(body, len(attachments)):
            raise InvalidMessage()
        files = await asyncio.to_thread(lambda: [sources.look(path) for path in attachments]) if attachments else []
        if client_id is None and self._ids is not None:
            client_id = self._ids()
        if client_id is not None and not protocol.is_client_id(client_id):
            raise InvalidClientId()
        seq = reply_to.seq if reply_to else None
        return await self._put(_id(conversation), body, client_id, seq, files=files)

    async def reply(
        self,
        message: Message,
        body: str = "",
        *,
        attachments: Sequence[str | Path] = (),
        client_id: str | None = None,
    ) -> Outgoing:
        """Into the same conversation, as an answer to it."""
        conv = message.conversation_id
        return await self.send(conv, body, attachments=attachments, reply_to=message, client_id=client_id)

    async def resend(self, message: Message) -> Outgoing:
        """An own message that expired before the other one took it: withdrawn and sent anew. Raises InvalidMessage for
        any other."""
        if not message.is_mine or message.is_deleted:
            raise InvalidMessage("Only an own message can be sent anew.")
        conv, seq = message.conversation_id, message.seq
        if known := await self._engine.database.run(lambda db: outbox.resend_of(db, conv, seq)):
            await self.retry(known)
            return Outgoing(self._engine, known, conv)
        return await self._put(conv, message.body, None, message.reply_to, seq)

    async def _put(
        self,
        conv: str,
        body: str,
        client_id: str | None,
        reply_to: int | None,
        resends: int | None = None,
        files: Sequence[UnsentFile] = (),
    ) -> Outgoing:
        _ = self.me

        async def put() -> Outgoing:
            message = (conv, body, client_id, reply_to, resends, files)
            known, item = await self._engine.write(lambda journal: outbox.add(journal.db, *message))
            if item is not None:
                self._engine.outbox.add(item)
            return Outgoing(self._engine, known, conv)

        # Whoever stops waiting: what is on disk is also on its way.
        return await asyncio.shield(self._engine.spawn(put()))

    async def unsent(self, conversation: Conversation | str | None = None) -> list[Unsent]:
        """What is in no log yet, in order: waiting, failed, rejected."""
        conv = None if conversation is None else _id(conversation)
        return await self._engine.database.run(lambda db: outbox.all_of(db, conv))

    async def retry(self, client_id: str) -> None:
        """What has failed once more, under the same id, at the end of its conversation's line."""

        async def again() -> None:
            item = await self._engine.write(lambda journal: outbox.requeue(journal.db, client_id))
            if item is not None:
                self._engine.outbox.add(item)
                self._engine.watchers.wake([client_id])

        await asyncio.shield(self._engine.spawn(again()))

    async def discard(self, client_id: str) -> None:
        """It is not sent any more; it may have been."""
        await self._engine.write(lambda journal: outbox.settle(journal.db, client_id))
        self._engine.outbox.settle(client_id)
        self._engine.watchers.wake([client_id])

    # Receiving

    async def events(self) -> AsyncIterator[Event]:
        """All that happens. The ones on disk are handed out until handled, which one is when the next is asked for:
        whoever leaves the loop, or dies in it, gets the last one again. One loop at a time. Ends with the client;
        raises SignedOut, Stopped or StoreFailed when the connection has ended for good."""
        async with aclosing(self._engine.stream.events()) as events:  # type: ignore[type-var]
            async for event in events:
                yield event

    async def messages(self) -> AsyncIterator[Message]:
        """What others write, as `events` hands it out."""
        async with aclosing(self.events()) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, MessageReceived) and not event.message.is_mine and event.message.event is None:
                    yield event.message

    async def seen(self, message: Message) -> None:
        """The person has seen it, and everything before it."""
        conv, seq = message.conversation_id, message.seq

        def see(journal: Journal) -> log.Place | None:
            return log.place(journal.db, conv) if log.see(journal.db, conv, seq) else None

        if (place := await self._engine.write(see)) is not None:
            self._engine.positions.moved(place)
            self._engine.acks.add("SEEN", conv, place.seen)

    async def download(self, attachment: Attachment, path: str | Path) -> Path:
        """Its file as `path`, in place of what is there. Until all of it has come it grows beside it, under a name of
        its own, and goes on there after a failure or the next time. Choose the name yourself: what an attachment is
        called is another person's word. Raises Refused (NOT_FOUND: not, or no longer, to be had), Unavailable,
        SignedOut, OSError."""
        wanted = Path(path)
        await self._engine.downloads.fetch(attachment, wanted)
        return wanted

    # Looking

    async def open(self, username: str) -> Conversation:
        """The 1:1 conversation with someone, made if it is not there yet; with oneself: notes. Raises Refused,
        Unavailable."""
        frame = await self._engine.requests.ask(protocol.open_direct(username))
        found = await self.conversation(frame["items"][0]["id"])
        if found is None:
            # Forgotten in the meantime, with all else of an epoch that is over.
            raise Unavailable()
        return found

    async def conversations(self) -> list[Conversation]:
        """Newest first, as they are on disk."""
        return await self._engine.database.run(lambda db: reading.conversations(db, self.me))

    async def conversation(self, conversation_id: str) -> Conversation | None:
        return await self._engine.database.run(lambda db: reading.conversation(db, self.me, conversation_id))

    async def message(self, conversation: Conversation | str, seq: int) -> Message | None:
        """One entry, from disk."""
        return await self._engine.database.run(lambda db: reading.message(db, self.me, _id(conversation), seq))

    async def history(
        self, conversation: Conversation | str, *, before: int | None = None, limit: int = PAGE
    ) -> list[Message]:
        """Up to `limit` entries' worth below seq `before`, or the newest; ascending. Asks the server for what is not
        here. Raises Refused, Unavailable."""
        conv = _id(conversation)
        known = await self.conversation(conv)
        last = (known.received if known else 0) if before is None else before - 1
        first = max(1, last - limit + 1)
        if last < 1:
            return []
        if not await self._engine.database.run(lambda db: reading.is_known(db, conv, first, last)):
            await self._engine.history.fetch(conv, first, last)
        return await self._engine.database.run(lambda db: reading.messages(db, self.me, conv, first, last))

    async def info(self, message: Message) -> list[Receipt]:
        """Who has an own or another's message, and since when. Raises Refused, Unavailable."""
        frame = await self._engine.requests.ask(protocol.info(message.conversation_id, message.seq))
        return [
            Receipt(Person(each["id"], each["username"], each["name"]), *(each[name] for name in TIMES))
            for each in frame["people"]
        ]

    # Changing

    async def edit(self, message: Message, body: str) -> None:
        """Another text for an own message. Raises Refused (TOO_LATE, NOT_FOUND), Unavailable, InvalidMessage."""
        if not protocol.is_storable(body):
            raise InvalidMessage()
        await self._engine.requests.ask(protocol.edit(message.conversation_id, message.seq, body))

    async def delete(self, message: Message, *, for_all: bool = False) -> None:
        """For oneself, or, an own one, for everyone. Raises Refused (TOO_LATE, NOT_FOUND), Unavailable."""
        whom = "all" if for_all else "me"
        await self._engine.requests.ask(protocol.delete(message.conversation_id, message.seq, whom))

    def typing(self, conversation: Conversation | str) -> None:
        """This person is writing. At most once: lost when there is no connection."""
        self._engine.transmit(protocol.typing(_id(conversation)))

    def wake(self) -> None:
        """The network is back: connect now, without waiting for the backoff."""
        self._engine.link.wake()


TIMES = ("delivered_at", "seen_at", "expired_at")


def _id(conversation: Conversation | str) -> str:
    return conversation if isinstance(conversation, str) else conversation.id
