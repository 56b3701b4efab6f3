"""What people do that needs the database, for every door: the WebSocket's clerk and the API ask here.

Who may see or change what is decided by the use cases of the log; here is who is told when it is done. All raise
Refusal, psycopg.Error and django.db.Error; nothing was changed then.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from chat.delivery.answers import accepted
from chat.delivery.runtime import Runtime
from chat.log import durability, history, members, revise
from chat.log.access import Actor
from chat.log.history import Page
from chat.log.members import Direct
from chat.log.refusal import Refusal, unless
from chat.log.transaction import new_message_id
from chat.policy.decide import Proposal
from chat.policy.revise import Windows
from chat.protocol.codec_json import fitting
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import MAX_RANGE, Delete, Edit, Info, Message
from chat.quota.kinds import What

PERSON = ("id", "username", "name", "expired_at", "delivered_at", "seen_at")


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of a conversation as it is answered: as much of it as fits."""

    first: int
    last: int
    page: Page


def windows() -> Windows:
    return Windows(settings.EDIT_MINUTES * 60_000, settings.DELETE_MINUTES * 60_000)


def proposal(message: Message, conv: str, actor: Actor) -> Proposal:
    return Proposal(
        conv=conv,
        sender=actor.user,
        device=actor.device,
        client_id=message.client_id,
        body=message.body,
        message_id=new_message_id(),
        access_rev=actor.access_rev or 0,
        after=message.after,
        reply_to=message.reply_to,
        reply_to_id=message.reply_to_id,
        attachments=tuple(message.attachments),
        mentions=tuple(message.mentions),
    )


async def stretch(runtime: Runtime, user: str, conv: str, first: int, last: int, newest: bool = False) -> Stretch:
    """Entries `first` to `last`, at most MAX_RANGE. What does not fit is left out at the upper end, or (`newest`) at
    the lower one."""
    if newest:
        first = max(first, last - MAX_RANGE + 1)
    last = min(last, first + MAX_RANGE - 1)
    page = await history.page(runtime.database, conv, user, first, last)
    if page is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    count, _ = fitting(page.entries[::-1] if newest else page.entries)
    if count == len(page.entries):
        return Stretch(first, last, page)
    if newest:
        first = page.entries[-count - 1]["seq"] + 1
        return Stretch(first, last, page.above(first - 1))
    last = page.entries[count]["seq"] - 1
    return Stretch(first, last, page.upto(last))


async def people(runtime: Runtime, user: str, frame: Info) -> dict[str, Any]:
    """Who has received and seen an entry, and when; `next`: what to ask for the rest with."""
    rows = await history.people(runtime.database, frame.conv, user, frame.seq, frame.after or "", frame.limit + 1)
    if rows is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    told = [dict(zip(PERSON, row, strict=True)) for row in rows[: frame.limit]]
    following = told[-1]["username"] if len(rows) > frame.limit else None
    return {"conv": frame.conv, "seq": frame.seq, "people": told, "next": following}


async def change(runtime: Runtime, actor: Actor, frame: Edit | Delete) -> int:
    """The revision it has, or had already."""
    what = What.SENDS if isinstance(frame, Edit) else What.ACTS
    unless(runtime.quotas.take(what, actor.user, actor.address))
    async with runtime.revising, runtime.database.transaction() as connection:
        if isinstance(frame, Edit):
            done = await revise.edit(connection, actor, frame.conv, frame.seq, frame.body, windows())
        elif frame.whom == "all":
            done = await revise.delete(connection, actor, frame.conv, frame.seq, windows())
        else:
            done = await revise.hide(connection, actor, frame.conv, frame.seq)
    if done.fresh:
        runtime.postman.revised(frame.conv, done.rev)
    return done.rev


async def resend(runtime: Runtime, actor: Actor, conv: str, seq: int, client_id: str) -> tuple[dict[str, Any], bool]:
    """ACCEPTED of the entry in the old one's place, and whether it is there only now."""
    unless(runtime.quotas.take(What.SENDS, actor.user, actor.address))
    async with runtime.revising, runtime.database.transaction() as connection:
        done = await revise.resend(connection, actor, conv, seq, client_id, new_message_id())
        in_force = await durability.in_force(connection)
    if done.fresh:
        runtime.postman.appended_apart(conv, done.entry["seq"])
        runtime.postman.revised(conv, done.rev)
    return accepted(conv, done.entry, in_force), done.fresh


async def find(runtime: Runtime, actor: Actor, username: str) -> dict[str, str]:
    """Only who asks for people that do not exist is counted."""
    unless(runtime.quotas.take(What.CONVERSATIONS, actor.user, actor.address))
    found = await members.find(runtime.database, username)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    runtime.quotas.give_back(What.CONVERSATIONS, actor.user, actor.address)
    return found


async def open_direct(runtime: Runtime, actor: Actor, username: str) -> Direct:
    """Only new ones are counted, and who asks for people that do not exist."""
    unless(runtime.quotas.take(What.CONVERSATIONS, actor.user, actor.address))
    direct = await members.open_direct(runtime.database, actor.user, username)
    if direct is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    if direct.created:
        runtime.postman.members_hint(direct.conv, direct.users)
    else:
        runtime.quotas.give_back(What.CONVERSATIONS, actor.user, actor.address)
    return direct
