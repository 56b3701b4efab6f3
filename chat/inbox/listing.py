"""A person's conversations, newest first, page by page.

A page ends at a place in that order, not at a number of items: what has come to the top since is not told twice, and
nothing below it is left out. What moved up meanwhile is told by `sync`.
"""

from dataclasses import dataclass

from chat.inbox import sync
from chat.inbox.sync import Summary
from chat.log.access import NEWEST_IN
from chat.log.pool import Database

# Of each its place in the order: the newest message, or the conversation itself, both of UUIDv7.
PLACES = f"""
SELECT c.id::text, coalesce(m.id, c.id)::text
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
LEFT JOIN chat_message m ON {NEWEST_IN}
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND (%s::uuid IS NULL OR coalesce(m.id, c.id) < %s::uuid)
ORDER BY coalesce(m.id, c.id) DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """`next`: what the page after this one is asked for with; None: this is the last."""

    summaries: list[Summary]
    next: str | None


async def page(database: Database, user: str, device: str, after: str | None, limit: int) -> Listed:
    places = await database.rows(PLACES, [user, after, after, limit + 1])
    shown = [conv for conv, _ in places[:limit]]
    found = await sync.summaries(database, user, device, shown) if shown else []
    return Listed(found, places[limit - 1][1] if len(places) > limit else None)
