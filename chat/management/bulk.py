"""Much history at once, by SQL: for trying out sizes and for measuring. Never where people write."""

from collections.abc import Sequence
from typing import Any

# Ids as the server makes them (UUIDv7: 48 bits of milliseconds, then chance). Entries lie `step` seconds apart, the
# last one at `upto`; two people take turns. Digests are as long as real ones and stand for nothing that is sent again.
LOG = """
INSERT INTO chat_message
    (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, created_at)
SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
        || 'a' || substr(md5(random()::text), 1, 15))::uuid,
       c.conv, n, s.sender, s.device, 'bulk_' || c.conv || '_' || n, decode(md5(c.conv::text || n), 'hex'),
       (%(bodies)s::text[])[1 + n %% array_length(%(bodies)s::text[], 1)], at
FROM unnest(%(convs)s::uuid[], %(ones)s::uuid[], %(one_devices)s::uuid[], %(others)s::uuid[], %(other_devices)s::uuid[])
       AS c(conv, one, one_device, other, other_device)
CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) AS n
CROSS JOIN LATERAL (SELECT now() - make_interval(secs => (%(last)s - n) * %(step)s) AS at) AS t
CROSS JOIN LATERAL (SELECT CASE WHEN n %% 2 = 1 THEN c.one ELSE c.other END AS sender,
                           CASE WHEN n %% 2 = 1 THEN c.one_device ELSE c.other_device END AS device) AS s
"""
HEADS = "UPDATE chat_conversation SET last_seq = greatest(last_seq, %s) WHERE id = ANY(%s::uuid[])"

Line = tuple[str, str, str, str, str]
"""Conversation; who writes the odd entries and from which device; who writes the even ones, and from which"""


def write(
    cursor: Any, lines: Sequence[Line], first: int, last: int, bodies: Sequence[str] = ("Hi.",), step: float = 1.0
) -> None:
    """Entries `first` to `last` of each conversation, `step` seconds apart, the last one now."""
    convs, ones, one_devices, others, other_devices = (list(column) for column in zip(*lines, strict=True))
    cursor.execute(
        LOG,
        {
            "convs": convs,
            "ones": ones,
            "one_devices": one_devices,
            "others": others,
            "other_devices": other_devices,
            "first": first,
            "last": last,
            "bodies": list(bodies),
            "step": step,
        },
    )
    cursor.execute(HEADS, [last, convs])
