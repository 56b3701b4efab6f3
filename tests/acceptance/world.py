"""A group and everyone who has no part in it, or had, or will: what the tests of who may do what are about."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, fields, replace
from typing import Any
from uuid import uuid4

import psycopg

from tests.acceptance import club, uploading
from tests.acceptance.app import app_of
from tests.acceptance.conftest import Cast
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.acceptance.wire import connect

# Of all entries; of those that are kept from somebody with a few words more.
SECRET = "only for who may read it"
EARLY, MEANWHILE = "long before anybody else came", "in the absence of one"

STATE = """
SELECT (SELECT json_agg(m ORDER BY m.seq) FROM chat_message m WHERE m.conversation_id = c.id)::text,
       (SELECT json_agg(s ORDER BY s.id) FROM chat_membership s WHERE s.conversation_id = c.id)::text,
       (SELECT json_agg(i ORDER BY i.id) FROM chat_invite i WHERE i.conversation_id = c.id)::text,
       (SELECT json_agg(w ORDER BY w.id) FROM receipts_watermark w WHERE w.conversation_id = c.id
        AND w.user_id = ANY(%(users)s::uuid[]))::text,
       (SELECT json_agg(r ORDER BY r.id) FROM chat_report r WHERE r.conversation_id = c.id)::text,
       (SELECT json_agg(h ORDER BY h.id) FROM chat_hidden h WHERE h.conversation_id = c.id)::text,
       c.title, c.adding, c.history, c.last_seq, c.last_rev, c.members_rev
FROM chat_conversation c WHERE c.id = %(conv)s
"""


@dataclass(frozen=True, slots=True)
class Named:
    """What a frame or a route may name. `device` empty: whoever asks names their own."""

    conv: str
    seq: int
    user: str
    link: str
    token: str
    file: str
    device: str = ""

    def blanked(self, text: str) -> str:
        """Without these."""
        for field, value in zip(fields(self), astuple(self), strict=True):
            if value and isinstance(value, str):
                text = text.replace(value, f"<{field.name}>")
        return text


@dataclass(slots=True)
class World:
    """A group of alice's and what is in it. bob is a member; carol was removed; dave was removed and came back, and
    `missed` was written meanwhile; erin came last. mallory never was in it, nor grace, whom alice and bob have
    blocked. frank is a member nobody needs. `live`: the token of a link that lets people in; that of `theirs` does
    not."""

    house: House
    cast: Cast
    dave: SignedIn
    erin: SignedIn
    frank: SignedIn
    grace: SignedIn
    theirs: Named
    live: str
    missed: int
    last: int
    files: dict[int, str]

    @property
    def nothing(self) -> Named:
        """The same kinds of things, that do not exist."""
        conv, user, link, file, device = (str(uuid4()) for _ in range(5))
        return Named(conv, self.theirs.seq, user, link, "no" + self.theirs.token[2:], file, device)

    def named_to(self, outsider: SignedIn) -> Named:
        """Who was removed may know a link that lets others in."""
        return replace(self.theirs, token=self.live) if outsider == self.cast.carol else self.theirs

    def hidden_from(self, name: str) -> tuple[SignedIn, Named, Named]:
        """Who came back or later; an entry with a file they may not read; and what lies beyond the head."""
        who, seq = {"rejoined": (self.dave, self.missed), "future": (self.erin, self.theirs.seq)}[name]
        beyond = replace(self.theirs, seq=self.last + 1_000, file=self.nothing.file, device="")
        return who, replace(self.theirs, seq=seq, file=self.files[seq], device=""), beyond

    def state(self) -> list[Any]:
        outsiders = [who.user for who in (self.cast.carol, self.cast.mallory, self.grace)]
        with psycopg.connect(self.house.dsn) as connection:
            return connection.execute(STATE, {"conv": self.theirs.conv, "users": outsiders}).fetchall()


@asynccontextmanager
async def a_world(house: House, cast: Cast) -> AsyncIterator[World]:
    alice, bob, carol = cast.alice, cast.bob, cast.carol
    names = ("dave", "erin", "frank", "grace")
    dave, erin, frank, grace = house.enrol(*(f"{name}-{uuid4().hex[:12]}" for name in names))
    files: dict[int, str] = {}
    async with (
        connect(house.addresses[0], alice) as wire,
        app_of(house, alice) as app,
        app_of(house, bob) as other,
    ):
        for who in (app, other):
            await who.told("PUT", f"/blocks/{grace.user}", status=204)
        conv = await club.found(house, alice, bob, carol, dave, frank)
        await wire.hear("conversations", lambda page: any(item["id"] == conv for item in page["items"]))

        async def hidden(words: str) -> int:
            file = (await uploading.upload(app, uploading.picture()))["id"]
            seq = int((await wire.send(conv, f"{SECRET}, {words}", attachments=[file]))["seq"])
            files[seq] = file
            return seq

        early = await hidden(EARLY)
        await club.remove(house, conv, alice, dave)
        missed = await hidden(MEANWHILE)
        await club.add(house, conv, alice, dave)
        await club.add(house, conv, alice, erin)
        await club.remove(house, conv, alice, carol)
        last = int((await wire.send(conv, SECRET))["seq"])
        ended = await wire.ask({"t": "invite", "conv": conv}, "invite")
        await wire.ask({"t": "revoke", "conv": conv, "id": ended["id"]}, "done")
        link = await wire.ask({"t": "invite", "conv": conv}, "invite")
        file = await uploading.begin(app, 10)
        theirs = Named(conv, early, bob.user, link["id"], ended["token"], file, alice.device)
        yield World(house, cast, dave, erin, frank, grace, theirs, link["token"], missed, last, files)
