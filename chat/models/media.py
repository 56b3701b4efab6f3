"""Attachments: files that people upload and then send, and what is known of each.

A row is an upload first. It belongs to its owner alone until a message takes it (`conversation`, `seq`, `position`),
and then to whoever may read that entry. Files go after rows say so: DROPPED is for the sweep, which removes the files
and then the row, so that a crash leaves nothing that nobody knows of (chat/media/sweep.py).
"""

from django.db import models
from django.db.models import Q

from chat.models.ids import new_id
from chat.models.log import Conversation
from chat.models.people import User


class Attachment(models.Model):
    """A file beside an entry, or on its way there. `length`: bytes as announced, `received`: as stored so far, `size`:
    of the file as it is served, which may be less (chat/media/metadata.py)."""

    class State(models.TextChoices):
        UPLOADING = "uploading"
        READY = "ready"
        SENT = "sent"
        DROPPED = "dropped"

    class Thumbnail(models.TextChoices):
        NONE = "none"
        WANTED = "wanted"
        MADE = "made"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="attachments"
    )
    client_id = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.UPLOADING)
    name = models.CharField(max_length=255)
    type = models.CharField(max_length=100, default="application/octet-stream")
    length = models.BigIntegerField()
    received = models.BigIntegerField(default=0, db_default=0)
    size = models.BigIntegerField(default=0, db_default=0)
    width = models.IntegerField(null=True, blank=True)
    height = models.IntegerField(null=True, blank=True)
    thumbnail = models.CharField(max_length=6, choices=Thumbnail.choices, default=Thumbnail.NONE, db_default="none")
    # Making the thumbnail, or removing the files, is tried again after this.
    attempts = models.SmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    conversation = models.ForeignKey(
        Conversation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        related_name="attachments",
    )
    seq = models.BigIntegerField(null=True, blank=True)
    position = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["conversation", "seq"], condition=Q(conversation__isnull=False), name="attachments_of_entry"
            ),
            models.Index(fields=["next_attempt_at"], condition=Q(thumbnail="wanted"), name="thumbnails_wanted"),
            models.Index(fields=["next_attempt_at"], condition=Q(state="dropped"), name="attachments_dropped"),
            models.Index(
                fields=["created_at"], condition=Q(state__in=["uploading", "ready"]), name="attachments_unsent"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "client_id"], condition=~Q(state="dropped"), name="one_upload_per_client_id"
            ),
            models.CheckConstraint(
                condition=Q(state="sent", conversation__isnull=False, seq__gte=1)
                | (~Q(state="sent") & Q(conversation__isnull=True, seq__isnull=True)),
                name="attachment_of_an_entry",
            ),
            models.CheckConstraint(
                condition=Q(length__gte=1, received__gte=0, received__lte=models.F("length"), size__gte=0),
                name="attachment_bytes",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
