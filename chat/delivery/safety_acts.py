"""Blocking and reporting, for every door: as acts.py, of chat/log/blocking.py and chat/log/reporting.py."""

from typing import Any

from chat.delivery.runtime import Runtime
from chat.log import blocking, reporting
from chat.log.access import Actor
from chat.log.refusal import unless
from chat.protocol.safety_frames import AskBlocks, Block, NewReport, Report, Unblock
from chat.quota.kinds import What

SafetyFrame = Block | Unblock | AskBlocks | Report


async def answer(runtime: Runtime, actor: Actor, frame: SafetyFrame) -> dict[str, Any]:
    """The frame that answers; without a `t`: what `done` says of it."""
    match frame:
        case Block():
            await block(runtime, actor, frame.user)
        case Unblock():
            await unblock(runtime, actor, frame.user)
        case AskBlocks():
            return {"t": "blocks", "people": await blocking.blocked(runtime.database, actor.user)}
        case Report():
            await report(runtime, actor, frame)
    return {}


async def block(runtime: Runtime, actor: Actor, user: str) -> None:
    unless(runtime.quotas.take(What.ACTS, actor.user, actor.address))
    async with runtime.revising, runtime.database.transaction() as connection:
        done = await blocking.block(connection, actor, user)
    if done.fresh:
        runtime.postman.blocked_hint(done.conv, [actor.user, user])


async def unblock(runtime: Runtime, actor: Actor, user: str) -> None:
    unless(runtime.quotas.take(What.ACTS, actor.user, actor.address))
    async with runtime.revising, runtime.database.transaction() as connection:
        done = await blocking.unblock(connection, actor, user)
    if done.fresh:
        runtime.postman.blocked_hint(done.conv, [actor.user, user])


async def report(runtime: Runtime, actor: Actor, told: NewReport) -> None:
    unless(runtime.quotas.take(What.REPORTS, actor.user, actor.address))
    await reporting.report(runtime.database, actor, told)
