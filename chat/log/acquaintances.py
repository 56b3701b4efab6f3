"""Finding people: those one shares a conversation with, by a part of their name or username; and whoever has exactly
that username, as for opening a 1:1 conversation.

Threat met here: someone who would like a list of everybody. Nobody else is found, whatever is asked for.
"""

from dataclasses import dataclass

from chat.log.pool import Database

MATCHES = """
NOT EXISTS (SELECT FROM unnest(%(words)s::text[]) AS w(word)
            WHERE strpos(lower(u.username), lower(word)) = 0 AND strpos(lower(u.name), lower(word)) = 0)
"""
IS_THERE = "u.is_active AND u.deleted_at IS NULL AND u.id <> %(user)s::uuid AND u.username > %(after)s"
# Two ways to them, each by an index: with OR between them everybody there is would be looked at.
ASKED = """
SELECT id FROM chat_user WHERE lower(username) = lower(%(query)s)
UNION
SELECT o.user_id FROM chat_membership s
JOIN chat_membership o ON o.conversation_id = s.conversation_id AND o.left_seq IS NULL
WHERE s.user_id = %(user)s::uuid AND s.left_seq IS NULL
"""

FIND = f"""
SELECT u.id::text, u.username, coalesce(nullif(u.name, ''), u.username)
FROM ({ASKED}) AS a JOIN chat_user u ON u.id = a.id
WHERE {IS_THERE} AND (lower(u.username) = lower(%(query)s) OR {MATCHES})
ORDER BY u.username LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class People:
    """(id, username, name) in order of usernames. `next`: the last of them, if there are more; None: that was all."""

    found: list[tuple[str, str, str]]
    next: str | None


async def search(database: Database, user: str, query: str, after: str, limit: int) -> People:
    """Those whose usernames come after `after`. Raises psycopg.Error."""
    plain = query.strip().removeprefix("@")
    asked = {"user": user, "query": plain, "words": plain.split(), "after": after, "limit": limit + 1}
    rows = await database.rows(FIND, asked)
    shown = [(row[0], row[1], row[2]) for row in rows[:limit]]
    return People(shown, shown[-1][1] if len(rows) > limit else None)
