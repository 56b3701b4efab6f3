"""How far people have got, and when."""

from django.db import models
from django.db.models import F, Q

from chat.models import Conversation, User


class Watermark(models.Model):
    """One person in one conversation: everything up to `delivered_seq` is stored on a device of theirs,
    everything up to `seen_seq` was seen. `expired_seq`: up to here whatever no device had taken has expired; what of
    it was others' stands in Lapse. All only rise."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="watermarks", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watermarks", db_index=False)
    delivered_seq = models.BigIntegerField(default=0)
    seen_seq = models.BigIntegerField(default=0)
    expired_seq = models.BigIntegerField(default=0, db_default=0)

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


class Lapse(models.Model):
    """Entries `from_seq` to `upto_seq` expired for a person before any device of theirs took them.

    Subtracted when ticks are computed; a device that acknowledges some after all takes them out of the range. `at`:
    when the first of them expired; what follows within a day is added to the same row.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="lapses", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="lapses", db_index=False, db_constraint=False)
    from_seq = models.BigIntegerField()
    upto_seq = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user", "from_seq"], name="one_lapse_from"),
            models.CheckConstraint(condition=Q(from_seq__gte=1, upto_seq__gte=F("from_seq")), name="lapse_range"),
        ]
