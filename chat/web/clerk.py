"""The frames of a client that need the database: one question, one answer.

Who may see or change what is decided by the use cases that are asked (chat/log), never here.
"""

import time
from typing import Any

from django.conf import settings

from chat.delivery.answers import accepted
from chat.delivery.greeting import take_positions
from chat.delivery.runtime import Runtime
from chat.delivery.session import Session
from chat.inbox import sync
from chat.inbox.pull import pull
from chat.log import durability, history, members, revise
from chat.log.access import Actor
from chat.log.refusal import Refusal
from chat.log.transaction import new_message_id
from chat.policy.revise import Windows
from chat.protocol.codec_json import fitting
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import (
    MAX_RANGE,
    ClientFrame,
    Delete,
    Edit,
    Fetch,
    Info,
    OpenDirect,
    Ping,
    Resend,
    Sync,
)


def reference(frame: ClientFrame) -> dict[str, Any]:
    """What of a frame is repeated in an error about it."""
    names = ("t", "conv", "seq", "client_id")
    return {name: getattr(frame, name) for name in names if hasattr(frame, name)}


def windows() -> Windows:
    return Windows(settings.EDIT_MINUTES * 60_000, settings.DELETE_MINUTES * 60_000)


class Clerk:
    """`answer` raises Refusal, FrameError, psycopg.Error and django.db.Error; the socket was written nothing then."""

    def __init__(self, runtime: Runtime, session: Session) -> None:
        self._runtime = runtime
        self._session = session
        self._actor = Actor(session.user, session.device)

    async def answer(self, frame: ClientFrame) -> None:
        match frame:
            case Ping():
                await self._ping(frame)
            case Fetch():
                await self._fetch(frame)
            case Sync():
                await self._sync(frame)
            case Info():
                await self._info(frame)
            case Edit() | Delete():
                await self._revise(frame)
            case Resend():
                await self._resend(frame)
            case OpenDirect():
                await self._open(frame)

    async def _ping(self, frame: Ping) -> None:
        session = self._session
        positions: list[dict[str, Any]] = []
        if frame.positions:
            take_positions(self._runtime, session, frame.positions)
            convs = [place.conv for place in frame.positions]
            positions = await sync.stored_positions(self._runtime.database, session.user, session.device, convs)
        session.write({"t": "pong", "time": time.time_ns() // 1_000_000, "positions": positions})

    async def _fetch(self, frame: Fetch) -> None:
        last = min(frame.to_seq, frame.from_seq + MAX_RANGE - 1)
        page = await history.page(self._runtime.database, frame.conv, self._session.user, frame.from_seq, last)
        if page is None:
            raise Refusal(ErrorCode.NOT_FOUND)
        count, _ = fitting(page.entries)
        if count < len(page.entries):
            last = page.entries[count]["seq"] - 1
            page = page.upto(last)
        await self._runtime.places.pass_expired(self._session, frame.conv, page.absent)
        if page.entries:
            self._runtime.hub.raise_head(frame.conv, page.entries[-1]["seq"])
        told = {"entries": page.entries, "absent": page.absent, "as_of_rev": page.as_of_rev}
        self._session.write({"t": "page", "conv": frame.conv, "from": frame.from_seq, "to": last} | told)

    async def _sync(self, frame: Sync) -> None:
        session, runtime = self._session, self._runtime
        answer = await pull(runtime.database, session.user, session.device, frame, runtime.places.threads)
        for conversation in answer["conversations"]:
            # It may be acknowledged before this process has heard of it otherwise.
            runtime.hub.raise_head(conversation["id"], conversation["head"])
            runtime.hub.raise_rev(conversation["id"], conversation["rev"])
        session.write(answer)

    async def _info(self, frame: Info) -> None:
        rows = await history.people(self._runtime.database, frame.conv, self._session.user, frame.seq)
        if rows is None:
            raise Refusal(ErrorCode.NOT_FOUND)
        keys = ("id", "username", "name", "expired_at", "delivered_at", "seen_at")
        people = [dict(zip(keys, row, strict=True)) for row in rows]
        self._session.write({"t": "info", "conv": frame.conv, "seq": frame.seq, "people": people})

    async def _revise(self, frame: Edit | Delete) -> None:
        async with self._runtime.revising, self._runtime.database.transaction() as connection:
            if isinstance(frame, Edit):
                done = await revise.edit(connection, self._actor, frame.conv, frame.seq, frame.body, windows())
            elif frame.whom == "all":
                done = await revise.delete(connection, self._actor, frame.conv, frame.seq, windows())
            else:
                done = await revise.hide(connection, self._actor, frame.conv, frame.seq)
        if done.fresh:
            self._runtime.postman.revised(frame.conv, done.rev)
        self._session.write({"t": "done", "ref": reference(frame), "rev": done.rev})

    async def _resend(self, frame: Resend) -> None:
        async with self._runtime.revising, self._runtime.database.transaction() as connection:
            done = await revise.resend(
                connection, self._actor, frame.conv, frame.seq, frame.client_id, new_message_id()
            )
            in_force = await durability.in_force(connection)
        if done.fresh:
            self._runtime.postman.appended_apart(frame.conv, done.entry["seq"])
            self._runtime.postman.revised(frame.conv, done.rev)
        told = accepted(frame.conv, done.entry, in_force)
        self._session.write({"t": "ack", "acks": [told]})

    async def _open(self, frame: OpenDirect) -> None:
        session = self._session
        direct = await members.open_direct(self._runtime.database, session.user, frame.username)
        if direct is None:
            raise Refusal(ErrorCode.NOT_FOUND)
        if direct.created:
            self._runtime.postman.members_hint(direct.conv, direct.users)
        await self._runtime.door.introduce(session, direct.conv, opened=True)
