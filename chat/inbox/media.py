"""The media quota (spec H3): of attachments a device has not taken yet, the newest are kept up to a number of bytes.

What is withheld is told by a horizon of the device in the conversation, below which it gets placeholders. Files are
shared and stay; the text of the entry is delivered like any other.
"""

from datetime import datetime
from typing import Any

from chat.inbox import progress
from chat.log.access import START_IN
from chat.models import Progress
from chat.policy.retention import Media, withheld
from receipts.lapses import columns

# What devices lack of the attachments of their persons' stays. The picture of a group comes with no entry.
LACKING = f"""
FROM chat_device d
JOIN chat_membership o ON o.user_id = d.user_id AND o.left_seq IS NULL
LEFT JOIN chat_inbox i ON i.conversation_id = o.conversation_id AND i.device_id = d.id
JOIN chat_membership s ON s.conversation_id = o.conversation_id AND s.user_id = o.user_id
JOIN chat_conversation c ON c.id = o.conversation_id
JOIN chat_attachment a ON a.conversation_id = o.conversation_id
  AND a.id IS DISTINCT FROM c.picture
  AND a.seq BETWEEN s.visible_from_seq AND coalesce(s.left_seq, c.last_seq)
  AND a.seq > CASE WHEN i.id IS NULL THEN {START_IN.format(conv="o.conversation_id", user="o.user_id")}
              ELSE greatest(i.received_seq, i.horizon_seq, i.media_horizon_seq) END
WHERE d.revoked_at IS NULL AND {{of}}
"""

# In conversations appended to since the last run.
OWING = f"""
WITH appended AS (
    SELECT DISTINCT conv FROM chat_change c, unnest(c.conversations) AS conv
    WHERE c.kind = 'append' AND c.at BETWEEN %s - interval '10 seconds' AND %s
      AND EXISTS (SELECT FROM chat_attachment a WHERE a.conversation_id = conv)
)
SELECT DISTINCT d.id::text {LACKING.format(of="o.conversation_id IN (SELECT conv FROM appended)")}
"""

TOO_MUCH = f"""
SELECT d.id::text {LACKING.format(of="d.id = ANY(%s::uuid[])")} GROUP BY d.id HAVING sum(a.size) > %s
"""

MEDIA = f"""
SELECT lacking.device, lacking.conv::text, lacking.seq, m.created_at, lacking.size
FROM (SELECT d.id::text AS device, a.conversation_id AS conv, a.seq, a.size
      {LACKING.format(of="d.id = ANY(%s::uuid[])")}) lacking
JOIN chat_message m ON m.conversation_id = lacking.conv AND m.seq = lacking.seq
"""

WITHHOLD = f"""
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, media_horizon_seq)
SELECT h.conv, h.device, {START_IN.format(conv="s.conversation_id", user="s.user_id")}, 0, h.upto
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS h(conv, device, upto)
JOIN chat_device d ON d.id = h.device
JOIN chat_membership s ON s.conversation_id = h.conv AND s.user_id = d.user_id AND s.left_seq IS NULL
ORDER BY h.conv, h.device
ON CONFLICT (conversation_id, device_id) DO UPDATE SET media_horizon_seq = excluded.media_horizon_seq
WHERE chat_inbox.media_horizon_seq < excluded.media_horizon_seq
"""


def withhold(megabytes: int, now: datetime | None = None) -> int:
    """Horizons that rose, of devices for which more than `megabytes` (10^6 bytes) of attachments wait."""

    def work(cursor: Any, last: datetime, now: datetime) -> int:
        cursor.execute(OWING, [last, now])
        devices = [row[0] for row in cursor.fetchall()]
        return _withhold(cursor, devices, megabytes * 1_000_000) if devices else 0

    return progress.since_last(Progress.Work.MEDIA, now, work)


def _withhold(cursor: Any, devices: list[str], most: int) -> int:
    cursor.execute(TOO_MUCH, [devices, most])
    waiting: dict[str, list[Media]] = {row[0]: [] for row in cursor.fetchall()}
    if not waiting:
        return 0
    cursor.execute(MEDIA, [list(waiting)])
    for device, *item in cursor.fetchall():
        waiting[device].append(Media(*item))
    horizons = [
        (conv, device, upto) for device, items in waiting.items() for conv, upto in withheld(items, most).items()
    ]
    cursor.execute(WITHHOLD, columns(horizons, 3))
    return int(cursor.rowcount)
