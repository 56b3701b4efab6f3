"""Searching, for every door. What is found is for whoever asks alone: chat/log/search.py, chat/log/acquaintances.py."""

from typing import Any

from chat.delivery.runtime import Runtime
from chat.log import acquaintances
from chat.log import search as messages
from chat.log.access import Actor
from chat.log.pool import TooSlow, bounded
from chat.log.refusal import Refusal, unless
from chat.log.search import Found
from chat.policy.search import Cursor
from chat.protocol.codec_json import fitting
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Search
from chat.quota.kinds import What

# All statements of one, within the time its asker waits.
SEARCH_S = 1.2

PERSON = ("id", "username", "name")


async def search(runtime: Runtime, actor: Actor, asked: Search) -> dict[str, Any]:
    """`messages`, `people` and `next`. Raises Refusal (RATE_LIMITED, BAD_POINT, NOT_FOUND, SEARCH_TOO_BROAD),
    psycopg.Error."""
    unless(runtime.quotas.take(What.SEARCHES, actor.user, actor.address))
    find = _people if asked.kind == "people" else _messages
    async with runtime.searching:
        try:
            return await bounded(find(runtime, actor, asked), SEARCH_S)
        except TooSlow:
            # Asked again it would take as long again.
            raise Refusal(ErrorCode.SEARCH_TOO_BROAD) from None


async def _messages(runtime: Runtime, actor: Actor, asked: Search) -> dict[str, Any]:
    cursor = _read(asked.cursor) if asked.cursor is not None else None
    found = _fitting(await messages.search(runtime.database, actor.user, asked.q, asked.conv, cursor, asked.limit))
    following = found.next.text() if found.next else None
    return {"messages": [hit.told() for hit in found.hits], "people": [], "next": following}


def _read(cursor: str) -> Cursor:
    try:
        return Cursor.read(cursor)
    except ValueError:
        raise Refusal(ErrorCode.BAD_POINT) from None


def _fitting(found: Found) -> Found:
    """As many as an answer holds; the next one goes on below them."""
    count, _ = fitting(hit.entry for hit in found.hits)
    if count == len(found.hits):
        return found
    shown = found.hits[:count]
    return Found(shown, Cursor(shown[-1].order, found.in_text), found.in_text)


async def _people(runtime: Runtime, actor: Actor, asked: Search) -> dict[str, Any]:
    """A stranger who is found is counted, and nothing else: not what failed or was given up. When there were too many
    none is looked for, whether there is one or not; and whoever is told of nobody then is told why."""
    wait = runtime.quotas.take(What.STRANGERS, actor.user, actor.address)
    after, limit = asked.cursor or "", asked.limit
    has_stranger = False
    try:
        found = await acquaintances.search(runtime.database, actor.user, asked.q, after, limit, strangers=not wait)
        has_stranger = found.has_stranger
    finally:
        if not wait and not has_stranger:
            runtime.quotas.give_back(What.STRANGERS, actor.user, actor.address)
    if not found.found:
        unless(wait)
    people = [dict(zip(PERSON, person, strict=True)) for person in found.found]
    return {"messages": [], "people": people, "next": found.next}
