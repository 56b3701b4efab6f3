"""What stands between two people, as SQL over aliases: the one place that says so for every statement.

A block counts both ways, in their 1:1 conversation: neither writes to the other there, nor learns whether the other is
online or typing; what was written before is delivered, and ticked, as ever. Which of them it was is told to that one
alone. A block may be silent: what the blocked one writes is then taken all the same, and delivered to nobody.
"""

from uuid import UUID

from chat.policy.visibility import WAITING

# The two of a 1:1 conversation; of a group it is null, which no row is found by.
PAIR = "string_to_array({c}.direct_key, ':')::uuid[]"

# The blocks between the two of conversation `c`, and whether there is one.
BLOCKS = f"FROM chat_block b WHERE b.user_id = ANY({PAIR}) AND b.blocked_id = ANY({PAIR})"
BARRED = f"EXISTS (SELECT {BLOCKS})"

# What keeps `user` from writing there: a block of their own, or one of the other's that is not silent (silence.py).
REFUSED = f"""
EXISTS (SELECT {BLOCKS}
        AND (b.user_id = {{user}} OR NOT EXISTS (
            SELECT FROM chat_membership w WHERE w.conversation_id = {{c}}.id AND w.user_id = b.user_id
              AND w.left_seq IS NULL AND w.visible_from_seq = {WAITING})))
"""

# Whether one of the blocks between them is `user`'s own; null: there is none.
OWN_BLOCK = f"(SELECT bool_or(b.user_id = {{user}}) {BLOCKS})"

# A group both are in.
ACQUAINTED = """
EXISTS (SELECT FROM chat_membership x JOIN chat_membership y ON y.conversation_id = x.conversation_id
        JOIN chat_conversation g ON g.id = x.conversation_id AND g.kind = 'group'
        WHERE x.user_id = {one} AND y.user_id = {other} AND x.left_seq IS NULL AND y.left_seq IS NULL)
"""

# `one` has written to `other` in their 1:1 conversation. PostgreSQL orders UUIDs as their texts are ordered.
TALKED = """
EXISTS (SELECT FROM chat_conversation d
        CROSS JOIN LATERAL (SELECT m.sender_id FROM chat_message m WHERE m.conversation_id = d.id
                            ORDER BY m.seq DESC LIMIT 200) newest
        WHERE newest.sender_id = {one} AND d.direct_key =
              least({one}, {other})::text || ':' || greatest({one}, {other})::text)
"""

# Whether the person `p` (of chat_user) has blocked `user`.
HAS_BLOCKED = "EXISTS (SELECT FROM chat_block b WHERE b.user_id = p.id AND b.blocked_id = {user})"

# chat/policy/reach.py as SQL: whether `user` may write to `p` for the first time, or bring them into a group.
REACHES = f"""
({{user}} = p.id OR (NOT {HAS_BLOCKED} AND (p.writers = 'everyone'
    OR {TALKED.format(one="p.id", other="{user}")}
    OR (p.writers = 'acquainted' AND {ACQUAINTED.format(one="p.id", other="{user}")}))))
"""


def direct_key(one: UUID | str, other: UUID | str) -> str:
    """Of the 1:1 conversation of the two; of notes to oneself twice the same."""
    return ":".join(sorted([str(one), str(other)]))
