"""From events to the hub: what the committer settled, what other processes hint at, what reconcile found."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextvars import Context
from typing import Any

from chat.delivery.answers import answer
from chat.delivery.doorkeeper import Doorkeeper
from chat.delivery.hub import Hub
from chat.delivery.layer import Event, Neighbours, Publisher
from chat.delivery.presence import Presence
from chat.delivery.reply import Reply
from chat.delivery.room import Room
from chat.delivery.session import Session
from chat.log.committer import Result
from chat.log.events import Done
from chat.log.pending import Pending
from chat.log.transaction import Settled
from chat.policy.decide import Accepted, Outcome, Refused
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import Attachment, Entry
from chat.protocol.packed import Packed, pack

logger = logging.getLogger(__name__)

# A hint larger than this names the heads only; the others fill from the database.
MAX_HINT_CHARS = 262_144


class Postman:
    """Implements reconcile.Effects."""

    def __init__(self, publisher: Publisher, door: Doorkeeper) -> None:
        self._publisher = publisher
        self.door = door
        self._works: set[asyncio.Task[None]] = set()
        self.process = ""
        self.neighbours = Neighbours()
        self.hub: Hub
        self.presence: Presence

    # From this process's committer

    def settled(self, result: Result) -> None:
        """Answers the senders, pushes the entries to the sockets here, hints to the other processes."""
        durability = result.committed.durability if result.committed else "local"
        answers: dict[Session, list[dict[str, Any]]] = {}
        for pending, outcome in result.pairs:
            if isinstance(pending.origin, Reply):
                pending.origin.settle(outcome, durability)
            elif isinstance(outcome, Refused) and outcome.code is ErrorCode.AUTHENTICATION_FAILED:
                # Nothing in the device's outbox fails by this: it waits until its person signs in again.
                pending.origin.end(CloseCode.AUTHENTICATION_FAILED)
            elif not pending.settled:
                acknowledgement = answer(pending.proposal, outcome, durability)
                if acknowledgement["t"] == "ack":
                    answers.setdefault(pending.origin, []).append(acknowledgement["ack"])
                else:
                    pending.origin.write(acknowledgement)
        for session, acks in answers.items():
            session.acknowledge(acks)
        if result.committed:
            self._push(result.pairs, result.committed)

    def _push(self, pairs: Sequence[tuple[Pending, Outcome]], committed: Settled) -> None:
        members_rev = committed.members_rev
        runs: dict[str, list[Packed]] = {}
        known: dict[str, dict[Session, set[int]]] = {}
        for pending, outcome in pairs:
            if not isinstance(outcome, Accepted):
                continue
            conv = outcome.entry.conv
            if outcome.duplicate:
                # Another process may have appended it, and its device will acknowledge it here.
                self.hub.raise_head(conv, outcome.entry.seq)
                continue
            runs.setdefault(conv, []).append(_pack(pending, outcome, committed.files))
            if not pending.settled and isinstance(pending.origin, Session):
                known.setdefault(conv, {}).setdefault(pending.origin, set()).add(outcome.entry.seq)
        if not runs:
            return
        for conv, entries in runs.items():
            self.hub.deliver(conv, members_rev[conv], entries, known.get(conv))
        if self.neighbours.exist(asyncio.get_running_loop().time()):
            self._hint(runs, members_rev)

    def _hint(self, runs: dict[str, list[Packed]], members_rev: dict[str, int]) -> None:
        size = sum(len(entry.text) for entries in runs.values() for entry in entries)
        batch = [
            [
                conv,
                members_rev[conv],
                entries[-1].seq,
                [[entry.seq, entry.text, entry.at] for entry in entries] if size < MAX_HINT_CHARS else [],
            ]
            for conv, entries in runs.items()
        ]
        self._publisher.publish({"type": "entries", "origin": self.process, "batch": batch})

    # From other processes

    def heard(self, event: Event) -> None:
        """A hint off the channel layer."""
        if event["type"] == "entries":
            for conv, members_rev, head, entries in event["batch"]:
                if entries:
                    self.hub.deliver(conv, members_rev, [Packed(*entry) for entry in entries])
                else:
                    self.hub.raise_head(conv, head)
        elif event["type"] == "ticks":
            self.hub.tick(event["change"], [(user, ack) for user, ack in event["acks"]])
        elif event["type"] == "nudges":
            for conv, device, head in event["nudges"]:
                self.hub.raise_head(conv, head)
                self.hub.nudge(conv, device)
        elif event["type"] == "revised":
            self.hub.raise_rev(event["conv"], event["rev"])
        elif event["type"] == "members":
            self._soon(self.members_changed(event["conv"], event["users"]))
        elif event["type"] == "retold":
            self._soon(self.retold(event["conv"], event["users"]))
        elif event["type"] == "blocked":
            self._soon(self.blocked(event["convs"], event["users"]))
        elif event["type"] == "revoked":
            self._soon(self.revoked(event["users"]))
        elif event["type"] == "typing":
            for conv, members_rev, user in event["batch"]:
                self.hub.typing(conv, members_rev, user)

    # From sockets here

    def typing(self, room: Room, user: str) -> None:
        """The others here and elsewhere are told, or not: nobody will miss it."""
        room.typing(user)
        self._mention_typing(room.conv, room.members_rev, user)

    def typing_elsewhere(self, conv: str, members_rev: int, user: str) -> None:
        """The same of somebody who has no socket here, as read from the database."""
        self.hub.typing(conv, members_rev, user)
        self._mention_typing(conv, members_rev, user)

    def _mention_typing(self, conv: str, members_rev: int, user: str) -> None:
        if self.neighbours.exist(asyncio.get_running_loop().time()):
            self._publisher.mention_typing(self.process, conv, members_rev, user)

    # From use cases here that have committed

    def revised(self, conv: str, rev: int) -> None:
        """An edit or a deletion: the people here and elsewhere are told."""
        self.hub.raise_rev(conv, rev)
        self._publisher.publish({"type": "revised", "origin": self.process, "conv": conv, "rev": rev})

    def appended_apart(self, conv: str, head: int) -> None:
        """An entry that did not come through the committer."""
        self.hub.raise_head(conv, head)
        self._publisher.publish({"type": "entries", "origin": self.process, "batch": [[conv, 0, head, []]]})

    def done(self, done: Done, actor: str) -> None:
        """Something was done to a group, by `actor`, who is told of it by the caller."""
        if done.head is None:
            return
        self.appended_apart(done.conv, done.head)
        if done.users:
            self.members_hint(done.conv, list(done.users))
            self._soon(self.members_changed(done.conv, [user for user in done.users if user != actor]))

    def members_hint(self, conv: str, users: list[str]) -> None:
        """Tells the other processes, and the people here, of a conversation made or changed."""
        self._publisher.publish({"type": "members", "origin": self.process, "conv": conv, "users": users})

    def retold_hint(self, conv: str, user: str) -> None:
        """Something of theirs about the conversation: their sockets here and elsewhere are told."""
        self._soon(self.retold(conv, [user]))
        self._publisher.publish({"type": "retold", "origin": self.process, "conv": conv, "users": [user]})

    def blocked_hint(self, conv: str | None, users: list[str]) -> None:
        """Of (who did, whom), or not any more: what each may know of the other changes."""
        if convs := [conv] if conv else []:
            self._soon(self.blocked(convs, users))
            self._publisher.publish({"type": "blocked", "origin": self.process, "convs": convs, "users": users})

    def revoked_hint(self, user: str) -> None:
        """A device of theirs may not act any more: its sockets here and elsewhere end."""
        self._soon(self.revoked([user]))
        self._publisher.publish({"type": "revoked", "origin": self.process, "users": [user]})

    def _soon(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work, context=Context())
        # The loop itself holds its tasks weakly.
        self._works.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: "asyncio.Task[None]") -> None:
        self._works.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Reconcile meets the same change within a second.
            logger.warning("hint not followed: %s", type(error).__name__)

    # From reconcile

    def appended(self, conv: str, head: int) -> None:
        self.hub.raise_head(conv, head)

    def changed(self, conv: str, rev: int) -> None:
        self.hub.raise_rev(conv, rev)

    def lapsed(self, conv: str) -> None:
        """Some entries expired for someone, who may not read them any more."""
        self.hub.need_members(conv)

    def rooms(self, convs: list[str]) -> list[str]:
        """Those somebody here may want to hear of: while conversations are being read, any may be entered next."""
        return convs if self.hub.is_reading else [conv for conv in convs if conv in self.hub.rooms]

    def is_here(self, user: str) -> bool:
        return user in self.hub.people

    def has_heard(self, change: int) -> bool:
        return self.hub.has_heard(change)

    def ticked(self, change: int | None, acks: list[tuple[str, dict[str, Any]]]) -> None:
        self.hub.tick(change, acks)

    def lost_track(self) -> None:
        """Cut off too long to know what was missed: everyone comes back and says where they are."""
        for session in self.hub.sessions():
            session.end(CloseCode.RESTARTING)

    def housekeeping(self) -> None:
        self.hub.watchdog.look(self.hub.sessions(), asyncio.get_running_loop().time())
        for conv in list(self.hub.rooms):
            self.hub.catch_up(conv)

    async def members_changed(self, conv: str, users: list[str]) -> None:
        await self.door.members_changed(conv, users)

    async def retold(self, conv: str, users: list[str]) -> None:
        await self.door.retell(conv, users)

    async def blocked(self, convs: list[str], users: list[str]) -> None:
        for conv in convs:
            await self.door.blocked(conv, users[0])
        await self.presence.switched(users)

    async def revoked(self, users: list[str]) -> None:
        await self.door.revoked(users)

    async def switched_presence(self, users: list[str]) -> None:
        await self.presence.switched(users)


def _pack(pending: Pending, outcome: Accepted, files: Mapping[str, Attachment]) -> Packed:
    send, stored = pending.proposal, outcome.entry
    entry = Entry(
        seq=stored.seq,
        id=stored.message_id,
        sender=send.sender,
        client_id=send.client_id,
        body=send.body,
        at=stored.at,
    )
    if outcome.reply_to is not None:
        entry["reply_to"] = outcome.reply_to
    if send.attachments:
        entry["attachments"] = [files[each] for each in send.attachments]
    if send.mentions:
        entry["mentions"] = list(send.mentions)
    return pack(entry)
