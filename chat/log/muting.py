"""Who wants no wake-ups of a conversation for a while. It is delivered all the same, and a mention still rings."""

from chat.log.access import Actor
from chat.log.locking import Connection, must_act
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode

# No lock of the conversation: neither its log nor who is in it changes.
MUTE = """
WITH muted AS (
    UPDATE chat_membership SET muted_until = to_timestamp(%s::bigint / 1000.0)
    WHERE conversation_id = %s::uuid AND user_id = %s::uuid AND left_seq IS NULL RETURNING conversation_id, user_id
)
INSERT INTO chat_change (kind, conversations, heads, users, at)
SELECT 'muted', ARRAY[conversation_id], '{}', ARRAY[user_id], clock_timestamp() FROM muted
"""


async def mute(connection: Connection, actor: Actor, conv: str, until: int | None) -> None:
    """Until then, in milliseconds since 1970; None: not any more. Raises Refusal: NOT_FOUND, AUTHENTICATION_FAILED."""
    await must_act(connection, actor)
    cursor = await connection.execute(MUTE, [until, conv, actor.user])
    if not cursor.rowcount:
        raise Refusal(ErrorCode.NOT_FOUND)
