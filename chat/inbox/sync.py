"""What a device is told when it says hello: its conversations, newest first, and how far everyone has got."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chat.inbox import roster
from chat.inbox.unread import UNREAD
from chat.log.access import NEWEST_IN, ROSTER_REV, SPANS, START_IN, spans_of, stays_of
from chat.log.attached import withhold
from chat.log.between import OWN_BLOCK
from chat.log.history import ENTRY, ENTRY_COLUMNS, to_entry
from chat.log.pool import Database, Row
from chat.policy.visibility import Readable, readable
from chat.protocol.frames import Entry
from chat.protocol.group_frames import Adding, HistoryFrom

COUNT = "(SELECT count(*) FROM chat_membership o WHERE o.conversation_id = c.id AND o.left_seq IS NULL)"

# `reached`: nothing below it is unread.
SUMMARY = f"""
SELECT {ENTRY}, c.id::text, c.kind, c.title, c.picture::text, c.last_seq, c.last_rev, c.members_rev, {ROSTER_REV},
       c.floor_seq,
       CASE WHEN c.kind = 'group' THEN c.adding END, CASE WHEN c.kind = 'group' THEN c.history END, {COUNT},
       (extract(epoch FROM s.muted_until) * 1000)::bigint, {OWN_BLOCK.format(c="c", user="s.user_id")},
       {SPANS.format(user="s.user_id")},
       i.received_seq, i.received_rev, i.horizon_seq, i.media_horizon_seq, w.seen_seq,
       EXISTS (SELECT FROM chat_hidden h WHERE h.conversation_id = c.id AND h.user_id = s.user_id AND h.seq = m.seq),
       CASE WHEN r.reached < c.last_seq THEN {UNREAD} ELSE 0 END
"""
OF_STAY = f"""
JOIN chat_conversation c ON c.id = s.conversation_id
JOIN receipts_watermark w ON w.conversation_id = c.id AND w.user_id = s.user_id
CROSS JOIN LATERAL (SELECT greatest(w.seen_seq, c.floor_seq) AS reached) r
LEFT JOIN chat_message m ON {NEWEST_IN}
"""
CONVERSATIONS = f"""{SUMMARY} FROM chat_membership s {OF_STAY}
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND (%s::uuid[] IS NULL OR c.id = ANY(%s::uuid[]))
ORDER BY coalesce(m.id, c.id) DESC
"""

# One for many devices, each of its person: its members are counted once.
FOR_DEVICES = f"""{SUMMARY.replace(COUNT, COUNT.replace("c.id", "%s::uuid"))}, d.device::text, d.member::text
FROM unnest(%s::uuid[], %s::uuid[]) AS d(device, member)
JOIN chat_membership s ON s.conversation_id = %s::uuid AND s.user_id = d.member AND s.left_seq IS NULL {OF_STAY}
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = d.device
"""

POSITIONS = f"""
SELECT c.id::text, coalesce(i.received_seq, {START_IN.format(conv="c.id", user="s.user_id")}),
       coalesce(i.received_rev, 0), w.seen_seq
FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id
JOIN receipts_watermark w ON w.conversation_id = c.id AND w.user_id = s.user_id
LEFT JOIN chat_inbox i ON i.conversation_id = c.id AND i.device_id = %s::uuid
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL AND c.id = ANY(%s::uuid[])
"""

# May this device act, as it was let in? And that it was here, to the hour: a person looks at it, in the settings.
ENTER = """
WITH entering AS (
    SELECT d.id, u.shows_presence FROM chat_device d JOIN chat_user u ON u.id = d.user_id
    WHERE d.id = %s::uuid AND d.user_id = %s::uuid AND d.access_rev = %s AND d.revoked_at IS NULL AND u.is_active
), noted AS (
    UPDATE chat_device d SET last_seen_at = now() FROM entering e
    WHERE d.id = e.id AND (d.last_seen_at IS NULL OR d.last_seen_at < now() - interval '1 hour')
)
SELECT shows_presence FROM entering
"""

EPOCH = "SELECT id::text FROM chat_epoch ORDER BY created_at DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class Summary:
    """One conversation as one device sees it. `received`, `received_rev`: the server's cursor of this device;
    `horizon`: what it is not owed any more; `media_horizon`: the same for attachments; `first`: where its person's
    first stay begins, whatever of that has expired since."""

    conv: str
    kind: str
    title: str
    picture: str | None
    head: int
    rev: int
    members_rev: int
    # What of it is told.
    roster_rev: int
    readable: Readable
    received: int
    received_rev: int
    horizon: int
    media_horizon: int
    seen: int
    unread: int
    last: Entry | None
    members: list[dict[str, Any]]
    first: int = 1
    count: int = 0
    adding: Adding | None = None
    history: HistoryFrom | None = None
    muted_until: int | None = None
    # Of a 1:1: whether a block between the two is one's own. None: there is none.
    own_block: bool | None = None

    def frame(self) -> dict[str, Any]:
        """CONV of docs/protocol.md. Only one's own block is told."""
        told = {
            "id": self.conv,
            "kind": self.kind,
            "title": self.title or None,
            "picture": self.picture,
            "members": self.members,
            "count": self.count,
            "members_rev": self.roster_rev,
            "adding": self.adding,
            "history": self.history,
            "muted_until": self.muted_until,
            "head": self.head,
            "rev": self.rev,
            "received": self.received,
            "received_rev": self.received_rev,
            # Of who waits, and may read nothing, it is nowhere.
            "start": min(self.readable.start, self.head + 1),
            "seen": self.seen,
            "unread": self.unread,
            "last": self.last,
        }
        return told | {"blocked": True} if self.own_block else told


