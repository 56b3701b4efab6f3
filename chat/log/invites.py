"""Links by which people join a group by themselves.

A link is known by its token, of which the database holds a hash, as of a device's. It ends by time, by the number of
those who joined, or because an admin ends it. Threats met here: a token that is guessed (32 random bytes; absent,
ended and forbidden look the same), a stolen database (hashes), a group that grows without bound (its limit, under its
lock), and whoever was removed: only being added brings them back.
"""

from dataclasses import dataclass
from typing import Any

from chat.log import events
from chat.log.access import Actor
from chat.log.devices import token_hash
from chat.log.events import Done
from chat.log.group_lock import locked
from chat.log.groups import MAX_MEMBERS, join, unless
from chat.log.locking import Connection
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.models.ids import new_id
from chat.policy.groups import Act, refusal
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Event

MOST_LINKS = 100

ALIVE = """
i.revoked_at IS NULL AND (i.expires_at IS NULL OR i.expires_at > now()) AND (i.max_uses IS NULL OR i.uses < i.max_uses)
"""
# The last stay of a person ended by somebody else.
WAS_REMOVED = """
(SELECT s.was_removed FROM chat_membership s WHERE s.conversation_id = {conv} AND s.user_id = {user}
 ORDER BY s.left_seq DESC NULLS FIRST LIMIT 1)
"""
MAKE = """
INSERT INTO chat_invite (id, conversation_id, creator_id, token_hash, created_at, expires_at, max_uses)
VALUES (%s::uuid, %s::uuid, %s::uuid, %s, now(), to_timestamp(%s::bigint / 1000.0), %s)
"""
LIVE = f"""
SELECT i.id::text, i.creator_id::text, (extract(epoch FROM i.created_at) * 1000)::bigint,
       (extract(epoch FROM i.expires_at) * 1000)::bigint, i.max_uses, i.uses
FROM chat_invite i WHERE i.conversation_id = %s::uuid AND {ALIVE} ORDER BY i.id
"""
REVOKE = """
UPDATE chat_invite SET revoked_at = now() WHERE conversation_id = %s::uuid AND id = %s::uuid AND revoked_at IS NULL
"""
KNOWN = "SELECT FROM chat_invite WHERE conversation_id = %s::uuid AND id = %s::uuid"
FIND = "SELECT id, conversation_id::text FROM chat_invite WHERE token_hash = %s"
USE = f"""
UPDATE chat_invite i SET uses = uses + 1 WHERE i.id = %s AND {ALIVE}
  AND NOT coalesce({WAS_REMOVED.format(conv="i.conversation_id", user="%s::uuid")}, false)
"""
PREVIEW = f"""
SELECT c.title, (SELECT count(*) FROM chat_membership s WHERE s.conversation_id = c.id AND s.left_seq IS NULL)
FROM chat_invite i JOIN chat_conversation c ON c.id = i.conversation_id
WHERE i.token_hash = %s AND {ALIVE} AND NOT coalesce({WAS_REMOVED.format(conv="c.id", user="%s::uuid")}, false)
"""


@dataclass(frozen=True, slots=True)
class Link:
    """Times in milliseconds since 1970; None: no such limit."""

    id: str
    creator: str
    created_at: int
    expires_at: int | None
    max_uses: int | None
    uses: int


async def make(
    connection: Connection, actor: Actor, conv: str, token: str, expires_at: int | None, max_uses: int | None
) -> str:
    """The link's id. Raises Refusal: NOT_FOUND, NOT_ALLOWED (also: too many links), AUTHENTICATION_FAILED."""
    links = await live(connection, actor, conv)
    if len(links) >= MOST_LINKS:
        raise Refusal(ErrorCode.NOT_ALLOWED)
    link = str(new_id())
    await connection.execute(MAKE, [link, conv, actor.user, token_hash(token), expires_at, max_uses])
    return link


async def live(connection: Connection, actor: Actor, conv: str) -> list[Link]:
    """Those that still let people in. Raises Refusal: NOT_FOUND, NOT_ALLOWED, AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor)
    unless(refusal(Act.INVITE, group.roles.get(actor.user)))
    cursor = await connection.execute(LIVE, [conv])
    return [Link(*row) for row in await cursor.fetchall()]


async def revoke(connection: Connection, actor: Actor, conv: str, link: str) -> None:
    """Once more is no fault. Raises Refusal: NOT_FOUND, NOT_ALLOWED, AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor)
    unless(refusal(Act.INVITE, group.roles.get(actor.user)))
    cursor = await connection.execute(KNOWN, [conv, link])
    if await cursor.fetchone() is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    await connection.execute(REVOKE, [conv, link])


async def preview(database: Database, user: str, token: str) -> dict[str, Any]:
    """What `user` would join: its title, and how many are in it. Raises Refusal: NOT_FOUND."""
    rows = await database.rows(PREVIEW, [token_hash(token), user])
    if not rows:
        raise Refusal(ErrorCode.NOT_FOUND)
    return {"title": rows[0][0], "count": rows[0][1]}


async def accept(connection: Connection, actor: Actor, token: str, most: int = MAX_MEMBERS) -> Done:
    """Joins. Who is in it already stays, also when the link has ended since. Raises Refusal: NOT_FOUND, GROUP_FULL,
    AUTHENTICATION_FAILED."""
    cursor = await connection.execute(FIND, [token_hash(token)])
    found = await cursor.fetchone()
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    link, conv = found
    group = await locked(connection, conv, actor)
    if actor.user in group.roles:
        return events.nothing(group)
    used = await connection.execute(USE, [link, actor.user])
    if not used.rowcount:
        raise Refusal(ErrorCode.NOT_FOUND)
    return await join(connection, group, actor, [actor.user], Event(type="joined"), most)
