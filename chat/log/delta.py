"""What changed since a revision: edits, deletions, and what people deleted for themselves.

An entry that was changed several times is in it once, as it is now. A reader that has everything up to the `upto` of
one answer asks for what is above it next time.
"""

from dataclasses import dataclass

from chat.log.history import MEMBERS_REV
from chat.log.pool import Database, Row
from chat.protocol.frames import Changed

REV = "SELECT last_rev FROM chat_conversation WHERE id = %s::uuid"

# One statement, so one snapshot. The partial index on changed entries and the one on hidden ones are both in order.
SINCE = """
(SELECT m.rev, m.seq, CASE WHEN m.deleted_at IS NULL THEN 'edit' ELSE 'delete' END, NULL::text, m.body,
        (extract(epoch FROM m.edited_at) * 1000)::bigint, m.resent_as_seq
 FROM chat_message m WHERE m.conversation_id = %s::uuid AND m.rev > %s AND m.rev > 0 ORDER BY m.rev LIMIT %s)
UNION ALL
(SELECT h.rev, h.seq, 'hide', h.user_id::text, NULL, NULL, NULL
 FROM chat_hidden h WHERE h.conversation_id = %s::uuid AND h.user_id = ANY(%s::uuid[]) AND h.rev > %s
 ORDER BY h.rev LIMIT %s)
ORDER BY 1 LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Change:
    """`user`: only for them; None: for all who may read entry `seq`."""

    seq: int
    user: str | None
    told: Changed


@dataclass(frozen=True, slots=True)
class Delta:
    """All changes above what was asked for, up to revision `upto`, ascending. `members_rev` was read after them: they
    are for no one who had left by then."""

    changes: list[Change]
    upto: int
    members_rev: int


async def since(database: Database, conv: str, rev: int, users: list[str], limit: int) -> Delta:
    """At most `limit` changes above `rev`, with what is hidden for any of `users`. No authorisation here."""
    heads, rows, revs = await database.many(
        [
            (REV, [conv]),
            (SINCE, [conv, rev, limit, conv, users, rev, limit, limit]),
            (MEMBERS_REV, [conv]),
        ]
    )
    last_rev = heads[0][0] if heads else 0
    changes = [_change(row) for row in rows]
    newest = rows[-1][0] if rows else 0
    # The rows are at least as new as the head that was read before them.
    return Delta(changes, newest if len(rows) == limit else max(newest, last_rev), revs[0][0] if revs else 0)


def _change(row: Row) -> Change:
    rev, seq, kind, user, body, edited_at, resent_as = row
    told = Changed(seq=seq, rev=rev, type=kind)
    if kind == "edit":
        told |= {"body": body, "edited_at": edited_at}
    if resent_as is not None:
        told["resent_as"] = resent_as
    return Change(seq, user, told)
