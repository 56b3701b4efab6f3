"""What people do to groups, for every door: as acts.py, of chat/log/groups.py and what stands beside it."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from django.conf import settings
from psycopg.errors import UniqueViolation

from chat.delivery.runtime import Runtime
from chat.inbox import roster
from chat.log import groups, invites, muting
from chat.log.access import Actor
from chat.log.devices import new_token
from chat.log.events import Done
from chat.log.groups import Plan
from chat.log.locking import Connection
from chat.log.refusal import Refusal, unless
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import ClientFrame
from chat.protocol.group_frames import (
    Add,
    AskMembers,
    ChangeGroup,
    GiveRole,
    Invite,
    Invites,
    Leave,
    Mute,
    NewGroup,
    Preview,
    Remove,
    Revoke,
)
from chat.quota.kinds import What

Change = Callable[[Connection], Awaitable[Done]]


async def create(runtime: Runtime, actor: Actor, frame: NewGroup) -> Done:
    """Only new ones are counted."""
    unless(runtime.quotas.take(What.CONVERSATIONS, actor.user, actor.address))
    plan = Plan(frame.client_id, frame.title, frame.users, frame.adding, frame.history)

    def making(connection: Connection) -> Awaitable[Done]:
        return groups.create(connection, actor, plan, settings.MAX_GROUP_MEMBERS)

    try:
        return await _do(runtime, actor, making)
    except UniqueViolation:
        # The same was being made at this moment, and is there now.
        return await _do(runtime, actor, making)


async def join(runtime: Runtime, actor: Actor, token: str) -> Done:
    _count(runtime, actor)
    return await _do(
        runtime, actor, lambda connection: invites.accept(connection, actor, token, settings.MAX_GROUP_MEMBERS)
    )


async def answer(runtime: Runtime, actor: Actor, frame: ClientFrame) -> dict[str, Any]:
    """The frame that answers; without a `t`: what `done` says of it."""
    match frame:
        case AskMembers():
            return {"t": "roster"} | await members(runtime, actor.user, frame)
        case Invite():
            return {"t": "invite"} | await invite(runtime, actor, frame)
        case Invites():
            return {"t": "invites", "conv": frame.conv, "links": await links(runtime, actor, frame.conv)}
        case Preview():
            return {"t": "preview"} | await invites.preview(runtime.database, actor.user, frame.token)
        case Revoke():
            await revoke(runtime, actor, frame.conv, frame.id)
        case Mute():
            await mute(runtime, actor, frame.conv, frame.until)
        case ChangeGroup() | Add() | Remove() | Leave() | GiveRole():
            return {"rev": (await change(runtime, actor, frame)).members_rev}
        case _:
            raise AssertionError(f"no frame about groups: {frame.t}")
    return {}


async def change(runtime: Runtime, actor: Actor, frame: ChangeGroup | Add | Remove | Leave | GiveRole) -> Done:
    _count(runtime, actor)
    return await _do(runtime, actor, _change(actor, frame))


def _change(actor: Actor, frame: ChangeGroup | Add | Remove | Leave | GiveRole) -> Change:
    conv = frame.conv
    match frame:
        case ChangeGroup():
            return lambda c: groups.change(c, actor, conv, frame.title, frame.adding, frame.history, frame.picture)
        case Add():
            return lambda c: groups.add(c, actor, conv, frame.users, settings.MAX_GROUP_MEMBERS)
        case Remove() if frame.user != actor.user:
            return lambda c: groups.remove(c, actor, conv, frame.user)
        case Remove() | Leave():
            return lambda c: groups.leave(c, actor, conv)
        case GiveRole():
            return lambda c: groups.give_role(c, actor, conv, frame.user, frame.role)


async def members(runtime: Runtime, user: str, frame: AskMembers) -> dict[str, Any]:
    found = await roster.page(runtime.database, frame.conv, user, frame.after or "", frame.limit)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    return found


async def invite(runtime: Runtime, actor: Actor, frame: Invite) -> dict[str, Any]:
    """A new link. Its token is told this once."""
    _count(runtime, actor)
    token = new_token()
    async with runtime.revising, runtime.database.transaction() as connection:
        made = await invites.make(connection, actor, frame.conv, token, frame.expires_at, frame.max_uses)
    limits = {"expires_at": frame.expires_at, "max_uses": frame.max_uses}
    return {"conv": frame.conv, "id": made, "token": token} | limits


async def links(runtime: Runtime, actor: Actor, conv: str) -> list[dict[str, Any]]:
    async with runtime.revising, runtime.database.transaction() as connection:
        return [asdict(link) for link in await invites.live(connection, actor, conv)]


async def revoke(runtime: Runtime, actor: Actor, conv: str, link: str) -> None:
    _count(runtime, actor)
    async with runtime.revising, runtime.database.transaction() as connection:
        await invites.revoke(connection, actor, conv, link)


async def mute(runtime: Runtime, actor: Actor, conv: str, until: int | None) -> None:
    _count(runtime, actor)
    async with runtime.revising, runtime.database.transaction() as connection:
        await muting.mute(connection, actor, conv, until)
    runtime.postman.retold_hint(conv, actor.user)


def _count(runtime: Runtime, actor: Actor) -> None:
    """Each act locks a group and is told to its members, whether it changes something or not."""
    unless(runtime.quotas.take(What.ACTS, actor.user, actor.address))


async def _do(runtime: Runtime, actor: Actor, use: Change) -> Done:
    async with runtime.revising, runtime.database.transaction() as connection:
        done = await use(connection)
    runtime.postman.done(done, actor.user)
    return done
