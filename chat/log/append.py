"""The SQL of appending: lock, read the facts, write. One statement a function's worth, each with its reason.

Arrays travel as literals (arrays.py) and are cast in SQL.
The caller runs LOCK and the FACTS in one pipeline; under READ COMMITTED each statement has a fresh snapshot, so
the facts are read after the locks were granted.
"""

from chat.log.access import LAPSED_IN, STAYS_IN
from chat.log.attached import FILE
from chat.log.between import REFUSED

OF_STAY = {"conv": "s.conversation_id", "user": "s.user_id"}

# Conversations in id order, so that two processes cannot deadlock. NO KEY UPDATE lets foreign-key checks pass.
# Those another transaction holds are left out, not waited for.
LOCK = """
SELECT id::text, last_seq, members_rev, floor_seq, kind = 'direct' FROM chat_conversation
WHERE id = ANY(%s::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
"""

# The same, waiting (bounded by lock_timeout): for conversations that were left out several times.
LOCK_WAITING = LOCK.replace("SKIP LOCKED", "")

# Who is in them, and whether a block keeps them from writing there (looked for only if any of these people has
# blocked or is blocked by anybody); and of those who answer something, what they may read. A CASE, since PostgreSQL
# would look a join up for everyone.
STAYS = f"""
SELECT s.conversation_id::text, s.user_id::text,
       CASE WHEN (SELECT EXISTS (SELECT FROM chat_block WHERE user_id = ANY(%s::uuid[]))
                      OR EXISTS (SELECT FROM chat_block WHERE blocked_id = ANY(%s::uuid[])))
            THEN (SELECT {REFUSED.format(c="c", user="s.user_id")} FROM chat_conversation c
                   WHERE c.id = s.conversation_id) END,
       CASE WHEN s.user_id = ANY(%s::uuid[]) THEN {STAYS_IN.format(**OF_STAY)} END,
       CASE WHEN s.user_id = ANY(%s::uuid[]) THEN {LAPSED_IN.format(**OF_STAY)} END
FROM chat_membership s
WHERE s.conversation_id = ANY(%s::uuid[]) AND s.user_id = ANY(%s::uuid[]) AND s.left_seq IS NULL
"""

DEVICES = """
SELECT d.id::text, d.access_rev FROM chat_device d JOIN chat_user u ON u.id = d.user_id
WHERE d.id = ANY(%s::uuid[]) AND d.revoked_at IS NULL AND u.is_active
"""

KNOWN = """
SELECT m.sender_id::text, m.client_id, m.conversation_id::text, m.id::text, m.seq, m.digest,
       (extract(epoch FROM m.created_at) * 1000)::bigint, m.event IS NOT NULL
FROM unnest(%s::uuid[], %s::text[]) AS k(sender, client_id)
JOIN chat_message m ON m.sender_id = k.sender AND m.client_id = k.client_id
"""

# Of those that are answered, if any: which are no messages.
EVENTS = """
SELECT m.conversation_id::text, m.seq FROM unnest(%s::uuid[], %s::bigint[]) AS k(conv, seq)
JOIN chat_message m ON m.conversation_id = k.conv AND m.seq = k.seq WHERE m.event IS NOT NULL
"""


def _append(*more: tuple[str, str, str]) -> str:
    """The entries (sorted by the unique key by the caller: two processes inserting crossed client_ids would deadlock
    otherwise), the heads, and one row a batch that every other process's reconcile reads. One statement, since each
    costs the event loop about as much as ten rows. `more`: further columns, each (name, type of its array, value)."""
    columns = "".join(f", {name}" for name, _, _ in more)
    arrays = "".join(f", %s::{kind}[]" for _, kind, _ in more)
    values = "".join(f", {value}" for _, _, value in more)
    return f"""
WITH raised AS (
    UPDATE chat_conversation c SET last_seq = h.head
    FROM unnest(%s::uuid[], %s::bigint[]) AS h(conv, head) WHERE c.id = h.conv
), noted AS (
    INSERT INTO chat_change (kind, conversations, heads, users, at)
    VALUES ('append', %s::uuid[], %s::bigint[], '{{}}', clock_timestamp())
)
INSERT INTO chat_message
    (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, reply_to_seq, created_at{columns})
SELECT id, conv, seq, sender, device, client_id, digest, body, reply_to, to_timestamp(at / 1000.0){values}
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::text[],
            %s::bigint[], %s::bigint[]{arrays})
     AS m(id, conv, seq, sender, device, client_id, digest, body, reply_to, at{columns})
"""


APPEND = _append()

# For a batch in which some have attachments (how many) or mention somebody. A statement of its own, so that the others
# do not carry columns of nothing.
APPEND_MORE = _append(
    ("attachments", "smallint", "attachments"),
    # Members of one array cannot differ in length.
    ("mentions", "text", "nullif(mentions, '')::uuid[]"),
)

# Complete uploads of those who name them, that no message has; held until the batch ends, in id order, so that of two
# messages in different conversations one gets them. What others own is neither read nor held.
FILES = f"""
SELECT a.owner_id::text, a.id::text, {FILE}
FROM chat_attachment a JOIN unnest(%s::uuid[], %s::uuid[]) AS n(owner, id) ON a.id = n.id AND a.owner_id = n.owner
WHERE a.state = 'ready' ORDER BY a.id FOR NO KEY UPDATE OF a
"""

# They belong to their entries from now on.
BIND = """
UPDATE chat_attachment a SET state = 'sent', conversation_id = b.conv, seq = b.seq, position = b.position
FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[], %s::smallint[]) AS b(id, conv, seq, position) WHERE a.id = b.id
"""

# A transaction that only read writes no WAL, so its COMMIT waits for no standby; a duplicate's answer must not
# vouch for a row that is not replicated yet.
WRITE_WAL = "SELECT pg_logical_emit_message(true, 'messenger', '')"
