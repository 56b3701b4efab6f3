"""Groups and who is in them. Each change locks the conversation, raises members_rev and leaves a change row.

A stay begins above the head of that moment and ends at the head of another; who comes back begins a new one and may
read those of before again, but not what was written while they were away.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection

from chat.log.access import MAY_ACT, Actor
from chat.log.refusal import Refusal
from chat.log.revise import LOCK_TIMEOUT
from chat.models.ids import new_id
from chat.protocol.errors import ErrorCode

Connection = AsyncConnection[Any]

MAX_MEMBERS = 1_000

PEOPLE = "SELECT id::text FROM chat_user WHERE id = ANY(%s::uuid[]) AND is_active"

CREATE = """
WITH made AS (
    INSERT INTO chat_conversation (id, kind, title, created_at, last_seq, last_rev, members_rev, floor_seq)
    VALUES (%s::uuid, 'group', %s, now(), 0, 0, 1, 0)
), stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_at)
    SELECT %s::uuid, u, CASE WHEN u = %s::uuid THEN 'admin' ELSE 'member' END, 1, now() FROM unnest(%s::uuid[]) AS u
), mark AS (
    INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
    SELECT %s::uuid, u, 0, 0 FROM unnest(%s::uuid[]) AS u
)
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES ('members', ARRAY[%s::uuid], '{}', %s::uuid[], clock_timestamp())
"""

LOCK = """
SELECT last_seq, last_rev FROM chat_conversation WHERE id = %s::uuid AND kind = 'group' FOR NO KEY UPDATE
"""
STAYS = "SELECT user_id::text, role FROM chat_membership WHERE conversation_id = %s::uuid AND left_seq IS NULL"

# Whoever comes for the first time has nothing to catch up with. Who comes back goes on where they were: each device at
# its cursor, one without at the start, unless it came to be since they left: then where its person is.
JOIN = """
WITH stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_at)
    VALUES (%(conv)s::uuid, %(user)s::uuid, 'member', %(head)s::bigint + 1, now())
), mark AS (
    INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
    VALUES (%(conv)s::uuid, %(user)s::uuid, %(head)s, %(head)s)
    ON CONFLICT (conversation_id, user_id) DO NOTHING
), inboxes AS (
    INSERT INTO chat_inbox (conversation_id, device_id, received_seq, received_rev, attempts)
    SELECT %(conv)s::uuid, d.id, coalesce(w.delivered_seq, %(head)s), %(rev)s, 0
    FROM chat_device d
    LEFT JOIN receipts_watermark w ON w.conversation_id = %(conv)s::uuid AND w.user_id = d.user_id
    WHERE d.user_id = %(user)s::uuid AND d.revoked_at IS NULL AND d.created_at > coalesce(
        (SELECT max(e.left_at) FROM chat_membership e
         WHERE e.conversation_id = %(conv)s::uuid AND e.user_id = d.user_id), '-infinity')
    ORDER BY d.id
    ON CONFLICT (conversation_id, device_id) DO NOTHING
)
UPDATE chat_conversation SET members_rev = members_rev + 1 WHERE id = %(conv)s::uuid
"""
# Of those who are left, whoever is there longest: a group without an admin could never change again.
SUCCEED = """
UPDATE chat_membership SET role = 'admin' WHERE id = (
    SELECT s.id FROM chat_membership s JOIN chat_user u ON u.id = s.user_id AND u.is_active
    WHERE s.conversation_id = %(conv)s::uuid AND s.left_seq IS NULL ORDER BY s.joined_at, s.id LIMIT 1)
AND NOT EXISTS (
    SELECT FROM chat_membership s JOIN chat_user u ON u.id = s.user_id AND u.is_active
    WHERE s.conversation_id = %(conv)s::uuid AND s.left_seq IS NULL AND s.role = 'admin')
"""
LEAVE = """
WITH stay AS (
    UPDATE chat_membership SET left_seq = %(head)s, left_at = now()
    WHERE conversation_id = %(conv)s::uuid AND user_id = %(user)s::uuid AND left_seq IS NULL
)
UPDATE chat_conversation SET members_rev = members_rev + 1 WHERE id = %(conv)s::uuid
"""
NOTE = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES ('members', ARRAY[%s::uuid], '{}', ARRAY[%s::uuid], clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class _Group:
    head: int
    rev: int
    roles: dict[str, str]


async def create(connection: Connection, creator: Actor, title: str, users: list[str]) -> str:
    """A group of `creator`, its admin, and `users` (user ids); the conversation's id. Raises Refusal: NOT_FOUND when
    one of them does not exist, GROUP_FULL, AUTHENTICATION_FAILED."""
    await _must_act(connection, creator)
    everyone = sorted({creator.user, *users})
    if len(everyone) > MAX_MEMBERS:
        raise Refusal(ErrorCode.GROUP_FULL)
    cursor = await connection.execute(PEOPLE, [everyone])
    if len(await cursor.fetchall()) < len(everyone):
        raise Refusal(ErrorCode.NOT_FOUND)
    conv = str(new_id())
    await connection.execute(CREATE, [conv, title, conv, creator.user, everyone, conv, everyone, conv, everyone])
    return conv


async def add(connection: Connection, admin: Actor, conv: str, user: str) -> bool:
    """`user` joins, or comes back. False: was in it already. Raises Refusal: NOT_FOUND (also who is no admin),
    GROUP_FULL, AUTHENTICATION_FAILED."""
    group = await _locked(connection, conv, admin)
    if user in group.roles:
        return False
    cursor = await connection.execute(PEOPLE, [[user]])
    if not await cursor.fetchone():
        raise Refusal(ErrorCode.NOT_FOUND)
    if len(group.roles) >= MAX_MEMBERS:
        raise Refusal(ErrorCode.GROUP_FULL)
    await connection.execute(JOIN, {"conv": conv, "user": user, "head": group.head, "rev": group.rev})
    await connection.execute(NOTE, [conv, user])
    return True


async def remove(connection: Connection, actor: Actor, conv: str, user: str) -> bool:
    """Ends `user`'s stay: an admin anyone's, everyone their own. When the last admin goes, whoever of the others is
    there longest becomes one. False: was not in it. Raises Refusal: NOT_FOUND, AUTHENTICATION_FAILED."""
    group = await _locked(connection, conv, actor, needs_admin=actor.user != user)
    if user not in group.roles:
        return False
    await connection.execute(LEAVE, {"conv": conv, "user": user, "head": group.head})
    if group.roles[user] == "admin":
        await connection.execute(SUCCEED, {"conv": conv})
    await connection.execute(NOTE, [conv, user])
    return True


async def _must_act(connection: Connection, actor: Actor) -> None:
    """Raises Refusal: AUTHENTICATION_FAILED."""
    cursor = await connection.execute(MAY_ACT, [actor.device, actor.user])
    if not await cursor.fetchone():
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)


async def _locked(connection: Connection, conv: str, actor: Actor, needs_admin: bool = True) -> _Group:
    """The facts are read after the lock was granted, by statements of their own. Waits for it a second at most."""
    await connection.execute(LOCK_TIMEOUT)
    cursor = await connection.execute(LOCK, [conv])
    head = await cursor.fetchone()
    await _must_act(connection, actor)
    stays = await connection.execute(STAYS, [conv])
    roles = dict(await stays.fetchall())
    role = roles.get(actor.user)
    if head is None or role is None or (needs_admin and role != "admin"):
        raise Refusal(ErrorCode.NOT_FOUND)
    return _Group(head[0], head[1], roles)
