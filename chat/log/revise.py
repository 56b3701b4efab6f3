"""Editing, deleting, sending anew: changes of the log that take the conversation's next revision under its lock.

Each is safe to repeat: what is so already is not done again and gets the same answer. The caller gives a connection
inside a transaction, and answers and publishes after it has committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.log import access
from chat.log.access import Actor
from chat.log.append import KNOWN
from chat.log.attached import DROPPED
from chat.log.between import REFUSED
from chat.log.history import ENTRY, to_entry
from chat.log.locking import LOCK_TIMEOUT, Connection
from chat.log.refusal import Refusal
from chat.policy import revise as rules
from chat.policy.decide import digest
from chat.policy.revise import Target, Windows
from chat.policy.visibility import WAITING
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Entry

LOCK = "SELECT last_rev FROM chat_conversation WHERE id = %s::uuid FOR NO KEY UPDATE"
# After the conversation; acknowledgements and expiry, which hold watermarks, never wait for a conversation.
LOCK_MARK = """
SELECT FROM receipts_watermark w JOIN chat_conversation c ON c.id = w.conversation_id
WHERE c.id = %s::uuid AND c.kind = 'direct' AND w.user_id <> %s::uuid FOR NO KEY UPDATE OF w
"""

# A lapse of the other person is what makes an entry of a 1:1 one that may be sent anew. Last: whether a block keeps its
# sender from writing; and whether it is in an earlier stay of who has blocked them silently.
TARGET = f"""
SELECT m.sender_id::text, m.deleted_at IS NOT NULL,
       (extract(epoch FROM clock_timestamp() - m.created_at) * 1000)::bigint, m.rev, m.body, m.reply_to_seq,
       EXISTS (SELECT FROM receipts_lapse l WHERE l.conversation_id = m.conversation_id
                 AND l.user_id <> m.sender_id AND m.seq BETWEEN l.from_seq AND l.upto_seq),
       (SELECT h.rev FROM chat_hidden h
         WHERE h.conversation_id = m.conversation_id AND h.user_id = %s::uuid AND h.seq = m.seq), m.resent_as_seq,
       CASE WHEN m.attachments > 0 THEN (SELECT array_agg(a.id::text ORDER BY a.position) FROM chat_attachment a
         WHERE a.conversation_id = m.conversation_id AND a.seq = m.seq) END,
       m.event IS NOT NULL, m.mentions::text[],
       (SELECT {REFUSED.format(c="c", user="m.sender_id")} FROM chat_conversation c WHERE c.id = m.conversation_id),
       (SELECT c.kind = 'direct' AND EXISTS (
            SELECT FROM chat_membership w
            JOIN chat_membership e ON e.conversation_id = w.conversation_id AND e.user_id = w.user_id
              AND m.seq BETWEEN e.visible_from_seq AND e.left_seq
            WHERE w.conversation_id = c.id AND w.left_seq IS NULL AND w.visible_from_seq = {WAITING}
              AND w.user_id <> m.sender_id)
        FROM chat_conversation c WHERE c.id = m.conversation_id)
FROM chat_message m WHERE m.conversation_id = %s::uuid AND m.seq = %s
"""

NEXT_REV = "UPDATE chat_conversation SET last_rev = last_rev + 1 WHERE id = %s::uuid RETURNING last_rev"
NEXT_ENTRY = """
UPDATE chat_conversation SET last_rev = last_rev + 1, last_seq = last_seq + 1 WHERE id = %s::uuid
RETURNING last_rev, last_seq
"""
NOTE = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES (%s, ARRAY[%s::uuid], ARRAY[%s::bigint], '{}', clock_timestamp())
"""

EDIT = """
UPDATE chat_message SET body = %s, rev = %s, edited_at = clock_timestamp() WHERE conversation_id = %s::uuid AND seq = %s
"""
DELETE = """
UPDATE chat_message SET body = '', attachments = 0, rev = %s, deleted_at = clock_timestamp(), resent_as_seq = %s
WHERE conversation_id = %s::uuid AND seq = %s
"""
HIDE = "INSERT INTO chat_hidden (user_id, conversation_id, seq, rev) VALUES (%s::uuid, %s::uuid, %s, %s)"
APPEND = f"""
INSERT INTO chat_message AS m
    (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, reply_to_seq, attachments, mentions,
     created_at)
VALUES (%s::uuid, %s::uuid, %s, %s::uuid, %s::uuid, %s, %s, %s, %s, %s, %s::uuid[], clock_timestamp())
RETURNING {ENTRY}
"""
# The files of an entry that is gone are for the sweep (chat/media/sweep.py); those of one sent anew go with it.
DROP_FILES = f"UPDATE chat_attachment SET {DROPPED} WHERE conversation_id = %s::uuid AND seq = %s"
MOVE_FILES = "UPDATE chat_attachment SET seq = %s WHERE conversation_id = %s::uuid AND seq = %s"
FIND = f"SELECT {ENTRY} FROM chat_message m WHERE m.conversation_id = %s::uuid AND m.id = %s::uuid"


@dataclass(frozen=True, slots=True)
class Revised:
    """`rev`: the change, or the one that had made it so already (then not `fresh`)."""

    rev: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class Resent:
    """The entry in the old one's place."""

    entry: Entry
    rev: int
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Facts:
    target: Target | None
    rev: int = 0
    body: str = ""
    reply_to: int | None = None
    hidden_rev: int | None = None
    resent_as: int | None = None
    files: tuple[str, ...] = ()
    mentions: Sequence[str] = ()


