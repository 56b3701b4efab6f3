"""What people report to the moderators: a person, or an entry, with a copy of what stands around it.

The copy is what the reporter may read, no more, and outlives the log. Threats met here: who reports what they may not
read, to learn that it exists (absent and forbidden look the same); who names somebody to learn whether they ever were
in a conversation (only whom they may know from there: whose stay has an entry they may read); the same report twice,
because its answer was lost (unique by reporter and client_id); oneself, who is nobody to report.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from psycopg import errors
from psycopg.types.json import Jsonb

from chat.log import access, history
from chat.log.access import JOINED_IN, MAY_ACT, Access, Actor
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.models.ids import new_id
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Entry
from chat.protocol.safety_frames import NewReport

# Before and after an entry; of a person, as many of the newest.
AROUND = 5

KNOWN = """
SELECT conversation_id::text, seq, subject_id::text, reason, note FROM chat_report
WHERE reporter_id = %s::uuid AND client_id = %s
"""
# Also who has left.
STAYS = f"SELECT {JOINED_IN.format(conv='%s::uuid', user='%s::uuid')}"
PEOPLE = """
SELECT DISTINCT u.id::text, coalesce(nullif(u.name, ''), u.username)
FROM chat_membership s JOIN chat_user u ON u.id = s.user_id
WHERE s.conversation_id = %s::uuid AND s.user_id = ANY(%s::uuid[])
"""
OTHER = """
SELECT s.user_id::text FROM chat_membership s JOIN chat_conversation c ON c.id = s.conversation_id AND c.kind = 'direct'
WHERE c.id = %s::uuid AND s.user_id <> %s::uuid
"""
REPORT = """
INSERT INTO chat_report
    (id, client_id, reporter_id, subject_id, conversation_id, seq, reason, note, context, created_at, state)
VALUES (%s, %s, %s::uuid, %s::uuid, %s::uuid, %s, %s, %s, %s, clock_timestamp(), 'open')
RETURNING id
"""


async def report(database: Database, actor: Actor, told: NewReport) -> None:
    """Once more changes nothing. Raises Refusal: NOT_FOUND, IDEMPOTENCY_CONFLICT, AUTHENTICATION_FAILED."""
    if not await database.rows(MAY_ACT, actor.acting):
        raise Refusal(ErrorCode.AUTHENTICATION_FAILED)
    if await _known(database, actor, told):
        return
    rows = await database.rows(access.ACCESS, access.parameters(told.conv, actor.user))
    may = access.to_access(rows[0] if rows else None)
    if may is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    entries = await _around(database, actor, told, may)
    subject = await _subject(database, actor, told, entries)
    senders = {entry["sender"] for entry in entries}
    names: dict[str, str] = dict(await database.rows(PEOPLE, [told.conv, [subject, *senders]]))
    if subject == actor.user or not await _may_know(database, may, told.conv, subject):
        raise Refusal(ErrorCode.NOT_FOUND)
    context = Jsonb([_copy(entry, names) for entry in entries])
    said = [told.seq, told.reason, told.note, context]
    try:
        await database.rows(REPORT, [new_id(), told.client_id, actor.user, subject, told.conv, *said])
    except errors.UniqueViolation:
        # The same has just been reported elsewhere.
        await _known(database, actor, told)


async def _known(database: Database, actor: Actor, told: NewReport) -> bool:
    rows = await database.rows(KNOWN, [actor.user, told.client_id])
    if not rows:
        return False
    conv, seq, subject, reason, note = rows[0]
    is_same = (conv, seq, reason, note) == (told.conv, told.seq, told.reason, told.note)
    if not is_same or (told.seq is None and told.user not in (None, subject)):
        raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT)
    return True


async def _around(database: Database, actor: Actor, told: NewReport, may: Access) -> list[Entry]:
    """What the reporter may read there. Raises Refusal: NOT_FOUND."""
    if told.seq is None:
        last = may.readable.newest(may.head)
        first = last - 2 * AROUND + 1
    else:
        first, last = told.seq - AROUND, told.seq + AROUND
    page = await history.page(database, told.conv, actor.user, max(1, first), last)
    if page is None or (told.seq is not None and all(entry["seq"] != told.seq for entry in page.entries)):
        raise Refusal(ErrorCode.NOT_FOUND)
    return page.entries


async def _subject(database: Database, actor: Actor, told: NewReport, entries: Sequence[Entry]) -> str:
    """Who is reported: an entry's sender, who is named, or the other one of a 1:1. Raises Refusal: NOT_FOUND."""
    if told.seq is not None:
        return next(entry["sender"] for entry in entries if entry["seq"] == told.seq)
    if told.user is not None:
        return told.user
    other = await database.rows(OTHER, [told.conv, actor.user])
    if not other:
        raise Refusal(ErrorCode.NOT_FOUND)
    return str(other[0][0])


async def _may_know(database: Database, may: Access, conv: str, subject: str) -> bool:
    """Who is there, or was while the reporter may read what was said."""
    [[stays]] = await database.rows(STAYS, [conv, subject])
    return any(may.readable.meets(stay) for stay in access.stays_of(stays))


def _copy(entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    """As chat/models/safety.py says. What was done to a group has its new title, if that is what was done, and whether
    it was given a picture: not which, as that goes with the next one."""
    event = entry.get("event", {})
    copy = {
        "seq": entry["seq"],
        "sender_id": entry["sender"],
        "sender": names.get(entry["sender"], ""),
        "body": entry.get("body", event.get("title", "")),
        "at": entry["at"],
        "attachments": len(entry.get("attachments", ())),
    }
    return copy | ({"picture": bool(event["picture"])} if "picture" in event else {})
