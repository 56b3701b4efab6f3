"""Who may fetch an attachment, and with what address: asked anew for each address that is given out, and anew when one
is used.

Threats met here: an address that was made up, is too old, or is another's; someone who was removed, or whose device was
revoked or signed out, with an address that is still good; an attachment whose message is deleted, expired for them, or
before their time. All of these are NOT_FOUND.
"""

import time
from dataclasses import dataclass
from typing import Any

from django.core import signing

from chat.log import access
from chat.log.access import SPANS, Actor
from chat.log.attached import FILE
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.media.places import ORIGINAL, THUMBNAIL
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Attachment

SALT = "chat.files"
GOOD_S = 600

SHOWN = f"""
SELECT {FILE}, a.thumbnail, a.state = 'ready' AND a.owner_id = %s::uuid, a.seq, EXISTS (
           SELECT FROM chat_hidden h
           WHERE h.conversation_id = a.conversation_id AND h.user_id = %s::uuid AND h.seq = a.seq), a.id = c.picture,
       c.members_rev, c.kind, c.last_seq, c.last_rev, c.floor_seq, {SPANS.format(user="%s::uuid")}
FROM chat_attachment a LEFT JOIN chat_conversation c ON c.id = a.conversation_id
WHERE a.id = %s::uuid AND a.state IN ('ready', 'sent')
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """`thumbnail`: whether there is one: "none", "wanted" (not yet), "made" or "failed"."""

    file: Attachment
    thumbnail: str


async def look(database: Database, actor: Actor, attachment: str) -> Shown:
    """Raises Refusal (NOT_FOUND), psycopg.Error."""
    user = actor.user
    acting, rows = await database.many([(access.MAY_ACT, actor.acting), (SHOWN, [user, user, user, user, attachment])])
    if not acting or not rows or not _may_see(rows[0]):
        raise Refusal(ErrorCode.NOT_FOUND)
    return Shown(rows[0][0], rows[0][1])


def _may_see(row: tuple[Any, ...]) -> bool:
    is_own_unsent, seq, is_hidden, is_picture, *conversation = row[2:]
    if seq is None:
        return bool(is_own_unsent)
    may = access.to_access(conversation) if conversation[0] is not None else None
    # A group's picture is for all who are in it, whatever they may read of the entry that it came with.
    return may is not None and bool(is_picture or (may.allows(seq) and not is_hidden))


def described(shown: Shown, actor: Actor) -> dict[str, Any]:
    """As the API tells it, with addresses to fetch it from."""
    has_thumbnail = shown.thumbnail in ("wanted", "made")
    return {
        **shown.file,
        "url": address(shown.file["id"], ORIGINAL, actor),
        "thumbnail_url": address(shown.file["id"], THUMBNAIL, actor) if has_thumbnail else None,
        "expires_at": (int(time.time()) + GOOD_S) * 1000,
    }


def address(attachment: str, variant: str, actor: Actor) -> str:
    key = signing.dumps([attachment, variant, actor.user, actor.device, actor.access_rev], salt=SALT)
    path = f"/files/{attachment}" if variant == ORIGINAL else f"/files/{attachment}/{variant}"
    return f"{path}?key={key}"


def whose(attachment: str, variant: str, key: str) -> Actor:
    """For whom the address was made. Raises Refusal (NOT_FOUND)."""
    try:
        named = signing.loads(key, salt=SALT, max_age=GOOD_S)
    except signing.BadSignature:
        raise Refusal(ErrorCode.NOT_FOUND) from None
    if named[:2] != [attachment, variant]:
        raise Refusal(ErrorCode.NOT_FOUND)
    return Actor(*named[2:])