async def edit(connection: Connection, actor: Actor, conv: str, seq: int, body: str, windows: Windows) -> Revised:
    """Raises Refusal: NOT_FOUND, TOO_LATE, AUTHENTICATION_FAILED."""
    facts = await _facts(connection, actor, conv, seq)
    _unless(rules.edit_refusal(facts.target, windows))
    if body == facts.body:
        return Revised(facts.rev, fresh=False)
    rev = await _next_rev(connection, conv)
    await connection.execute(EDIT, [body, rev, conv, seq])
    return Revised(rev, fresh=True)


async def delete(connection: Connection, actor: Actor, conv: str, seq: int, windows: Windows) -> Revised:
    """For everyone. Raises Refusal: NOT_FOUND, TOO_LATE, AUTHENTICATION_FAILED."""
    facts = await _facts(connection, actor, conv, seq)
    _unless(rules.delete_refusal(facts.target, windows))
    if facts.target and facts.target.is_deleted:
        return Revised(facts.rev, fresh=False)
    rev = await _next_rev(connection, conv)
    await connection.execute(DELETE, [rev, None, conv, seq])
    if facts.files:
        await connection.execute(DROP_FILES, [conv, seq])
    return Revised(rev, fresh=True)


async def hide(connection: Connection, actor: Actor, conv: str, seq: int) -> Revised:
    """For oneself. Raises Refusal: NOT_FOUND, AUTHENTICATION_FAILED."""
    facts = await _facts(connection, actor, conv, seq)
    _unless(rules.hide_refusal(facts.target))
    if facts.hidden_rev is not None:
        return Revised(facts.hidden_rev, fresh=False)
    rev = await _next_rev(connection, conv)
    await connection.execute(HIDE, [actor.user, conv, seq, rev])
    return Revised(rev, fresh=True)


async def resend(connection: Connection, actor: Actor, conv: str, seq: int, client_id: str, message_id: str) -> Resent:
    """Withdraws entry `seq`, which expired, and appends it anew. Raises Refusal: NOT_FOUND, NOT_EXPIRED,
    IDEMPOTENCY_CONFLICT, AUTHENTICATION_FAILED."""
    facts = await _facts(connection, actor, conv, seq, is_resend=True)
    if again := await _repeat(connection, actor, conv, client_id, facts.resent_as):
        return Resent(again, again.get("rev", 0), fresh=False)
    _unless(rules.resend_refusal(facts.target))
    cursor = await connection.execute(NEXT_ENTRY, [conv])
    rev, head = await cursor.fetchone() or (0, 0)
    await connection.execute(DELETE, [rev, head, conv, seq])
    if facts.files:
        await connection.execute(MOVE_FILES, [head, conv, seq])
    key = digest(conv, facts.body, facts.reply_to, facts.files, facts.mentions)
    content = [key, facts.body, facts.reply_to, len(facts.files), list(facts.mentions) or None]
    row = await connection.execute(APPEND, [message_id, conv, head, actor.user, actor.device, client_id, *content])
    await connection.execute(NOTE, ["append", conv, head])
    await connection.execute(NOTE, ["revised", conv, rev])
    return Resent(to_entry(await row.fetchone() or ()), rev, fresh=True)


async def _repeat(
    connection: Connection, actor: Actor, conv: str, client_id: str, resent_as: int | None
) -> Entry | None:
    """The entry this key stands for already: the one that took the old one's place, or a conflict."""
    cursor = await connection.execute(KNOWN, [[actor.user], [client_id]])
    known = await cursor.fetchone()
    if known is None:
        return None
    if known[2] != conv or known[4] != resent_as:
        raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT)
    found = await connection.execute(FIND, [conv, known[3]])
    return to_entry(await found.fetchone() or ())


async def _facts(connection: Connection, actor: Actor, conv: str, seq: int, is_resend: bool = False) -> _Facts:
    """Read after the locks were granted, by statements of their own: their snapshots are newer than them. What has
    expired may be acknowledged at this moment: of a resend one of the two comes first."""
    await connection.execute(LOCK_TIMEOUT)
    await connection.execute(LOCK, [conv])
    if is_resend:
        await connection.execute(LOCK_MARK, [conv, actor.user])
    async with connection.pipeline():
        acting = await connection.execute(access.MAY_ACT, actor.acting)
        allowed = await connection.execute(access.ACCESS, access.parameters(conv, actor.user))
        found = await connection.execute(TARGET, [actor.user, conv, seq])
    if not await acting.fetchone():
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
    may = access.to_access(await allowed.fetchone())
    row = await found.fetchone()
    if may is None or row is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    sender, deleted, age_ms, rev, body, reply_to, expired, hidden_rev, resent_as, files, *more = row
    is_event, mentions, is_barred, is_kept = more
    # In a group it never has for everyone: who takes it up later is told.
    is_expired = expired and may.kind == "direct"
    target = Target(sender == actor.user, may.allows(seq), deleted, age_ms, is_expired, is_event, is_barred, is_kept)
    return _Facts(target, rev, body, reply_to, hidden_rev, resent_as, tuple(files or ()), mentions or [])


async def _next_rev(connection: Connection, conv: str) -> int:
    cursor = await connection.execute(NEXT_REV, [conv])
    row = await cursor.fetchone()
    rev = int(row[0]) if row else 0
    await connection.execute(NOTE, ["revised", conv, rev])
    return rev


def _unless(code: ErrorCode | None) -> None:
    if code is not None:
        raise Refusal(code)
