"""What every change of a log, its members or its moderation begins with, inside a transaction of the caller's."""

from typing import Any

from psycopg import AsyncConnection

from chat.log.access import MAY_ACT, Actor
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode

Connection = AsyncConnection[Any]

# Whoever holds the conversation for long must not hold up the few connections of a process as well.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '1s'"


async def must_act(connection: Connection, actor: Actor) -> None:
    """Raises Refusal: AUTHENTICATION_FAILED."""
    cursor = await connection.execute(MAY_ACT, actor.acting)
    if not await cursor.fetchone():
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