async def summaries(database: Database, user: str, device: str, convs: Sequence[str] | None = None) -> list[Summary]:
    """All conversations of a person (or those named), newest first, in one exchange."""
    named = None if convs is None else list(convs)
    rows, member_rows = await database.many(_queries(user, device, named))
    return _summaries(user, rows, member_rows)


async def everything(
    database: Database, user: str, device: str, access_rev: int
) -> tuple[bool, str, list[Summary]] | None:
    """Whether the person shows their presence, the epoch, and all their conversations, newest first, in one exchange.
    None: since the handshake the device was revoked, or signed out by a changed password, or its person suspended."""
    may, epochs, rows, member_rows = await database.many(
        [(ENTER, [device, user, access_rev]), (EPOCH, ()), *_queries(user, device, None)]
    )
    return (bool(may[0][0]), str(epochs[0][0]), _summaries(user, rows, member_rows)) if may else None


def _queries(user: str, device: str, named: list[str] | None) -> list[tuple[str, Sequence[Any]]]:
    return [(CONVERSATIONS, [device, user, named, named]), (roster.MEMBERS, [user, named, named])]


def _summaries(user: str, rows: Sequence[Row], member_rows: Sequence[Row]) -> list[Summary]:
    members: dict[str, list[Sequence[Any]]] = {}
    for conversation, *member in member_rows:
        members.setdefault(conversation, []).append(member)
    told = {conversation: roster.members(user, found) for conversation, found in members.items()}
    found = [_summary(row, told) for row in rows]
    return [summary for summary in found if summary is not None]


async def introductions(database: Database, conv: str, asking: Sequence[tuple[str, str]]) -> dict[str, Summary]:
    """One conversation for many, of (device, user): by device, in one exchange. Whose person is not in it is left
    out."""
    devices, users = [device for device, _ in asking], [user for _, user in asking]
    rows, member_rows = await database.many(
        [(FOR_DEVICES, [conv, devices, users, conv]), (roster.FOR_USERS, [conv, users])]
    )
    found, some = {}, roster.first(member_rows)
    for *row, device, user in rows:
        if summary := _summary(tuple(row), {}):
            is_whole = summary.count <= roster.WHOLE
            shown = [row[1:] for row in member_rows if is_whole or row[1] == user or row[1] in some]
            found[device] = replace(summary, members=roster.members(user, shown))
    return found


def _summary(row: Row, members: dict[str, list[dict[str, Any]]]) -> Summary | None:
    """None: the person left between two statements."""
    conv, kind, title, picture, head, rev, members_rev, roster_rev, floor, *rest = row[ENTRY_COLUMNS:]
    adding, history, count, muted_until, own_block, stays, lapsed, *mine = rest
    received, received_rev, horizon, media_horizon, seen, hidden, unread = mine
    own = stays_of(stays)
    may = readable(own, spans_of(lapsed), floor)
    if may is None:
        return None
    first = min(stay.first for stay in own)
    return Summary(
        conv=conv,
        kind=kind,
        title=title,
        picture=picture,
        head=head,
        rev=rev,
        members_rev=members_rev,
        roster_rev=roster_rev,
        readable=may,
        received=max(first - 1, received or 0),
        received_rev=received_rev or 0,
        horizon=max(horizon or 0, floor),
        media_horizon=media_horizon or 0,
        seen=seen,
        unread=unread,
        last=_last(row, media_horizon or 0) if row[0] is not None and may.allows(row[0]) and not hidden else None,
        members=members.get(conv, []),
        first=first,
        count=count,
        adding=adding,
        history=history,
        muted_until=muted_until,
        own_block=own_block,
    )


def _last(row: Row, media_horizon: int) -> Entry:
    entry = to_entry(row)
    withhold([entry], media_horizon)
    return entry


async def stored_positions(database: Database, user: str, device: str, convs: list[str]) -> list[dict[str, Any]]:
    """What the database holds for this device: the echo of a heartbeat."""
    rows = await database.rows(POSITIONS, [device, user, convs])
    return [{"conv": conv, "received": received, "rev": rev, "seen": seen} for conv, received, rev, seen in rows]


async def epoch(database: Database) -> str:
    rows = await database.rows(EPOCH)
    return str(rows[0][0])
