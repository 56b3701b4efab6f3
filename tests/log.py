"""A log written by hand, for tests of what reads it."""

import random
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from chat.models import Attachment, Conversation, Message
from chat.models.ids import first_id, new_id
from chat.policy.decide import digest
from tests.cast import Person


def write(conv: str, sender: Person, count: int = 1, body: str = "hi", at: datetime | None = None) -> int:
    """Appends `count` entries, written `at` (None: now), and raises the head; the new head."""
    at = at or timezone.now()
    conversation = Conversation.objects.get(id=conv)
    first = conversation.last_seq + 1
    conversation.last_seq += count
    Message.objects.bulk_create(
        Message(
            id=UUID(int=first_id(at).int + random.getrandbits(80)),
            conversation=conversation,
            seq=seq,
            sender=sender.user,
            device=sender.device,
            client_id=f"c{seq}_{new_id()}",
            digest=digest(conv, body, None),
            body=body,
            created_at=at,
        )
        for seq in range(first, conversation.last_seq + 1)
    )
    conversation.save(update_fields=["last_seq"])
    return conversation.last_seq


def attach(conv: str, seq: int, size: int = 1, **more: Any) -> Attachment:
    """A file of `size` bytes beside an entry that is there."""
    entry = Message.objects.filter(conversation_id=conv, seq=seq)
    entry.update(attachments=F("attachments") + 1)
    sent = {"state": "sent", "name": "file.bin", "length": size, "received": size, "size": size, "owner_id": new_id()}
    return Attachment.objects.create(
        conversation_id=conv, seq=seq, client_id=str(new_id()), completed_at=timezone.now(), **(sent | more)
    )


def show(conv: str, sender: Person) -> Attachment:
    """A picture that `sender` gives the group, and the entry that says so."""
    file = attach(conv, write(conv, sender, body=""), name="us.png", thumbnail="made", owner_id=sender.user.id)
    event = {"type": "changed", "picture": str(file.id)}
    Message.objects.filter(conversation_id=conv, seq=file.seq).update(event=event, attachments=0)
    Conversation.objects.filter(id=conv).update(picture=file.id)
    return file
