"""A group under this transaction's lock, and what the rules (chat/policy/groups.py) ask of it. However large it is:
the lock, and three short statements."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.log.access import MAY_ACT, Actor
from chat.log.locking import LOCK_TIMEOUT, Connection
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode
from chat.protocol.group_frames import Adding, HistoryFrom, Role

LOCK = """
SELECT last_seq, last_rev, members_rev, title, picture::text, adding, history FROM chat_conversation
WHERE id = %s::uuid AND kind = 'group' FOR NO KEY UPDATE
"""
ROLES = """
SELECT user_id::text, role FROM chat_membership
WHERE conversation_id = %s::uuid AND left_seq IS NULL AND user_id = ANY(%s::uuid[])
"""
COUNT = "SELECT count(*) FROM chat_membership WHERE conversation_id = %s::uuid AND left_seq IS NULL"


@dataclass(frozen=True, slots=True)
class Group:
    """`roles`: of those asked about, who is in it."""

    conv: str
    head: int
    rev: int
    members_rev: int
    title: str
    picture: str | None
    adding: Adding
    history: HistoryFrom
    roles: dict[str, Role]
    count: int

    def first_of(self, seq: int) -> int:
        """The first entry of who comes with entry `seq`."""
        return 1 if self.history == "all" else seq


async def locked(connection: Connection, conv: str, actor: Actor, others: Sequence[str] = ()) -> Group:
    """The facts are read after the lock was granted, by statements of their own; waits for it a second at most. Raises
    Refusal: AUTHENTICATION_FAILED, NOT_FOUND (no such group; that the actor is in it is for the rules to say)."""
    await connection.execute(LOCK_TIMEOUT)
    cursor = await connection.execute(LOCK, [conv])
    found = await cursor.fetchone()
    async with connection.pipeline():
        acting = await connection.execute(MAY_ACT, actor.acting)
        roles = await connection.execute(ROLES, [conv, [actor.user, *others]])
        counted = await connection.execute(COUNT, [conv])
    if not await acting.fetchone():
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    (count,) = await counted.fetchone() or (0,)
    head, rev, members_rev, title, picture, adding, history = found
    return Group(conv, head, rev, members_rev, title, picture, adding, history, dict(await roles.fetchall()), count)
