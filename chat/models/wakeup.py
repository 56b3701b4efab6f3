"""Waking a device up that is not there: where its push service listens, and what it is to be told."""

from django.db import models, transaction
from django.db.models import Q

from chat.models.log import Conversation
from chat.models.people import Device


class Subscriptions(models.QuerySet["PushSubscription"]):
    @transaction.atomic
    def remove(self) -> bool:
        """With all that was to be told. Locked before its wake-ups, as everyone does; `delete` alone does the
        opposite, and a sweep in the middle of it would deadlock. False: there was none."""
        found = [each.pk for each in self.order_by("pk").select_for_update()]
        return bool(found and type(self)(self.model).filter(pk__in=found).delete()[0])


class PushSubscription(models.Model):
    """A device's own; goes when the device is revoked or signed out, or when its push service says it is gone.

    `endpoint` is a secret: whoever knows it can wake the device. It belongs to one device: the same browser, signed
    in by someone else, takes it along. `service` names the pusher that understands it (chat/wakeup/registry.py).
    `failures` and `last_error` are for a person who wonders; `not_before` is when the push service wants the next.
    """

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="push_subscription")
    service = models.CharField(max_length=16, default="webpush")
    endpoint = models.CharField(max_length=2048)
    p256dh = models.CharField(max_length=100)
    auth = models.CharField(max_length=32)
    created_at = models.DateTimeField(auto_now_add=True)
    failures = models.IntegerField(default=0)
    last_error = models.CharField(max_length=32, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)

    objects = Subscriptions.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint"], name="one_device_per_endpoint")]


class WakeUp(models.Model):
    """What one device is told of one conversation: that there is something up to `seq`. However many messages, one row.

    `sent_seq`: as far as it was told already, so that nobody is rung twice for a message. `next_attempt_at`: when it
    may be tried, or until when a worker has it; empty: nothing to tell now. `attempts` since the last success.
    """

    subscription = models.ForeignKey(PushSubscription, on_delete=models.CASCADE, related_name="wakeups", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    seq = models.BigIntegerField()
    sent_seq = models.BigIntegerField(default=0)
    attempts = models.SmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "conversation"], name="one_wake_up"),
            models.CheckConstraint(condition=Q(seq__gte=1, sent_seq__gte=0), name="wake_up_seqs"),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="wake_up_due"),
        ]
