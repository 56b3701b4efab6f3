"""From events to the hub: what the committer settled, what other processes hint at, what reconcile found."""

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from chat.delivery.answers import answer
from chat.delivery.hub import Hub
from chat.delivery.layer import Event, Neighbours, Publisher
from chat.delivery.session import Cursor, Session
from chat.inbox import sync
from chat.log.committer import Result
from chat.log.pending import Pending
from chat.log.pool import Database
from chat.policy.decide import Accepted, Outcome, Refused
from chat.protocol.codec_json import Packed, ack_frame, encode, pack
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import Entry

logger = logging.getLogger(__name__)

# A hint larger than this names the heads only; the others fill from the database.
MAX_HINT_CHARS = 262_144

MEMBERS = """
SELECT s.user_id::text, c.members_rev FROM chat_conversation c
LEFT JOIN chat_membership s ON s.conversation_id = c.id AND s.left_seq IS NULL WHERE c.id = %s::uuid
"""

REVOKED = """
SELECT d.id::text FROM chat_device d JOIN chat_user u ON u.id = d.user_id
WHERE d.user_id = ANY(%s::uuid[]) AND (d.revoked_at IS NOT NULL OR NOT u.is_active)
"""


class Postman:
    """Implements reconcile.Effects."""

    def __init__(self, database: Database, publisher: Publisher) -> None:
        self._database = database
        self._publisher = publisher
        self._reloads: dict[str, asyncio.Task[None]] = {}
        self._works: set[asyncio.Task[None]] = set()
        self.process = ""
        self.neighbours = Neighbours()
        self.hub: Hub

    # From this process's committer

    def settled(self, result: Result) -> None:
        """Answers the senders, pushes the entries to the sockets here, hints to the other processes."""
        durability = result.committed.durability if result.committed else "local"
        answers: dict[Session, list[dict[str, Any]]] = {}
        for pending, outcome in result.pairs:
            if isinstance(outcome, Refused) and outcome.code is ErrorCode.AUTHENTICATION_FAILED:
                # Nothing in the device's outbox fails by this: it waits until its person signs in again.
                pending.origin.end(CloseCode.AUTHENTICATION_FAILED)
            elif not pending.settled:
                acknowledgement = answer(pending.proposal, outcome, durability)
                if acknowledgement["t"] == "ack":
                    answers.setdefault(pending.origin, []).append(acknowledgement["ack"])
                else:
                    pending.origin.write_text(encode(acknowledgement))
        for session, acks in answers.items():
            session.write_text(ack_frame(acks))
        if result.committed:
            self._push(result.pairs, result.committed.members_rev)

    def _push(self, pairs: Sequence[tuple[Pending, Outcome]], members_rev: dict[str, int]) -> None:
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
            runs.setdefault(conv, []).append(_pack(pending, outcome))
            if not pending.settled:
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
        elif event["type"] == "members":
            self._soon(self.members_changed(event["conv"], event["users"]))

    def members_hint(self, conv: str, users: list[str]) -> None:
        """Tells the other processes, and the people here, of a conversation made or changed."""
        self._publisher.publish({"type": "members", "origin": self.process, "conv": conv, "users": users})

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

    def rooms(self, convs: list[str]) -> list[str]:
        """Those somebody here may want to hear of: while conversations are being read, any may be entered next."""
        return convs if self.hub.is_reading else [conv for conv in convs if conv in self.hub.rooms]

    def has_heard(self, change: int) -> bool:
        return self.hub.has_heard(change)

    def ticked(self, change: int | None, acks: list[tuple[str, dict[str, Any]]]) -> None:
        self.hub.tick(change, acks)

    def lost_track(self) -> None:
        """Cut off too long to know what was missed: everyone comes back and says where they are."""
        for session in self.hub.sessions():
            session.end(CloseCode.RESTARTING)

    def housekeeping(self) -> None:
        self.hub.close_stalled(asyncio.get_running_loop().time())
        for conv in list(self.hub.rooms):
            self.hub.catch_up(conv)

    async def members_changed(self, conv: str, users: list[str]) -> None:
        """People joined or left: their sockets are told of the conversation, or leave it."""
        for user in users:
            for session in list(self.hub.people.get(user, ())):
                if not session.ready:
                    session.joined.append(conv)
                elif conv not in session.cursors:
                    await self._introduce(session, conv)
        await self._reload(conv)

    async def introduce_joined(self, session: Session) -> None:
        """Conversations that came to be while the session's others were read."""
        while session.joined:
            conv = session.joined.pop()
            if conv not in session.cursors:
                await self._introduce(session, conv)

    async def _introduce(self, session: Session, conv: str) -> None:
        with self.hub.reading():
            for summary in await sync.summaries(self._database, session.user, session.device, conv):
                cursor = Cursor(summary.received, summary.seen)
                if conv not in session.cursors and self.hub.enter(session, summary, cursor):
                    session.write({"t": "conversations", "items": [summary.frame()], "more": False})

    def reload_members(self, conv: str) -> None:
        """Membership is newer than what the room knows; one reading at a time."""
        if conv not in self._reloads:
            task = asyncio.get_running_loop().create_task(self._reload(conv), context=Context())
            self._reloads[conv] = task
            task.add_done_callback(lambda _: self._reloads.pop(conv, None))

    async def _reload(self, conv: str) -> None:
        try:
            rows = await self._database.rows(MEMBERS, [conv])
        except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
            logger.warning("members not read: %s", type(error).__name__, extra={"conv": conv})
            return
        if rows:
            self.hub.members(conv, rows[0][1], {row[0] for row in rows})

    async def revoked(self, users: list[str]) -> None:
        devices = {row[0] for row in await self._database.rows(REVOKED, [users])}
        for user in users:
            for session in list(self.hub.people.get(user, ())):
                if session.device in devices:
                    session.end(CloseCode.AUTHENTICATION_FAILED)


def _pack(pending: Pending, outcome: Accepted) -> Packed:
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
    return pack(entry)
