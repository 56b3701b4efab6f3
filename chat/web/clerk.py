"""The frames of a client that need the database: one question, one answer.

Who may see or change what is decided by the use cases that are asked (chat/delivery/acts.py, chat/log), never here.
"""

import time
from typing import Any

from chat.delivery import acts, group_acts, safety_acts, searching
from chat.delivery.greeting import take_positions
from chat.delivery.runtime import Runtime
from chat.delivery.session import Session
from chat.inbox import sync
from chat.inbox.pull import pull
from chat.log.access import Actor
from chat.log.refusal import unless
from chat.protocol.frames import ClientFrame, Delete, Edit, Fetch, Info, OpenDirect, Ping, Resend, Search, Sync
from chat.protocol.group_frames import AskMembers, Create, Join
from chat.protocol.safety_frames import AskBlocks, Block, Report, Unblock
from chat.quota.kinds import What


def reference(frame: ClientFrame) -> dict[str, Any]:
    """What of a frame is repeated in an error about it."""
    names = ("t", "conv", "seq", "user", "client_id")
    return {name: value for name in names if (value := getattr(frame, name, None)) is not None}


class Clerk:
    """`answer` raises Refusal, FrameError, psycopg.Error and django.db.Error; the socket was written nothing then."""

    def __init__(self, runtime: Runtime, session: Session) -> None:
        self._runtime = runtime
        self._session = session
        self._actor = Actor(session.user, session.device, session.access_rev, session.address)

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
            case Create():
                await self._create(frame)
            case Join():
                await self._join(frame)
            case AskMembers():
                self._may_read()
                self._answer_at_length(await group_acts.answer(self._runtime, self._actor, frame))
            case AskBlocks():
                self._may_read()
                self._answer_at_length(await safety_acts.answer(self._runtime, self._actor, frame))
            case Block() | Unblock() | Report():
                self._told(frame, await safety_acts.answer(self._runtime, self._actor, frame))
            case Search():
                await self._search(frame)
            case _:
                self._told(frame, await group_acts.answer(self._runtime, self._actor, frame))

    async def _ping(self, frame: Ping) -> None:
        session = self._session
        positions: list[dict[str, Any]] = []
        if frame.positions:
            take_positions(self._runtime, session, frame.positions)
            convs = [place.conv for place in frame.positions]
            positions = await sync.stored_positions(self._runtime.database, session.user, session.device, convs)
        session.write({"t": "pong", "time": time.time_ns() // 1_000_000, "positions": positions})

    async def _fetch(self, frame: Fetch) -> None:
        self._may_read()
        found = await acts.stretch(self._runtime, self._session.user, frame.conv, frame.from_seq, frame.to_seq)
        page = found.page
        await self._runtime.places.pass_expired(self._session, frame.conv, page.absent)
        if page.entries:
            self._runtime.hub.raise_head(frame.conv, page.entries[-1]["seq"])
        told = {"entries": page.entries, "absent": page.absent, "as_of_rev": page.as_of_rev}
        self._answer_at_length({"t": "page", "conv": frame.conv, "from": found.first, "to": found.last} | told)

    async def _sync(self, frame: Sync) -> None:
        self._may_read()
        session, runtime = self._session, self._runtime
        answer = await pull(runtime.database, session.user, session.device, frame, runtime.places.threads)
        for conversation in answer["conversations"]:
            # It may be acknowledged before this process has heard of it otherwise.
            runtime.hub.raise_head(conversation["id"], conversation["head"])
            runtime.hub.raise_rev(conversation["id"], conversation["rev"])
        self._answer_at_length(answer)

    def _may_read(self) -> None:
        """How long an answer is is known when it is there: what is too much has to fill up again before the next."""
        unless(self._runtime.quotas.take(What.SYNC, self._actor.user, self._actor.address))

    def _answer_at_length(self, answer: dict[str, Any]) -> None:
        encoded = self._session.codec.encode(answer)
        self._session.write_encoded(encoded)
        self._runtime.quotas.spend(What.SYNC, self._actor.user, self._actor.address, len(encoded))

    async def _info(self, frame: Info) -> None:
        self._may_read()
        self._answer_at_length({"t": "info"} | await acts.people(self._runtime, self._session.user, frame))

    async def _revise(self, frame: Edit | Delete) -> None:
        rev = await acts.change(self._runtime, self._actor, frame)
        self._session.write({"t": "done", "ref": reference(frame), "rev": rev})

    async def _resend(self, frame: Resend) -> None:
        told, _ = await acts.resend(self._runtime, self._actor, frame.conv, frame.seq, frame.client_id)
        self._session.write({"t": "ack", "acks": [told]})

    async def _open(self, frame: OpenDirect) -> None:
        direct = await acts.open_direct(self._runtime, self._actor, frame.username)
        await self._runtime.door.introduce(self._session, direct.conv, opened=True)

    async def _create(self, frame: Create) -> None:
        made = await group_acts.create(self._runtime, self._actor, frame)
        await self._runtime.door.introduce(self._session, made.conv, opened=True)

    async def _join(self, frame: Join) -> None:
        joined = await group_acts.join(self._runtime, self._actor, frame.token)
        await self._runtime.door.introduce(self._session, joined.conv, opened=True)

    async def _search(self, frame: Search) -> None:
        self._may_read()
        asked = frame.model_dump(include={"q", "kind", "conv", "cursor"}, exclude_none=True)
        self._answer_at_length({"t": "found"} | asked | await searching.search(self._runtime, self._actor, frame))

    def _told(self, frame: ClientFrame, answer: dict[str, Any]) -> None:
        self._session.write(answer if "t" in answer else {"t": "done", "ref": reference(frame)} | answer)
