"""The old end of a log expires: lapses for those who did not take it, horizons for their devices.

Facts, decide, write, like everything that changes what a tick says. The watermark rows are taken as the ledger takes
them, so that an acknowledgement comes either before (nothing lapses) or after (and takes the lapse back). Watermarks
are not raised, and doing it again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chat.log.access import START_IN
from chat.policy.retention import lapsing
from chat.policy.visibility import Stay
from receipts import lapses
from receipts.lapses import columns

# Of all members, or of one: two statements, since one that leaves it open would look at every member for each one.
EVERYONE = "true"
ONE = "{}.user_id = h.member"

# Who has not got so far. Nobody who has is locked.
BEHIND = """
SELECT w.conversation_id::text, w.user_id::text, greatest(w.delivered_seq, w.expired_seq, c.floor_seq), h.upto
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS h(conv, member, upto)
JOIN chat_conversation c ON c.id = h.conv
JOIN receipts_watermark w ON w.conversation_id = h.conv AND {whose}
WHERE greatest(w.delivered_seq, w.expired_seq, c.floor_seq) < h.upto
ORDER BY w.conversation_id, w.user_id FOR NO KEY UPDATE OF w
"""

STAYS = """
SELECT s.conversation_id::text, s.user_id::text, s.visible_from_seq, s.left_seq
FROM unnest(%s::uuid[], %s::uuid[]) AS p(conv, member)
JOIN chat_membership s ON s.conversation_id = p.conv AND s.user_id = p.member
"""

# Devices that are further are not touched. One without a row is at its person's start, and gets a row when that is
# below the horizon; one whose person has left keeps its row, for they may come back.
HORIZONS = f"""
WITH stays AS (
    SELECT h.conv, s.user_id, h.upto, bool_or(s.left_seq IS NULL) AS present,
           {START_IN.format(conv="h.conv", user="s.user_id")} AS start
    FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS h(conv, member, upto)
    JOIN chat_membership s ON s.conversation_id = h.conv AND {{whose}}
    GROUP BY h.conv, s.user_id, h.upto
)
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, horizon_seq)
SELECT s.conv, d.id, s.start, 0, s.upto
FROM stays s
JOIN chat_device d ON d.user_id = s.user_id AND d.revoked_at IS NULL
LEFT JOIN chat_inbox i ON i.conversation_id = s.conv AND i.device_id = d.id
WHERE CASE WHEN i.id IS NULL THEN s.present AND s.start < s.upto
      ELSE greatest(i.received_seq, i.horizon_seq) < s.upto END
ORDER BY s.conv, d.id
ON CONFLICT (conversation_id, device_id) DO UPDATE SET horizon_seq = excluded.horizon_seq
WHERE greatest(chat_inbox.received_seq, chat_inbox.horizon_seq) < excluded.horizon_seq
"""


@dataclass(frozen=True, slots=True)
class Expired:
    """Everything through `upto` has expired in a conversation, for one person or (None) for all."""

    conv: str
    user: str | None
    upto: int


@dataclass(frozen=True, slots=True)
class Done:
    """`lapsed`: a (conversation, user) for each range that is a loss to someone; `horizons`: devices that got one."""

    lapsed: list[tuple[str, str]]
    horizons: int


def expire(cursor: Any, expired: Sequence[Expired], now: datetime) -> Done:
    """In a transaction of the caller's. Either all or none of `expired` name a person."""
    if not expired:
        return Done([], 0)
    everyone = expired[0].user is None
    whose = [EVERYONE if everyone else ONE.format(alias) for alias in "ws"]
    rows = columns(((each.conv, each.user, each.upto) for each in expired), 3)
    cursor.execute(BEHIND.format(whose=whose[0]), rows)
    lapsed = _lapse(cursor, cursor.fetchall(), now)
    cursor.execute(HORIZONS.format(whose=whose[1]), rows)
    return Done(lapsed, cursor.rowcount)


def _lapse(cursor: Any, behind: Sequence[tuple[str, str, int, int]], now: datetime) -> list[tuple[str, str]]:
    if not behind:
        return []
    cursor.execute(STAYS, columns([row[:2] for row in behind], 2))
    stays: dict[tuple[str, str], list[Stay]] = {}
    for conv, user, first, last in cursor.fetchall():
        stays.setdefault((conv, user), []).append(Stay(first, last))
    spans = [
        (conv, user, first, last)
        for conv, user, reached, upto in behind
        for first, last in lapsing(stays.get((conv, user), []), reached, upto)
    ]
    return lapses.add(cursor, spans, now) if spans else []
