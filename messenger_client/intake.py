"""What comes from the server, one frame after the other. An entry is acknowledged only when the database has it, and
the next frame waits until then. A method a kind of frame; kinds that are not known are passed over."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from messenger_client.acks import Acks
from messenger_client.errors import Stopped
from messenger_client.events import Passing, Typing
from messenger_client.history import Mender
from messenger_client.outbox import Outbox
from messenger_client.positions import Positions
from messenger_client.progress import Progress
from messenger_client.protocol import Frame
from messenger_client.replica import Doc
from messenger_client.requests import Requests
from messenger_client.store import acking, log, meta, roster
from messenger_client.store.journal import Journal
from messenger_client.store.log import Place

T = TypeVar("T")

# Questions that bear a client_id, though they are no messages.
ASKED = ("create", "report")


class Engine(Protocol):
    """What an Intake works on."""

    acks: Acks
    mender: Mender
    outbox: Outbox
    positions: Positions
    progress: Progress
    requests: Requests

    @property
    def me(self) -> str: ...
    @property
    def device(self) -> str: ...
    async def write(self, work: Callable[[Journal], T]) -> T: ...
    def welcomed(self, heartbeat_ms: int) -> None: ...
    def ready(self) -> None: ...
    def caught_up(self) -> None: ...
    def tell(self, event: Passing) -> None: ...


class Intake:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._listed: set[str] | None = None

    def begin(self) -> None:
        """A new connection: first comes the list of all conversations."""
        self._listed = set()

    async def take(self, frame: Frame) -> None:
        """Raises LookupError, TypeError or ValueError for a frame that is not the protocol's."""
        handler: Callable[[Frame], Awaitable[None]] | None = getattr(self, f"on_{frame['t']}", None)
        if handler is not None:
            await handler(frame)

    # The connection, and which conversations there are

    async def on_welcome(self, frame: Frame) -> None:
        engine, epoch = self._engine, frame["epoch"]
        if (frame["user"]["id"], frame["device"]) != (engine.me, engine.device):
            raise Stopped("The server takes this device for another one.")

        def adopt(journal: Journal) -> list[Place]:
            before = meta.get(journal.db, "epoch")
            if before not in (None, epoch):
                log.clear(journal.db)
            if before != epoch:
                meta.put(journal.db, {"epoch": epoch})
            return log.places(journal.db)

        engine.positions.load(await engine.write(adopt))
        engine.positions.epoch = epoch
        engine.welcomed(frame["heartbeat_ms"])

    async def on_conversations(self, frame: Frame) -> None:
        items: list[Doc] = frame["items"]
        listed = {item["id"] for item in items}
        is_last = self._listed is not None and not frame["more"] and not frame.get("opened")
        whole = (self._listed or set()) | listed

        def put(journal: Journal) -> list[Place]:
            for item in items:
                roster.put(journal, item)
            if is_last:
                roster.leave_others(journal, whole)
            return log.places(journal.db)

        engine = self._engine
        places = await engine.write(put)
        engine.positions.load(places)
        if self._listed is not None:
            self._listed = whole
        if is_last:
            self._listed = None
            engine.ready()
        for place in places:
            if place.conv in listed:
                engine.mender.watch(place)
        if frame.get("opened"):
            engine.requests.answered({"t": "open"}, frame)

    async def on_members(self, frame: Frame) -> None:
        await self._engine.write(lambda journal: roster.set_members(journal, frame["conv"], frame))

    async def on_left(self, frame: Frame) -> None:
        await self._engine.write(lambda journal: roster.leave(journal, frame["conv"]))
        self._engine.positions.left(frame["conv"])

    async def on_sync_done(self, frame: Frame) -> None:
        self._engine.caught_up()

    async def on_pong(self, frame: Frame) -> None:
        self._engine.positions.echoed(frame["positions"])

    async def on_typing(self, frame: Frame) -> None:
        self._engine.tell(Typing(frame["conv"], frame["user"]))

    # Entries

    async def on_messages(self, frame: Frame) -> None:
        entries, absent = frame["entries"], frame.get("absent", [])
        place = await self._store(frame["conv"], entries, absent)
        # Also when they are no news: the server repeats what it does not know to be stored.
        self._delivered(place, len(entries))

    async def on_page(self, frame: Frame) -> None:
        known = self._engine.positions.known.get(frame["conv"])
        place = await self._store(frame["conv"], frame["entries"], frame.get("absent", []))
        if known and place and place.received > known.received:
            self._delivered(place, place.received - known.received)
        self._engine.requests.answered({"t": "fetch", "conv": frame["conv"]}, frame)

    async def on_changes(self, frame: Frame) -> None:
        conv, changes, upto = frame["conv"], frame["changes"], frame["upto"]
        place = await self._engine.write(lambda journal: log.change(journal, conv, changes, upto))
        if place is not None:
            self._moved(place)
            self._engine.acks.add("CHANGED", conv, place.rev, len(changes))

    async def on_reset(self, frame: Frame) -> None:
        conv, horizon = frame["conv"], frame["horizon"]
        place = await self._engine.write(lambda journal: log.reset(journal, conv, horizon))
        if place is not None:
            self._moved(place)

    async def _store(self, conv: str, entries: list[Doc], absent: list[Doc]) -> Place | None:
        place = await self._engine.write(lambda journal: log.take(journal, conv, entries, absent))
        if place is not None:
            self._moved(place)
        # One's own entry may come as ACCEPTED or as a push: the same entry, at the same place.
        mine = [entry["client_id"] for entry in entries if entry["sender"] == self._engine.me]
        self._engine.outbox.settle(*mine)
        return place

    def _moved(self, place: Place) -> None:
        engine = self._engine
        if place.conv in engine.positions.known:
            engine.positions.moved(place)
            engine.progress.moved(place)
            engine.mender.watch(place)

    def _delivered(self, place: Place | None, entries: int) -> None:
        """Nothing yet, when all that came lies above a hole."""
        if place is not None and place.received > 0:
            self._engine.acks.add("DELIVERED", place.conv, place.received, entries)

    # Acknowledgements

    async def on_ack(self, frame: Frame) -> None:
        accepted: dict[str, list[Frame]] = {}
        ticks: list[Frame] = []
        for ack in frame["acks"]:
            if ack["type"] == "ACCEPTED":
                accepted.setdefault(ack["conv"], []).append(ack)
            elif ack["type"] == "REJECTED":
                self._engine.outbox.reject(ack["client_id"], ack["error_code"], ack["error_text"])
            else:
                ticks.append(ack)
        for conv, acks in accepted.items():
            await self._accepted(conv, acks)
        if ticks:
            await self._ticked(ticks)

    async def _accepted(self, conv: str, acks: list[Frame]) -> None:
        place = await self._engine.write(lambda journal: acking.take_accepted(journal, conv, acks))
        if place is not None:
            self._moved(place)
        self._engine.outbox.settle(*(ack["client_id"] for ack in acks))
        self._delivered(place, len(acks))

    async def _ticked(self, acks: list[Frame]) -> None:
        for place in await self._engine.write(lambda journal: acking.take_ticks(journal, acks)):
            self._moved(place)

    async def on_retry(self, frame: Frame) -> None:
        code, text = frame["error_code"], frame["error_text"]
        self._engine.outbox.retry(frame["client_id"], code, text, frame["retry_after_ms"])

    # Answers

    async def on_info(self, frame: Frame) -> None:
        self._engine.requests.answered(frame, frame)

    async def on_roster(self, frame: Frame) -> None:
        self._engine.requests.answered({"t": "members", "conv": frame["conv"]}, frame)

    async def on_invite(self, frame: Frame) -> None:
        self._engine.requests.answered(frame, frame)

    async def on_preview(self, frame: Frame) -> None:
        self._engine.requests.answered(frame, frame)

    async def on_blocks(self, frame: Frame) -> None:
        self._engine.requests.answered({"t": "blocks"}, frame)

    async def on_found(self, frame: Frame) -> None:
        self._engine.requests.answered({"t": "search", "conv": frame.get("conv")}, frame)

    async def on_done(self, frame: Frame) -> None:
        self._engine.requests.answered(frame["ref"], frame)

    async def on_error(self, frame: Frame) -> None:
        ref: dict[str, Any] = frame.get("ref", {})
        outbox, client_id, code = self._engine.outbox, ref.get("client_id"), frame["code"]
        if client_id is None or ref.get("t") in ASKED:
            if "t" in ref:
                self._engine.requests.refused(ref, frame)
        elif frame["retryable"]:
            outbox.retry(client_id, code, frame["text"], frame["retry_after_ms"])
        else:
            outbox.reject(client_id, code, frame["text"])
