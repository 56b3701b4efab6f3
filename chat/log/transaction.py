"""One batch, one transaction, two exchanges with PostgreSQL: facts -> decide -> write.

Exchange 1 (a pipeline): BEGIN, lock, facts. Exchange 2 (a pipeline): insert, raise heads, note the change, COMMIT.
The outcome is unknown when the connection is lost during exchange 2, or when COMMIT gives a WARNING (a wait for a
standby that was cut short succeeds with one). Running the same batch again is always safe: deduplication.
"""

import contextlib
import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import uuid_utils
from psycopg import AsyncConnection, errors

from chat.log import append, durability, opening
from chat.log.access import spans_of, stays_of
from chat.log.arrays import binaries, numbers, texts, words
from chat.log.attached import to_file
from chat.policy.decide import Accepted, Facts, Head, Known, Outcome, Proposal, decide
from chat.policy.visibility import Readable, readable
from chat.protocol.frames import Attachment

# A lock is waited for this long, and only by conversations left out several times: nothing else moves meanwhile.
LOCK_TIMEOUT_MS = 40
CONNECT_TIMEOUT_S = 2
SESSION = (
    f"SET lock_timeout = {LOCK_TIMEOUT_MS}; SET idle_in_transaction_session_timeout = '10s';"
    " SET statement_timeout = '10s';"
    # Every statement here finds a few rows by their keys. A plan made while a table was still small would read the
    # whole of it for ever after, and planning each batch anew costs more than running it.
    " SET plan_cache_mode = force_generic_plan;"
    " SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
)


class ConversationHeld(Exception):
    """Its lock was waited for in vain; nothing was read or written, the connection is as it was."""


class UnknownOutcome(Exception):
    """COMMIT was sent and its result is not known for sure."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A committed batch: an outcome a send, and the facts about conversations that publishing needs. `files`: by
    id, of those that were sent."""

    outcomes: list[Outcome]
    members_rev: dict[str, int]
    durability: durability.Durability
    files: Mapping[str, Attachment]


