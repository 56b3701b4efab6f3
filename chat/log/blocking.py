"""Whom a person has blocked. It changes their 1:1 conversation, if there is one: nobody writes there any more (or one
does, to nobody: silence.py), and neither learns whether the other is here (between.py). Groups are left alone, and so
is what was written before.

Blocking takes the conversation's lock, so it binds every send that is decided after it. Threats met here: who asks for
ids of people (absent and oneself look the same), who blocks without end, and whoever wants to know who blocked them:
only the blocks of who asks are told.
"""

from dataclasses import dataclass
from typing import Any

from chat.log import silence
from chat.log.access import Actor
from chat.log.between import direct_key
from chat.log.locking import LOCK_TIMEOUT, Connection, must_act
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode

MOST_BLOCKS = 1_000

LOCK = "SELECT id::text FROM chat_conversation WHERE direct_key = %s FOR NO KEY UPDATE"
PERSON = "SELECT FROM chat_user WHERE id = %s::uuid AND deleted_at IS NULL"
COUNT = "SELECT count(*) FROM chat_block WHERE user_id = %s::uuid"
BLOCK = """
INSERT INTO chat_block (user_id, blocked_id, created_at) VALUES (%s::uuid, %s::uuid, now())
ON CONFLICT (user_id, blocked_id) DO NOTHING
"""
UNBLOCK = "DELETE FROM chat_block WHERE user_id = %s::uuid AND blocked_id = %s::uuid"
NOTE = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES ('blocked', %s::uuid[], '{}', %s::uuid[], clock_timestamp())
"""
LIST = """
SELECT u.id::text, u.username, coalesce(nullif(u.name, ''), u.username),
       (extract(epoch FROM b.created_at) * 1000)::bigint
FROM chat_block b JOIN chat_user u ON u.id = b.blocked_id WHERE b.user_id = %s::uuid ORDER BY lower(u.username), u.id
"""
COLUMNS = ("id", "username", "name", "blocked_at")


@dataclass(frozen=True, slots=True)
class Blocking:
    """`conv`: their 1:1 conversation, if there is one. Not `fresh`: it was so already."""

    conv: str | None
    fresh: bool


async def block(connection: Connection, actor: Actor, user: str) -> Blocking:
    """Raises Refusal: NOT_FOUND (nobody, or oneself), BLOCKS_FULL, AUTHENTICATION_FAILED."""
    conv = await _lock(connection, actor, user)
    cursor = await connection.execute(PERSON, [user])
    if user == actor.user or await cursor.fetchone() is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    (count,) = await (await connection.execute(COUNT, [actor.user])).fetchone() or (0,)
    done = await connection.execute(BLOCK, [actor.user, user])
    if done.rowcount and count >= MOST_BLOCKS:
        raise Refusal(ErrorCode.BLOCKS_FULL)
    # It may have been begun since there was nothing to lock.
    conv = conv or await _locked(connection, actor, user)
    if done.rowcount and conv:
        await silence.begin(connection, conv, actor.user)
    return await _noted(connection, actor, user, conv, bool(done.rowcount))


async def unblock(connection: Connection, actor: Actor, user: str) -> Blocking:
    """Whom one has not blocked is as before. Raises Refusal: AUTHENTICATION_FAILED."""
    conv = await _lock(connection, actor, user)
    done = await connection.execute(UNBLOCK, [actor.user, user])
    if done.rowcount and conv:
        await silence.end(connection, conv, actor.user)
    return await _noted(connection, actor, user, conv, bool(done.rowcount))


async def blocked(database: Database, user: str) -> list[dict[str, Any]]:
    """Whom this person has blocked, in order of their usernames."""
    return [dict(zip(COLUMNS, row, strict=True)) for row in await database.rows(LIST, [user])]


async def _lock(connection: Connection, actor: Actor, user: str) -> str | None:
    await connection.execute(LOCK_TIMEOUT)
    found = await _locked(connection, actor, user)
    await must_act(connection, actor)
    return found


async def _locked(connection: Connection, actor: Actor, user: str) -> str | None:
    """Their 1:1 conversation, if there is one."""
    cursor = await connection.execute(LOCK, [direct_key(actor.user, user)])
    found = await cursor.fetchone()
    return found[0] if found else None


async def _noted(connection: Connection, actor: Actor, user: str, conv: str | None, fresh: bool) -> Blocking:
    if fresh:
        await connection.execute(NOTE, [[conv] if conv else [], [actor.user, user]])
    return Blocking(conv, fresh)
