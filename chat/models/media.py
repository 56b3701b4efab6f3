"""Attachments, as far as retention needs them: how large they are and which entry they belong to."""

from django.db import models
from django.db.models import Q

from chat.models.ids import new_id
from chat.models.log import Conversation


class Attachment(models.Model):
    """A file beside an entry. `size` in bytes."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="attachments"
    )
    seq = models.BigIntegerField()
    size = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["conversation", "seq"], name="attachments_of_entry")]
        constraints = [models.CheckConstraint(condition=Q(seq__gte=1, size__gte=0), name="attachment_of_an_entry")]
