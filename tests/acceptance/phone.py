"""A device that keeps the protocol honestly and survives everything: what a good client does, in Python.

Its store outlives connections (and would outlive a restart: nothing is acknowledged before it is in there). Sends
wait in an outbox, in order, each with its `after`; they are repeated under the same client_id until an answer that
settles them. All that happens goes into a History, if there is one.
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import Any

import websockets

from chat.policy.replica import Replica
from chat.policy.window import ContiguousCursor
from chat.protocol.frames import SUBPROTOCOL
from tests.acceptance.encoding import ENCODINGS
from tests.acceptance.people import SignedIn
from tests.faults.history import (
    Accepted,
    Began,
    Changed,
    History,
    Pushed,
    Revised,
    Saw,
    Sent,
    Skipped,
    Stored,
    Ticked,
)

ACK_DELAY_S = 0.25
RETRY_S = 0.1


@dataclass(slots=True)
class Store:
    """What a device has durably: by conversation what it makes of entries and changes, how far it has them without a
    gap, and up to which revision; the unanswered sends; the epoch."""

    replicas: dict[str, Replica] = field(default_factory=dict)
    cursors: dict[str, ContiguousCursor] = field(default_factory=dict)
    revs: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    outbox: list[dict[str, Any]] = field(default_factory=list)
    epoch: str | None = None

    def received(self, conv: str) -> int:
        return self.cursors[conv].position if conv in self.cursors else 0

    @property
    def entries(self) -> dict[str, dict[int, dict[str, Any]]]:
        """What is shown: by conversation and seq, nothing above a hole."""
        return {
            conv: {seq: entry for seq, entry in replica.entries.items() if seq <= self.received(conv)}
            for conv, replica in self.replicas.items()
        }


class Phone:
    """`async with Phone(...)` connects and stays connected. `conversations` as the server last told them."""

    def __init__(
        self,
        address: str,
        who: SignedIn,
        history: History | None = None,
        heartbeat: float = 1.0,
        sees: bool = False,
        subprotocol: str = SUBPROTOCOL,
    ) -> None:
        self.who = who
        self.store = Store()
        self.history = history or History()
        self.history.owner[who.device] = who.user
        self.conversations: dict[str, dict[str, Any]] = {}
        self.ticks: dict[tuple[str, str, str], int] = {}
        self.rejected: dict[str, str] = {}
        self.retries: list[dict[str, Any]] = []
        self.others: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.lapsed: dict[tuple[str, str], list[list[int]]] = {}
        self.is_connected = asyncio.Event()
        self.is_synced = asyncio.Event()
        self.changed = asyncio.Event()
        self.closes: list[int] = []
        self._url = address.replace("http", "ws", 1) + "/ws/v1"
        self._origin = address
        self._subprotocol = subprotocol
        self._encoding = ENCODINGS[subprotocol]
        self._heartbeat = heartbeat
        self._sees = sees
        self._socket: Any = None
        self._confirmed: dict[str, dict[str, int]] = {}
        self._unsent_acks: dict[tuple[str, str], int] = {}
        self._flush: asyncio.Task[None] | None = None
        self._again: asyncio.Task[None] | None = None
        self._runner: asyncio.Task[None] | None = None
        self._began: set[str] = set()
        self._counter = 0

    async def __aenter__(self) -> "Phone":
        self._runner = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        waiting = {task for task in (self._runner, self._flush, self._again) if task is not None}
        # Until they are done: wait_for, before Python 3.12, loses a cancellation that meets the end of what it awaits.
        while waiting:
            for task in waiting:
                task.cancel()
            _, waiting = await asyncio.wait(waiting, timeout=0.5)

    # What a person does

    def send(self, conv: str, body: str, client_id: str | None = None, reply_to: int | None = None) -> str:
        """Into the outbox, and out if connected. Its client_id."""
        self._counter += 1
        client_id = client_id or f"{self.who.device[-12:]}_{self._counter}_{time.time_ns() // 1_000_000}"
        item: dict[str, Any] = {"t": "send", "conv": conv, "client_id": client_id, "body": body}
        if reply_to is not None:
            item["reply_to"] = reply_to
        knew = self.store.received(conv)
        self.history.add(Sent(self.who.device, self.who.user, conv, client_id, body, knew))
        self.store.outbox.append(item)
        self._post(item)
        return client_id

    def see(self, conv: str) -> None:
        """Looks at everything there is."""
        upto = self.store.received(conv)
        if upto > self.store.seen.get(conv, 0):
            self.store.seen[conv] = upto
            self.history.add(Saw(self.who.user, conv, upto))
            self._acknowledge("SEEN", conv, upto)

    async def open(self, username: str) -> str:
        """The 1:1 conversation with someone; its id."""
        await asyncio.wait_for(self.is_connected.wait(), 30)
        self.post({"t": "open", "username": username})

        def found() -> str | None:
            return next((c for c, s in self.conversations.items() if username in _usernames(s)), None)

        await self.until(lambda: found() is not None)
        return str(found())

    async def until(self, check: Any, timeout: float = 60.0) -> None:
        """Awaits something this phone will learn."""
        async with asyncio.timeout(timeout):
            while not check():
                self.changed.clear()
                await self.changed.wait()

    async def ask(self, frame: dict[str, Any], kind: str, timeout: float = 45.0) -> dict[str, Any]:
        """Sends a frame and awaits the next other frame of that kind."""
        self.post(frame)
        async with asyncio.timeout(timeout):
            while True:
                answer = await self.others.get()
                if answer["t"] == kind:
                    return answer

    async def resend(self, conv: str, seq: int) -> dict[str, Any]:
        """Sends anew what expired; the acknowledgement."""
        body = self.store.entries[conv][seq]["body"]
        client_id = f"{self.who.device[-12:]}_again_{seq}_{time.time_ns() // 1_000_000}"
        self.history.add(Sent(self.who.device, self.who.user, conv, client_id, body, self.store.received(conv)))
        answer = await self.ask({"t": "resend", "conv": conv, "seq": seq, "client_id": client_id}, "accepted")
        return dict(answer["ack"])

    async def revise(self, frame: dict[str, Any], timeout: float = 60.0) -> dict[str, Any]:
        """Edits or deletes: asks until it is answered for good, with `done` or an error that is not retryable."""
        async with asyncio.timeout(timeout):
            while True:
                await self.is_connected.wait()
                self.post(frame)
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(self._revised(frame), 5)

    async def _revised(self, frame: dict[str, Any]) -> dict[str, Any]:
        while True:
            answer = await self.others.get()
            ref = answer.get("ref", {})
            if (ref.get("t"), ref.get("conv"), ref.get("seq")) != (frame["t"], frame["conv"], frame["seq"]):
                continue
            if answer["t"] == "done":
                self.history.add(
                    Revised(
                        self.who.user, frame["conv"], frame["seq"], answer["rev"], frame.get("body"), frame.get("for")
                    )
                )
                return answer
            if answer["t"] == "error" and not answer["retryable"]:
                return answer
            await asyncio.sleep(RETRY_S)
            self.post(frame)

    def post(self, frame: dict[str, Any] | str) -> None:
        """To the socket if there is one; nobody waits."""
        if self._socket is not None:
            data = frame if isinstance(frame, str) else self._encoding.write(frame)
            asyncio.get_running_loop().create_task(self._write(self._socket, data))

    async def _write(self, socket: Any, data: str | bytes) -> None:
        with contextlib.suppress(websockets.ConnectionClosed, OSError):
            await socket.send(data)

    # Connecting

    async def _run(self) -> None:
        while True:
            try:
                headers = {"Cookie": self.who.cookie_header}
                async with websockets.connect(
                    self._url,
                    additional_headers=headers,
                    subprotocols=[websockets.Subprotocol(self._subprotocol)],
                    origin=self._origin,
                    open_timeout=3,
                    ping_interval=None,
                    close_timeout=0.2,
                    max_queue=1000,
                ) as socket:
                    await self._session(socket)
            except (OSError, TimeoutError, websockets.WebSocketException):
                pass
            finally:
                self._socket = None
                self.is_connected.clear()
                self.is_synced.clear()
                self.changed.set()
            await asyncio.sleep(random.uniform(0.05, 0.25))

    async def _session(self, socket: Any) -> None:
        positions = [self._place(conv) for conv in self.conversations]
        self._began = set()
        for place in positions:
            self._begin(place["conv"], place["received"])
        hello = {"t": "hello", "epoch": self.store.epoch, "positions": positions}
        await socket.send(self._encoding.write(hello))
        self._confirmed.clear()
        self._unsent_acks.clear()
        beat = asyncio.create_task(self._beat(socket))
        try:
            while True:
                data = await asyncio.wait_for(socket.recv(), self._heartbeat * 2 + 5)
                self._socket = socket
                self._receive(self._encoding.read(data))
                self.changed.set()
        except websockets.ConnectionClosed as closed:
            self.closes.append(closed.rcvd.code if closed.rcvd else 1006)
        finally:
            beat.cancel()

    async def _beat(self, socket: Any) -> None:
        while True:
            await asyncio.sleep(self._heartbeat)
            stale = [self._place(conv) for conv in self.conversations if not self._is_confirmed(conv)]
            await self._write(socket, self._encoding.write({"t": "ping", "positions": stale}))

    def _begin(self, conv: str, position: int) -> None:
        if conv not in self._began:
            self._began.add(conv)
            self.history.add(Began(self.who.device, conv, position))
            self.store.cursors.setdefault(conv, ContiguousCursor(position, limit=1_000_000))
            self.store.replicas.setdefault(conv, Replica())

    def _place(self, conv: str) -> dict[str, Any]:
        return {
            "conv": conv,
            "received": self.store.received(conv),
            "rev": self.store.revs.get(conv, 0),
            "seen": self.store.seen.get(conv, 0),
        }

    def _is_confirmed(self, conv: str) -> bool:
        echo, place = self._confirmed.get(conv), self._place(conv)
        return echo is not None and all(echo[what] >= place[what] for what in ("received", "rev", "seen"))

    # Frames

    def _receive(self, frame: dict[str, Any]) -> None:
        match frame["t"]:
            case "welcome":
                self.store.epoch = frame["epoch"]
            case "conversations":
                for item in frame["items"]:
                    self.conversations[item["id"]] = item
                    self.store.revs.setdefault(item["id"], item["received_rev"])
                    self._begin(item["id"], item["received"])
                if not frame["more"] and not self.is_connected.is_set():
                    self.is_connected.set()
                    self._post_all()
            case "messages":
                for entry in frame["entries"]:
                    self.history.add(Pushed(self.who.device, frame["conv"], entry["seq"]))
                self._take(frame["conv"], frame["entries"], frame.get("absent", []))
                self._after_taking(frame["conv"])
            case "changes":
                self._take_changes(frame)
            case "reset":
                gap = {"from": self.store.received(frame["conv"]) + 1, "to": frame["horizon"], "why": "expired"}
                self._take(frame["conv"], [], [gap])
            case "left":
                self.conversations.pop(frame["conv"], None)
            case "members":
                if frame["conv"] in self.conversations:
                    self.conversations[frame["conv"]] |= {"title": frame.get("title"), "members": frame["members"]}
            case "sync_done":
                self.is_synced.set()
            case "ack":
                for ack in frame["acks"]:
                    self._acked(ack)
            case "retry":
                self.retries.append(frame)
                self._again = self._again or asyncio.create_task(self._post_again())
            case "pong":
                self._confirmed |= {place["conv"]: place for place in frame["positions"]}
            case _:
                self.others.put_nowait(frame)

    def _acked(self, ack: dict[str, Any]) -> None:
        item = next((i for i in self.store.outbox if i["client_id"] == ack.get("client_id")), None)
        match ack["type"]:
            case "ACCEPTED":
                user, device = self.who.user, self.who.device
                self.history.add(Accepted(device, user, ack["conv"], ack["client_id"], ack["message_id"], ack["seq"]))
                if item is not None:
                    self._take(ack["conv"], [_entry(item, ack)], [])
                    self._after_taking(ack["conv"])
                else:
                    self.others.put_nowait({"t": "accepted", "ack": ack})
            case "REJECTED":
                self.rejected[ack["client_id"]] = ack["error_code"]
                if item is not None:
                    self.store.outbox.remove(item)
            case "FAILED":
                self.lapsed[ack["conv"], ack["sender_id"]] = ack["lapsed"]
            case kind:
                key = (ack["conv"], ack["sender_id"], kind)
                self.ticks[key] = max(self.ticks.get(key, 0), ack["seq"])
                self.history.add(Ticked(self.who.device, ack["conv"], ack["sender_id"], kind, ack["seq"]))

    def _take(self, conv: str, entries: list[dict[str, Any]], absent: list[dict[str, Any]]) -> None:
        """Applies entries by seq; what comes early waits for what is before it."""
        mine = {entry["client_id"] for entry in entries if entry["sender"] == self.who.user}
        self.store.outbox = [item for item in self.store.outbox if item["client_id"] not in mine]
        replica, cursor = self.store.replicas[conv], self.store.cursors[conv]
        before = cursor.position
        replica.take_entries(entries)
        for entry in entries:
            cursor.one(entry["seq"])
        for gap in absent:
            if gap["to"] > before:
                self.history.add(Skipped(self.who.device, conv, gap["from"], gap["to"], gap["why"]))
            for seq in range(max(before + 1, gap["from"]), gap["to"] + 1):
                cursor.one(seq)
        for seq in range(before + 1, cursor.position + 1):
            if entry := replica.get(seq):
                self.history.add(_stored(self.who, conv, entry))

    def _take_changes(self, frame: dict[str, Any]) -> None:
        conv = frame["conv"]
        self.store.replicas[conv].take_changes(frame["changes"])
        self.store.revs[conv] = max(self.store.revs.get(conv, 0), frame["upto"])
        for change in frame["changes"]:
            self.history.add(Changed(self.who.device, conv, change["seq"], change["rev"], change.get("body")))
        self._acknowledge("CHANGED", conv, self.store.revs[conv])

    def _after_taking(self, conv: str) -> None:
        self._acknowledge("DELIVERED", conv, self.store.received(conv))
        if self._sees:
            self.see(conv)

    # What goes out

    def _acknowledge(self, kind: str, conv: str, seq: int) -> None:
        if seq:
            self._unsent_acks[kind, conv] = seq
            if self._flush is None or self._flush.done():
                self._flush = asyncio.create_task(self._flush_acks())

    async def _flush_acks(self) -> None:
        """The first at once, those of the next 250 ms together."""
        while self._unsent_acks:
            acks = [
                {"type": kind, "conv": conv, "seq": seq, "cumulative": True}
                for (kind, conv), seq in sorted(self._unsent_acks.items())
            ]
            self._unsent_acks.clear()
            self.post({"t": "ack", "acks": acks})
            await asyncio.sleep(ACK_DELAY_S)

    def _post(self, item: dict[str, Any]) -> None:
        if not self.is_connected.is_set():
            return
        line = [other for other in self.store.outbox if other["conv"] == item["conv"]]
        before = line[line.index(item) - 1]["client_id"] if line.index(item) else None
        self.post(item | ({"after": before} if before else {}))

    def _post_all(self) -> None:
        for item in self.store.outbox:
            self._post(item)

    async def _post_again(self) -> None:
        await asyncio.sleep(RETRY_S)
        self._again = None
        self._post_all()


def _usernames(summary: dict[str, Any]) -> set[str]:
    return {member["username"] for member in summary["members"]}


def _entry(item: dict[str, Any], ack: dict[str, Any]) -> dict[str, Any]:
    """One's own entry, as ACCEPTED tells it."""
    return {
        "seq": ack["seq"],
        "id": ack["message_id"],
        "sender": ack["sender_id"],
        "client_id": item["client_id"],
        "body": item["body"],
        "at": ack["timestamp"],
    }


def _stored(who: SignedIn, conv: str, entry: dict[str, Any]) -> Stored:
    names = ("id", "sender", "client_id", "body", "rev")
    message_id, sender, client_id, body, rev = (entry.get(name) for name in names)
    return Stored(who.device, who.user, conv, entry["seq"], message_id, sender, client_id, body, rev or 0)
