"""What lapsed, on its way to the senders of what it is about: FAILED of docs/protocol.md.

Of a large group a run may lapse for hundreds at once: all of it, of all conversations, is read in one exchange, and
only those are told who wrote something in it, each by an entry that it is about.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from chat.log.access import LAPSED_IN
from chat.log.pool import Database
from chat.protocol.errors import ErrorCode
from receipts.lapses import columns

# What has lapsed for some members, all of it (nothing: an acknowledgement came after all).
LAPSES = f"""
SELECT p.conv::text, p.member::text, coalesce({LAPSED_IN.format(conv="p.conv", user="p.member")}, '{{}}'),
       (SELECT (extract(epoch FROM coalesce(max(l.at), now())) * 1000)::bigint
          FROM receipts_lapse l WHERE l.conversation_id = p.conv AND l.user_id = p.member)
FROM unnest(%s::uuid[], %s::uuid[]) AS p(conv, member)
JOIN chat_membership s ON s.conversation_id = p.conv AND s.user_id = p.member AND s.left_seq IS NULL
"""

# The senders of some ranges, each with the newest of theirs: nobody else's ticks depend on what lapsed in them.
SENDERS = """
SELECT r.conv::text, r.first, r.last, m.sender_id::text, m.id::text
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS r(conv, first, last)
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (sender_id) sender_id, id FROM chat_message
    WHERE conversation_id = r.conv AND seq BETWEEN r.first AND r.last AND event IS NULL ORDER BY sender_id, seq DESC) m
JOIN chat_membership o ON o.conversation_id = r.conv AND o.user_id = m.sender_id AND o.left_seq IS NULL
"""


Range = tuple[str, int, int]
"""(conversation, first, last): something of it lapsed for some members, or did not after all."""


@dataclass(frozen=True, slots=True)
class News:
    """Of one range. `lapses`: (user, all ranges that lapsed for them, milliseconds since 1970 of the latest).
    `senders`: (user id, id of their newest entry in the range)."""

    conv: str
    lapses: list[tuple[str, list[list[int]], int]] = field(default_factory=list)
    senders: list[tuple[str, str]] = field(default_factory=list)

    def acks(self, sender: str, message_id: str) -> list[tuple[str, dict[str, Any]]]:
        """(sender, FAILED) for each of the others."""
        return [(sender, self._failed(message_id, *lapse)) for lapse in self.lapses if lapse[0] != sender]

    def _failed(self, message_id: str, user: str, ranges: list[list[int]], at: int) -> dict[str, Any]:
        return {
            "type": "FAILED",
            "conv": self.conv,
            "lapsed": ranges,
            "timestamp": at,
            "sender_id": user,
            "message_id": message_id,
            "error_code": ErrorCode.EXPIRED.value,
            "error_text": ErrorCode.EXPIRED.text,
        }


async def read(database: Database, found: Mapping[Range, Collection[str]]) -> list[News]:
    """Of some ranges and the users each is about, as it is now: who is to be told of what. Raises psycopg.Error."""
    people = columns(sorted({(conv, user) for (conv, _, _), users in found.items() for user in users}), 2)
    lapses, senders = await database.many([(LAPSES, people), (SENDERS, columns(found, 3))])
    lapsed = {(conv, user): (user, spans, at) for conv, user, spans, at in lapses}
    news = {each: News(each[0]) for each in found}
    for (conv, first, last), users in found.items():
        present = [lapsed[conv, user] for user in users if (conv, user) in lapsed]
        news[conv, first, last].lapses.extend(present)
    for conv, first, last, sender, message_id in senders:
        news[conv, first, last].senders.append((sender, message_id))
    return list(news.values())