class BatchWriter:
    """The one connection of a process that appends. Not for concurrent use."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: AsyncConnection[Any] | None = None
        self._durability: durability.Durability = "local"
        self._warned = False
        self.exchanges = 0

    async def commit(self, batch: Sequence[Proposal], wait_for_locks: bool) -> Settled:
        """Raises ConversationHeld, psycopg.Error or UnknownOutcome; the connection is then rolled back or gone."""
        connection = self._connection or await self._connect()
        try:
            if wait_for_locks:
                await self._wait_for_locks(connection, batch)
            facts, files = await self._facts(connection, batch, began=wait_for_locks)
            outcomes = decide(batch, facts, time.time_ns() // 1_000_000)
            await self._write(connection, batch, outcomes, facts)
        except ConversationHeld:
            raise
        except BaseException:
            # An aborted pipeline leaves psycopg's book of prepared statements wrong: a new connection is simpler.
            await self.close()
            raise
        members_rev = {conv: head.members_rev for conv, head in facts.heads.items()}
        return Settled(outcomes, members_rev, self._durability, files)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def break_connection(self) -> None:
        """Ends a connection that does not answer any more, ready or not; whoever waits on it gets an OperationalError.

        Only shut down, not closed: another socket would get the number of its descriptor, and who waits on it would
        wait for that one, for as long as that is silent.
        """
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as shared:
                shared.shutdown(socket.SHUT_RDWR)

    async def _connect(self) -> AsyncConnection[Any]:
        connection = await AsyncConnection.connect(
            self._dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S, tcp_user_timeout=5000, keepalives_idle=5
        )
        self._connection = connection
        try:
            await connection.execute(SESSION)
            self._durability = await durability.in_force(connection)
        except BaseException:
            await self.close()
            raise
        connection.add_notice_handler(self._on_notice)
        return connection

    def _on_notice(self, notice: errors.Diagnostic) -> None:
        if notice.severity_nonlocalized == "WARNING":
            self._warned = True

    async def _wait_for_locks(self, connection: AsyncConnection[Any], batch: Sequence[Proposal]) -> None:
        """Not in the pipeline: a time-out here must leave the connection as it was. Raises ConversationHeld."""
        await connection.execute("BEGIN")
        convs = words(sorted({send.conv for send in batch}))
        try:
            await connection.execute(append.LOCK_WAITING, [convs], prepare=False)
        except errors.LockNotAvailable:
            await connection.execute("ROLLBACK")
            raise ConversationHeld from None
        self.exchanges += 2

    async def _facts(
        self, connection: AsyncConnection[Any], batch: Sequence[Proposal], began: bool
    ) -> tuple[Facts, dict[str, Attachment]]:
        convs = words(sorted({send.conv for send in batch}))
        people = words({user for send in batch for user in (send.sender, *send.mentions)})
        answering = words({send.sender for send in batch if send.is_reply})
        devices_used = words({send.device for send in batch})
        answered = {(send.conv, send.reply_to) for send in batch if send.reply_to is not None}
        keys = {(send.sender, key) for send in batch for key in (send.client_id, send.after, send.reply_to_id) if key}
        named = [(send.sender, each) for send in batch for each in send.attachments]
        async with connection.pipeline():
            if not began:
                await connection.execute("BEGIN")
            heads = await connection.execute(append.LOCK, [convs])
            stays = await connection.execute(append.STAYS, [people, people, answering, answering, convs, people])
            devices = await connection.execute(append.DEVICES, [devices_used])
            known = await connection.execute(
                append.KNOWN, [words(key[0] for key in keys), texts(key[1] for key in keys)]
            )
            if named:
                free = await connection.execute(append.FILES, [words(each) for each in zip(*named, strict=True)])
            if answered:
                of = [words(conv for conv, _ in answered), numbers(seq for _, seq in answered)]
                events = await connection.execute(append.EVENTS, of)
        self.exchanges += 1
        locked = {conv: Head(*head) for conv, *head in await heads.fetchall()}
        present = await stays.fetchall()
        members = {(conv, user): spans for conv, user, _, *spans in present}
        rows = await free.fetchall() if named else []
        files = {row[1]: to_file(row) for row in rows}
        facts = Facts(
            heads=locked,
            members=members.keys(),
            readable=_readable(members, locked),
            devices=frozenset((row[0], row[1]) for row in await devices.fetchall()),
            known={(row[0], row[1]): Known(*row[2:]) for row in await known.fetchall()},
            locked_out=frozenset(conv for conv, _ in members if conv not in locked),
            files={(row[0], row[1]) for row in rows},
            events=frozenset(await events.fetchall()) if answered else frozenset(),
            barred={(row[0], row[1]) for row in present if row[2]},
        )
        beginning = [send for send in batch if send.conv in locked and locked[send.conv].is_unwritten]
        if beginning:
            facts = await opening.facts_of(connection, beginning, facts)
            self.exchanges += 1
        return facts, files

    async def _write(
        self, connection: AsyncConnection[Any], batch: Sequence[Proposal], outcomes: Sequence[Outcome], facts: Facts
    ) -> None:
        fresh = [
            (send, outcome)
            for send, outcome in zip(batch, outcomes, strict=True)
            if isinstance(outcome, Accepted) and not outcome.duplicate
        ]
        self._warned = False
        async with connection.pipeline():
            if fresh:
                await self._append(connection, fresh)
            elif self._durability == "quorum" and any(isinstance(outcome, Accepted) for outcome in outcomes):
                await connection.execute(append.WRITE_WAL)
            await opening.note(connection, batch, outcomes, facts)
            await connection.execute("COMMIT")
        self.exchanges += 1
        if self._warned:
            raise UnknownOutcome

    async def _append(self, connection: AsyncConnection[Any], fresh: list[tuple[Proposal, Accepted]]) -> None:
        fresh.sort(key=lambda pair: (pair[0].sender, pair[0].client_id))
        heads: dict[str, int] = {}
        for _, outcome in fresh:
            entry = outcome.entry
            heads[entry.conv] = max(heads.get(entry.conv, 0), entry.seq)
        raised = [words(sorted(heads)), numbers(heads[conv] for conv in sorted(heads))]
        if not any(send.attachments or send.mentions for send, _ in fresh):
            await connection.execute(append.APPEND, [*raised, *raised, *_columns(fresh)])
            return
        await connection.execute(append.APPEND_MORE, [*raised, *raised, *_columns(fresh), *_more_columns(fresh)])
        attached = [(send.attachments, outcome.entry) for send, outcome in fresh if send.attachments]
        if not attached:
            return
        bound = [(each, entry, at) for ids, entry in attached for at, each in enumerate(ids)]
        await connection.execute(
            append.BIND,
            [
                words([each for each, _, _ in bound]),
                words([entry.conv for _, entry, _ in bound]),
                numbers([entry.seq for _, entry, _ in bound]),
                numbers([at for _, _, at in bound]),
            ],
        )


def _readable(members: Mapping[tuple[str, str], Sequence[Any]], heads: Mapping[str, Head]) -> dict[Any, Readable]:
    """What each may read, of those it was looked up for."""
    found = {}
    for (conv, user), (stays, lapsed) in members.items():
        floor = heads[conv].floor_seq if conv in heads else 0
        if may := readable(stays_of(stays), spans_of(lapsed), floor):
            found[conv, user] = may
    return found


def _columns(fresh: list[tuple[Proposal, Accepted]]) -> list[str]:
    """The rows turned into one array a column, as `unnest` wants them."""
    sends = [send for send, _ in fresh]
    entries = [outcome.entry for _, outcome in fresh]
    return [
        words([entry.message_id for entry in entries]),
        words([entry.conv for entry in entries]),
        numbers([entry.seq for entry in entries]),
        words([send.sender for send in sends]),
        words([send.device for send in sends]),
        texts([send.client_id for send in sends]),
        binaries([entry.digest for entry in entries]),
        texts([send.body for send in sends]),
        numbers([outcome.reply_to for _, outcome in fresh]),
        numbers([entry.at for entry in entries]),
    ]


def _more_columns(fresh: list[tuple[Proposal, Accepted]]) -> list[str]:
    return [
        numbers([len(send.attachments) for send, _ in fresh]),
        texts([words(send.mentions) if send.mentions else "" for send, _ in fresh]),
    ]


def new_message_id() -> str:
    """UUIDv7 text."""
    return str(uuid_utils.uuid7())
