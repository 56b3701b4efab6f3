"""Who belongs to a conversation. Each change locks the conversation, raises members_rev and leaves a change row."""

from dataclasses import dataclass

from chat.log.between import REACHES, direct_key
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.models.ids import new_id
from chat.protocol.errors import ErrorCode

NAMED = """
SELECT id::text, username, coalesce(nullif(name, ''), username) FROM chat_user
WHERE lower(username) = lower(%s) AND is_active
"""

# With whether `user` may write to them, and has blocked them.
PERSON = f"""
WITH asking AS (SELECT %s::uuid AS id)
SELECT p.id::text, {REACHES.format(user="asking.id")},
       EXISTS (SELECT FROM chat_block b WHERE b.user_id = asking.id AND b.blocked_id = p.id)
FROM chat_user p, asking WHERE lower(p.username) = lower(%s) AND p.is_active
"""

# One statement, so one transaction: the conversation, both stays and both watermarks, or nothing. Whoever loses
# the race on direct_key inserts nothing and finds the winner's row afterwards.
CREATE_DIRECT = """
WITH made AS (
    INSERT INTO chat_conversation
        (id, kind, title, direct_key, created_at, last_seq, last_rev, members_rev, floor_seq)
    VALUES (%s::uuid, 'direct', '', %s, now(), 0, 0, 1, 0)
    ON CONFLICT (direct_key) DO NOTHING RETURNING id
), stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, visible_from_seq, joined_at)
    SELECT made.id, u, 1, now() FROM made, unnest(%s::uuid[]) AS u
), mark AS (
    INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
    SELECT made.id, u, 0, 0 FROM made, unnest(%s::uuid[]) AS u
)
INSERT INTO chat_change (kind, conversations, heads, users, at)
SELECT 'members', ARRAY[made.id], '{}', %s::uuid[], clock_timestamp() FROM made
RETURNING id
"""

FIND_DIRECT = "SELECT id::text FROM chat_conversation WHERE direct_key = %s"


@dataclass(frozen=True, slots=True)
class Direct:
    conv: str
    users: list[str]
    created: bool


async def find(database: Database, username: str) -> dict[str, str] | None:
    """Whoever is called so, however it is spelled. None: nobody."""
    rows = await database.rows(NAMED, [username])
    return dict(zip(("id", "username", "name"), rows[0], strict=True)) if rows else None


async def open_direct(database: Database, user: str, username: str) -> Direct | None:
    """The 1:1 conversation of `user` with `username`, made if it is not there. None: no such person.

    A conversation with oneself is allowed: notes. One that is there is opened whatever has come between the two since.
    Raises Refusal: NOT_REACHABLE, and USER_BLOCKED to who has blocked the other.
    """
    rows = await database.rows(PERSON, [user, username])
    if not rows:
        return None
    other, reaches, has_blocked = rows[0]
    users = sorted({user, other})
    key = direct_key(user, other)
    if has_blocked or not reaches:
        if found := await database.rows(FIND_DIRECT, [key]):
            return Direct(found[0][0], users, created=False)
        raise Refusal(ErrorCode.USER_BLOCKED if has_blocked else ErrorCode.NOT_REACHABLE)
    made = await database.rows(CREATE_DIRECT, [str(new_id()), key, users, users, users])
    found = await database.rows(FIND_DIRECT, [key])
    return Direct(found[0][0], users, bool(made))
