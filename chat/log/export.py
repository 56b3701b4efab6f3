"""A person's own data, as a zip of JSON files: what they have told us and written, and what was noted about them. What
others wrote is others'; who they talk to is told by username and name.

    account.json         what they are called, mail address, settings, dates
    devices.json         names and times; no secrets
    conversations.json   with the other members, own stays, and how far one has received and seen
    blocks.json          whom they have blocked, and since when
    reports.json         what they have reported: whom, why, with what note
    messages.jsonl       own messages, one a line: conversation, seq, text, times; without text where it was deleted
    receipts.jsonl       when one received and saw what, one rise a line
"""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import IO, Any
from uuid import UUID

from chat.models import Block, Device, Membership, Message, Report, User
from receipts.models import Receipt, Watermark

# Above it the file is made on disk.
IN_MEMORY = 4_000_000
CHUNK = 2_000

MESSAGE = (
    *("conversation_id", "seq", "id", "client_id", "body", "reply_to_seq", "created_at", "edited_at", "deleted_at"),
)
BLOCK = ("blocked__username", "blocked__name", "created_at")
REPORT = ("subject__username", "conversation_id", "seq", "reason", "note", "created_at")
DEVICE = ("id", "kind", "name", "created_at", "last_seen_at", "revoked_at")
ACCOUNT = ("id", "username", "name", "email", "read_receipts", "shows_presence", "writers", "date_joined", "last_login")


def export(user: User) -> IO[bytes]:
    """The zip, to be read from its start, and closed."""
    # Whoever takes it closes it.
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("account.json", _json({name: getattr(user, name) for name in ACCOUNT}))
        devices = Device.objects.filter(user=user).order_by("created_at").values(*DEVICE)
        archive.writestr("devices.json", _json(list(devices)))
        archive.writestr("conversations.json", _json(list(_conversations(user))))
        blocks = Block.objects.filter(user=user).order_by("created_at").values(*BLOCK)
        archive.writestr("blocks.json", _json(list(blocks)))
        reports = Report.objects.filter(reporter=user).order_by("created_at").values(*REPORT)
        archive.writestr("reports.json", _json(list(reports)))
        messages = Message.objects.filter(sender=user).order_by("id").values(*MESSAGE)
        _write_lines(archive, "messages.jsonl", messages.iterator(CHUNK))
        receipts = Receipt.objects.filter(user=user).order_by("at").values("conversation_id", "kind", "upto_seq", "at")
        _write_lines(archive, "receipts.jsonl", receipts.iterator(CHUNK))
    file.seek(0)
    return file


def _conversations(user: User) -> Iterator[dict[str, Any]]:
    marks = {mark.conversation_id: mark for mark in Watermark.objects.filter(user=user)}
    stays = Membership.objects.filter(user=user).select_related("conversation").order_by("joined_at")
    for stay in stays:
        mark = marks.get(stay.conversation_id)
        others = Membership.objects.filter(conversation=stay.conversation, left_seq=None).exclude(user=user)
        yield {
            "id": stay.conversation_id,
            "kind": stay.conversation.kind,
            "title": stay.conversation.title,
            "role": stay.role,
            "joined_at": stay.joined_at,
            "left_at": stay.left_at,
            "received": mark.delivered_seq if mark else 0,
            "seen": mark.seen_seq if mark else 0,
            "with": list(others.values("user__username", "user__name")) if stay.left_seq is None else [],
        }


def _write_lines(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            file.write(_json(row).encode() + b"\n")


def _json(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
