"""Blocking silently (BLOCKED_SENDS=accept): what the blocked one writes in the 1:1 conversation is taken, and never
delivered.

Who blocks is not there for a while: their stay ends at the head, and one that *waits* takes its place, which begins
where no entry is. So they are a member all along and read what they could read. What is written meanwhile is for no
stay of theirs, and whatever there is asks the stays: it is not pushed, counted, rung for, found or expired, and no tick
comes of it. When the block ends, the stay that waits begins with the next entry.

Threat met here: who was blocked, and would like to know. They are told of the stay before as if it went on
(chat/policy/visibility.py: `told`), and nothing of the rise of members_rev that keeps every process from pushing before
it has looked (`untold_revs`). Once it is over they are told the true stays; no tick is told before these
(chat/delivery/hub.py).

Whether a send is refused is asked of the stay (between.py: REFUSED), not of the setting: a block stays what it was when
it was made, and ends well whatever the setting says by then.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from chat.log.locking import Connection
from chat.policy.visibility import WAITING

END = """
UPDATE chat_membership s SET left_seq = c.last_seq, left_at = now() FROM chat_conversation c
WHERE c.id = %s::uuid AND s.conversation_id = c.id AND s.user_id = %s::uuid AND s.left_seq IS NULL
RETURNING s.muted_until
"""
WAIT = f"""
INSERT INTO chat_membership (conversation_id, user_id, visible_from_seq, muted_until, joined_at)
VALUES (%s::uuid, %s::uuid, {WAITING}, %s, now())
"""
# Nothing was written meanwhile: it was one stay all along.
DROP = f"""
DELETE FROM chat_membership w USING chat_conversation c
WHERE c.id = %s::uuid AND w.conversation_id = c.id AND w.user_id = %s::uuid AND w.visible_from_seq = {WAITING}
  AND EXISTS (SELECT FROM chat_membership e
              WHERE e.conversation_id = c.id AND e.user_id = w.user_id AND e.left_seq = c.last_seq)
RETURNING w.muted_until
"""
REOPEN = """
UPDATE chat_membership s SET left_seq = NULL, left_at = NULL, muted_until = %s FROM chat_conversation c
WHERE c.id = %s::uuid AND s.conversation_id = c.id AND s.user_id = %s::uuid AND s.left_seq = c.last_seq
"""
# Of whoever waits in some conversations, or of one of them.
BEGIN = f"""
UPDATE chat_membership s SET visible_from_seq = c.last_seq + 1, joined_at = now() FROM chat_conversation c
WHERE c.id = ANY(%s::uuid[]) AND s.conversation_id = c.id AND s.left_seq IS NULL AND s.visible_from_seq = {WAITING}
  AND (%s::uuid IS NULL OR s.user_id = %s::uuid)
"""
RAISE = """
UPDATE chat_conversation SET members_rev = members_rev + 1, untold_revs = untold_revs + %s WHERE id = %s::uuid
"""


async def begin(connection: Connection, conv: str, user: str) -> None:
    """`user` has just blocked the other one, under the conversation's lock."""
    if settings.BLOCKED_SENDS != "accept":
        return
    cursor = await connection.execute(END, [conv, user])
    if ended := await cursor.fetchone():
        await connection.execute(WAIT, [conv, user, ended[0]])
        await connection.execute(RAISE, [1, conv])


async def end(connection: Connection, conv: str, user: str) -> None:
    """Not any more. What was not silent is left alone."""
    cursor = await connection.execute(DROP, [conv, user])
    if dropped := await cursor.fetchone():
        await connection.execute(REOPEN, [dropped[0], conv, user])
        await connection.execute(RAISE, [1, conv])
        return
    begun = await connection.execute(BEGIN, [[conv], user, user])
    if begun.rowcount:
        await connection.execute(RAISE, [0, conv])


def end_all(cursor: Any, convs: Sequence[Any]) -> None:
    """One of the two of these is no longer here, nor are the blocks between them. The caller holds the conversations,
    and raises their members_rev."""
    cursor.execute(BEGIN, [list(convs), None, None])
