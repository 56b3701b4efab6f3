"""Attachments as entries carry them, read with the entry: of one that has none, nothing is looked up."""

from typing import cast

from chat.log.pool import Row
from chat.protocol.frames import Attachment, Entry

# Of the attachment `a`: Attachment of docs/protocol.md, without what does not apply.
FILE = """
json_strip_nulls(json_build_object('id', a.id, 'name', a.name, 'type', a.type, 'size', a.size, 'width', a.width,
    'height', a.height, 'thumbnail', CASE WHEN a.thumbnail IN ('wanted', 'made') THEN true END))
"""

# Of the entry `m`.
ATTACHED = f"""
CASE WHEN m.attachments > 0 THEN (
    SELECT json_agg({FILE} ORDER BY a.position) FROM chat_attachment a
    WHERE a.conversation_id = m.conversation_id AND a.seq = m.seq) END
"""

# Of an attachment that belongs to no entry any more: the sweep's (chat/media/sweep.py).
DROPPED = "state = 'dropped', conversation_id = NULL, seq = NULL, next_attempt_at = NULL, attempts = 0"


def to_file(row: Row) -> Attachment:
    """Of a row that ends with FILE."""
    return cast(Attachment, row[-1])


def withhold(entries: list[Entry], upto: int) -> None:
    """Placeholders for the attachments of all entries up to seq `upto`."""
    for entry in entries:
        if entry["seq"] <= upto and "attachments" in entry:
            entry["attachments"] = [placeholder(each) for each in entry["attachments"]]


def placeholder(file: Attachment) -> Attachment:
    return Attachment(id=file["id"], name=file["name"], type=file["type"], size=file["size"], withheld=True)
