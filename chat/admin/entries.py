"""Entries as a moderator reads them: of a conversation, or as a report has copied them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from chat.models import Attachment, Conversation, Message, Report, User

PAGE = 50

EVENTS = {
    "created": _("made the group"),
    "added": _("added people"),
    "removed": _("removed people"),
    "left": _("left"),
    "joined": _("joined by a link"),
    "role": _("changed a role"),
    "changed": _("changed the group's settings"),
}


# Whether there was one afterwards.
PICTURES = {True: _("gave the group a picture"), False: _("removed the picture of the group")}


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry. `files`: names, or how many there are, where only that is known. `picture`: what became of the
    group's."""

    seq: int
    who: str
    at: datetime
    body: str = ""
    sender: UUID | None = None
    reply_to: int | None = None
    event: Any = ""
    picture: Any = ""
    files: tuple[str, ...] = ()
    file_count: int = 0
    is_edited: bool = False
    is_deleted: bool = False
    is_reported: bool = False


def of_conversation(conversation: Conversation, upto: int, with_texts: bool) -> list[Shown]:
    """Up to that seq, oldest first; without a text and a file's name unless they may be shown."""
    entries = Message.objects.filter(conversation=conversation, seq__gt=upto - PAGE, seq__lte=upto).order_by("seq")
    if not with_texts:
        entries = entries.defer("body")
    rows = list(entries)
    senders = dict(User.objects.filter(id__in={row.sender_id for row in rows}).values_list("id", "username"))
    names = _files(conversation, rows) if with_texts else {}
    return [_shown(row, senders, names.get(row.seq, ()), with_texts) for row in rows]


def of_report(report: Report, with_texts: bool) -> list[Shown]:
    """The copy that came with it."""
    return [
        Shown(
            seq=entry["seq"],
            who=entry["sender"],
            at=datetime.fromtimestamp(entry["at"] / 1000, UTC),
            body=entry.get("body", "") if with_texts else "",
            picture=PICTURES.get(entry.get("picture"), ""),
            file_count=entry.get("attachments", 0),
            is_reported=entry["seq"] == report.seq,
        )
        for entry in report.context
    ]


def _files(conversation: Conversation, rows: Iterable[Message]) -> Mapping[int, tuple[str, ...]]:
    seqs = [row.seq for row in rows if row.attachments]
    found: dict[int, tuple[str, ...]] = {}
    if seqs:
        for file in Attachment.objects.filter(conversation=conversation, seq__in=seqs).order_by("seq", "position"):
            seq = file.seq or 0
            found[seq] = (*found.get(seq, ()), file.name)
    return found


def _shown(row: Message, senders: Mapping[UUID, str], files: tuple[str, ...], with_texts: bool) -> Shown:
    event = row.event or {}
    kind = event.get("type", "")
    return Shown(
        seq=row.seq,
        who=senders.get(row.sender_id, str(row.sender_id)),
        at=row.created_at,
        body=row.body if with_texts else "",
        sender=row.sender_id,
        reply_to=row.reply_to_seq,
        event=EVENTS.get(kind, kind),
        picture=PICTURES[bool(event["picture"])] if "picture" in event else "",
        files=files,
        file_count=row.attachments,
        is_edited=row.edited_at is not None,
        is_deleted=row.deleted_at is not None,
    )
