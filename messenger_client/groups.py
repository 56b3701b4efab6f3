"""Groups, as a program makes and changes them. Reached by `Client.groups`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from messenger_client import protocol, sources
from messenger_client.engine import Engine
from messenger_client.ids import uuid7
from messenger_client.model import Conversation, Invite, Person
from messenger_client.protocol import Frame


class Groups:
    """All raise Refused (NOT_FOUND, NOT_ALLOWED, GROUP_FULL…) and Unavailable; after Unavailable ask again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def create(self, title: str, people: Sequence[Person], *, client_id: str = "", **rules: str) -> str:
        """A group of oneself and `people`; its id. `client_id`: the same one is the same group, however often it is
        asked for; by default each call is tried once. `rules`: adding="everyone", history="all"."""
        users = [person.id for person in people]
        frame = await self._ask(protocol.create(client_id or uuid7(), title, users, rules))
        return str(frame["items"][0]["id"])

    async def join(self, token: str) -> str:
        """By a link; the group's id."""
        return str((await self._ask(protocol.join(token)))["items"][0]["id"])

    async def preview(self, token: str) -> tuple[str, int]:
        """Title and number of members of what one would join."""
        frame = await self._ask({"t": "preview", "token": token})
        return frame["title"], frame["count"]

    async def change(self, group: Conversation | str, **new: str) -> None:
        """`title`, `adding`, `history`."""
        await self._change("group", group, **new)

    async def show(self, group: Conversation | str, picture: str | Path | None) -> None:
        """A picture of a file for the group, or none any more. Raises also InvalidMessage for what is no file or empty,
        SignedOut, OSError."""
        shown = ""
        if picture is not None:
            file = replace(await asyncio.to_thread(sources.look, picture), key=uuid7())
            shown = (await self._engine.uploads.carry(file))["id"]
        await self._change("group", group, picture=shown)

    async def add(self, group: Conversation | str, people: Sequence[Person]) -> None:
        await self._change("add", group, users=[person.id for person in people])

    async def remove(self, group: Conversation | str, person: Person) -> None:
        await self._change("remove", group, user=person.id)

    async def give_role(self, group: Conversation | str, person: Person, role: str) -> None:
        """ "admin", "member", or "owner": in one's own place."""
        await self._change("role", group, user=person.id, role=role)

    async def leave(self, group: Conversation | str) -> None:
        await self._change("leave", group)

    async def mute(self, group: Conversation | str, until: int | None) -> None:
        """No wake-ups before that, in milliseconds since 1970."""
        await self._change("mute", group, until=until)

    async def members(self, group: Conversation | str) -> list[tuple[Person, str]]:
        """Everyone, however many they are, with their roles."""
        found: list[tuple[Person, str]] = []
        after = None
        while True:
            frame = await self._ask(protocol.in_group("members", _id(group), after=after, limit=500))
            found += [(Person(each["id"], each["username"], each["name"]), each["role"]) for each in frame["members"]]
            after = frame["next"]
            if after is None:
                return found

    async def invite(
        self, group: Conversation | str, *, expires_at: int | None = None, max_uses: int | None = None
    ) -> Invite:
        frame = await self._ask(protocol.in_group("invite", _id(group), expires_at=expires_at, max_uses=max_uses))
        return Invite(frame["id"], frame["token"], frame["expires_at"], frame["max_uses"])

    async def revoke(self, group: Conversation | str, invite: Invite | str) -> None:
        await self._change("revoke", group, id=invite if isinstance(invite, str) else invite.id)

    async def _change(self, t: str, group: Conversation | str, **more: Any) -> None:
        await self._ask(protocol.in_group(t, _id(group), **more))

    async def _ask(self, frame: Frame) -> Frame:
        return await self._engine.requests.ask(frame)


def _id(group: Conversation | str) -> str:
    return group if isinstance(group, str) else group.id
