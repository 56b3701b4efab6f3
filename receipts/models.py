"""How far people have got, and when."""

from django.db import models
from django.db.models import F, Q

from chat.models import Conversation, User


class Watermark(models.Model):
    """One person in one conversation: everything up to `delivered_seq` is stored on a device of theirs,
    everything up to `seen_seq` was seen. Both only rise."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="watermarks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watermarks", db_index=False)
    delivered_seq = models.BigIntegerField(default=0)
    seen_seq = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user"], name="one_watermark"),
            models.CheckConstraint(
                condition=Q(seen_seq__gte=0, delivered_seq__gte=F("seen_seq")), name="seen_within_delivered"
            ),
        ]


class Receipt(models.Model):
    """One rise of a watermark, kept for ever: the first rise to or above an entry is when it was received."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered"
        SEEN = "seen"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="receipts", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="receipts", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    upto_seq = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user", "kind", "upto_seq"], name="one_receipt_per_rise"),
        ]
