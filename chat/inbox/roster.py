"""Who is in a conversation, as each of them is told.

Everyone, as long as there are few: clients tick by how far each has got. Of a larger group some are told, and oneself;
whoever needs the rest asks for it, page by page, and keeps it until `members_rev` has risen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chat.log import access
from chat.log.access import JOINED_IN, LAPSED_IN, ROSTER_REV, stays_of
from chat.log.pool import Database, Row
from chat.policy.privacy import Party, tells_seen
from chat.policy.visibility import pairs, told

# With more than that, some.
WHOLE, SOME = 50, 10

OF_STAY = {"conv": "s.conversation_id", "user": "s.user_id"}
MEMBER = f"""
s.conversation_id::text, u.id::text, u.username, coalesce(nullif(u.name, ''), u.username), s.role,
       w.delivered_seq, w.seen_seq, u.read_receipts, {JOINED_IN.format(**OF_STAY)}, {LAPSED_IN.format(**OF_STAY)}
"""
MEMBER_COLUMNS = 10
PEOPLE = """
JOIN chat_user u ON u.id = s.user_id
JOIN receipts_watermark w ON w.conversation_id = s.conversation_id AND w.user_id = s.user_id
"""

# How many are told of. In the order of their ids, which is that of an index.
MOST = f"""
(SELECT CASE WHEN count(*) > {WHOLE} THEN {SOME} ELSE {WHOLE} END FROM (
    SELECT FROM chat_membership o WHERE o.conversation_id = {{conv}} AND o.left_seq IS NULL LIMIT {WHOLE} + 1) counted)
"""
FIRST = f"""
(SELECT f.user_id FROM chat_membership f WHERE f.conversation_id = {{conv}} AND f.left_seq IS NULL
 ORDER BY f.user_id LIMIT {MOST})
"""

# Of all conversations of a person, or those named.
MEMBERS = f"""
SELECT {MEMBER} FROM chat_membership mine
CROSS JOIN LATERAL ({FIRST.format(conv="mine.conversation_id")} UNION SELECT mine.user_id) p
JOIN chat_membership s ON s.conversation_id = mine.conversation_id AND s.user_id = p.user_id AND s.left_seq IS NULL
{PEOPLE}
WHERE mine.user_id = %s::uuid AND mine.left_seq IS NULL
  AND (%s::uuid[] IS NULL OR mine.conversation_id = ANY(%s::uuid[]))
ORDER BY u.username
"""

# Of one, and of many of its people.
FOR_USERS = f"""
WITH asked AS (SELECT %s::uuid AS conv), p AS (
    {FIRST.format(conv="(SELECT conv FROM asked)")} UNION SELECT unnest(%s::uuid[])
)
SELECT {MEMBER} FROM p JOIN chat_membership s ON s.conversation_id = (SELECT conv FROM asked)
  AND s.user_id = p.user_id AND s.left_seq IS NULL
{PEOPLE} ORDER BY u.username
"""

ROSTER = f"""
SELECT {MEMBER}, c.title, c.picture::text, n.count, {ROSTER_REV},
       CASE WHEN c.kind = 'group' THEN c.adding END, CASE WHEN c.kind = 'group' THEN c.history END
FROM chat_conversation c
CROSS JOIN LATERAL (
    SELECT count(*) AS count FROM chat_membership o WHERE o.conversation_id = c.id AND o.left_seq IS NULL) n
LEFT JOIN (chat_membership s {PEOPLE}) ON s.conversation_id = c.id AND s.left_seq IS NULL AND n.count <= {WHOLE}
WHERE c.id = %s::uuid ORDER BY u.username
"""

PAGE = f"""
SELECT {MEMBER} FROM chat_membership s {PEOPLE}
WHERE s.conversation_id = %s::uuid AND s.left_seq IS NULL AND u.username > %s ORDER BY u.username LIMIT %s
"""
COUNT = f"""
SELECT {ROSTER_REV}, (SELECT count(*) FROM chat_membership s WHERE s.conversation_id = c.id AND s.left_seq IS NULL)
FROM chat_conversation c WHERE c.id = %s::uuid
"""
TELLS = "SELECT read_receipts FROM chat_user WHERE id = %s::uuid"


def members(viewer: str, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """As `viewer`, who is one of them, is told of them. Rows without the conversation."""
    who = next((_party(row) for row in rows if row[0] == viewer), Party(viewer, receipts=False))
    return [_member(row, tells_seen(_party(row), who)) for row in rows]


def first(rows: Sequence[Row]) -> set[str]:
    """Of rows of FOR_USERS: who of a large group is told of to everyone."""
    return set(sorted(row[1] for row in rows)[:SOME])


def _party(row: Sequence[Any]) -> Party:
    return Party(row[0], receipts=row[6])


def _member(row: Sequence[Any], tells: bool) -> dict[str, Any]:
    """MEMBER of docs/protocol.md. `lapsed` only where something has."""
    user, username, name, role, delivered, seen, _, stays, lapsed = row
    member = {
        "id": user,
        "username": username,
        "name": name,
        "role": role,
        "stays": pairs(told(stays_of(stays))),
        "delivered": delivered,
        "seen": seen if tells else 0,
    }
    return member | ({"lapsed": lapsed} if lapsed else {})


@dataclass(frozen=True)
class Roster:
    """What is told when people came or went, as read for all of them: nobody of a group that is large."""

    conv: str
    rows: Sequence[Row]

    @cached_property
    def people(self) -> list[Sequence[Any]]:
        return [row[1:MEMBER_COLUMNS] for row in self.rows if row[0] is not None]

    @cached_property
    def open(self) -> frozenset[str] | None:
        """Who has read receipts on: they are all told the same. None: everyone is."""
        if not self.people:
            return None
        return frozenset(party.id for party in map(_party, self.people) if party.receipts)

    def frame(self, viewer: str) -> dict[str, Any]:
        """`members` of docs/protocol.md, for one of them."""
        title, picture, count, members_rev, adding, history = self.rows[0][MEMBER_COLUMNS:]
        counted = {"title": title or None, "picture": picture, "count": count, "members_rev": members_rev}
        rules = {"adding": adding, "history": history}
        return {"t": "members", "conv": self.conv, "members": members(viewer, self.people)} | counted | rules


async def roster(database: Database, conv: str) -> Roster:
    """No authorisation here."""
    return Roster(conv, await database.rows(ROSTER, [conv]))


async def page(database: Database, conv: str, user: str, after: str, limit: int) -> dict[str, Any] | None:
    """Up to `limit` members whose names come after `after`, as `user` is told of them; None when not a member."""
    allowed, counted, tells, rows = await database.many(
        [
            (access.ACCESS, access.parameters(conv, user)),
            (COUNT, [conv]),
            (TELLS, [user]),
            (PAGE, [conv, after, limit + 1]),
        ]
    )
    if access.to_access(allowed[0] if allowed else None) is None:
        return None
    members_rev, count = counted[0]
    who, shown = Party(user, receipts=bool(tells and tells[0][0])), [row[1:] for row in rows[:limit]]
    listed = [_member(row, tells_seen(_party(row), who)) for row in shown]
    following = listed[-1]["username"] if len(rows) > limit else None
    return {"conv": conv, "members_rev": members_rev, "count": count, "members": listed, "next": following}
