"""What a device has yet to take: everything above its cursor, a number instead of a pile of copies."""

from django.db import models
from django.db.models import Q

from chat.models.log import Conversation
from chat.models.people import Device


class Inbox(models.Model):
    """The cursor of one device in one conversation; no row means the start of its person's first stay.

    `received_rev`: every edit and deletion up to this revision is stored on the device. `horizon_seq`: what lies at
    or below it the device is not owed any more (it expired), and is told so when its cursor is below.
    `media_horizon_seq`: the same for attachments, whose place it gets a placeholder for.

    `attempts` and `next_attempt_at` belong to redelivery: how often the device was nudged since its last
    progress, and when it may be nudged again (empty: nothing is owed or nudging has been given up).
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="inboxes")
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="inboxes", db_index=False)
    received_seq = models.BigIntegerField(default=0)
    received_rev = models.BigIntegerField(default=0, db_default=0)
    horizon_seq = models.BigIntegerField(default=0, db_default=0)
    media_horizon_seq = models.BigIntegerField(default=0, db_default=0)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "inboxes"
        constraints = [
            models.UniqueConstraint(fields=["conversation", "device"], name="one_inbox"),
            models.CheckConstraint(condition=Q(received_seq__gte=0), name="cursor_not_negative"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="inbox_due"),
            models.Index(fields=["id"], condition=Q(attempts__gt=0, next_attempt_at__isnull=True), name="inbox_stuck"),
        ]


class Progress(models.Model):
    """How far a recurring work has come: everything up to `upto` has been dealt with, whatever pauses there were.

    `count`: what it has done in all. EXPIRY and QUOTA count ranges that lapsed, MEDIA horizons that rose, HISTORY
    entries that were removed. Of THUMBNAILS, which are made as they come, only the time is noted.
    """

    class Work(models.TextChoices):
        REDELIVERY = "redelivery"
        EXPIRY = "expiry"
        QUOTA = "quota"
        MEDIA = "media"
        HISTORY = "history"
        THUMBNAILS = "thumbnails"

    work = models.CharField(max_length=16, primary_key=True, choices=Work.choices, editable=False)
    upto = models.DateTimeField()
    count = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "progress"

    def __str__(self) -> str:
        return self.work
