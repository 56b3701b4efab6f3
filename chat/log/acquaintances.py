"""Finding people: those one shares a conversation with, by a part of their name or username; and whoever has exactly
that username, as for opening a 1:1 conversation.

Threat met here: someone who would like a list of everybody. Nobody else is found, whatever is asked for; who is found
by a username alone is counted by whoever asks here (chat/delivery/searching.py).
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
SELECT id, false AS is_known FROM chat_user WHERE lower(username) = lower(%(query)s) AND %(strangers)s::boolean
UNION ALL
SELECT o.user_id, true FROM chat_membership s
JOIN chat_membership o ON o.conversation_id = s.conversation_id AND o.left_seq IS NULL
WHERE s.user_id = %(user)s::uuid AND s.left_seq IS NULL
"""

FIND = f"""
SELECT u.id::text, u.username, coalesce(nullif(u.name, ''), u.username), a.is_known
FROM (SELECT id, bool_or(is_known) AS is_known FROM ({ASKED}) AS found GROUP BY id) AS a JOIN chat_user u ON u.id = a.id
WHERE {IS_THERE} AND (lower(u.username) = lower(%(query)s) OR {MATCHES})
ORDER BY u.username LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class People:
    """(id, username, name) in order of usernames. `next`: the last of them, if there are more; None: that was all.
    `has_stranger`: one of them shares no conversation with whoever asks."""

    found: list[tuple[str, str, str]]
    next: str | None
    has_stranger: bool


async def search(database: Database, user: str, query: str, after: str, limit: int, strangers: bool = True) -> People:
    """Those whose usernames come after `after`; without `strangers` only those one shares a conversation with. Raises
    psycopg.Error."""
    plain = query.strip().removeprefix("@")
    asked = {"user": user, "query": plain, "words": plain.split(), "after": after, "limit": limit + 1}
    rows = await database.rows(FIND, asked | {"strangers": strangers})
    shown = [(row[0], row[1], row[2]) for row in rows[:limit]]
    return People(shown, shown[-1][1] if len(rows) > limit else None, not all(row[3] for row in rows[:limit]))
