"""Who keeps whom away, what is reported, and what moderators did about it."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from chat.models.ids import new_id
from chat.models.log import Conversation
from chat.models.people import User


class Block(models.Model):
    """`user` wants nothing from `blocked` in their 1:1 conversation. Only `user` can see that it is so."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks", db_index=False)
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "blocked"], name="blocked_once"),
            models.CheckConstraint(condition=~Q(user=F("blocked")), name="blocked_is_another"),
        ]


class Report(models.Model):
    """Something a moderator is asked to look at: a person, or a message of theirs.

    `reporter` is empty where a rule found it (spam). `context`: a copy of the entries around it as the reporter could
    read them, oldest first, since the log may lose them: a list of {"seq", "sender_id", "sender", "body", "at"
    (milliseconds since 1970), "attachments" (how many)}; of one that gave a group a picture or took it away also
    "picture": true, false.
    """

    class Reason(models.TextChoices):
        SPAM = "spam", _("spam")
        ABUSE = "abuse", _("abuse or threats")
        ILLEGAL = "illegal", _("something illegal")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        ACTED = "acted", _("acted upon")
        DISMISSED = "dismissed", _("dismissed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # A repeat of the same report, by a client that did not hear the answer, is the same row.
    client_id = models.CharField(max_length=64)
    reporter = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports_made")
    subject = models.ForeignKey(User, on_delete=models.CASCADE, related_name="reports")
    conversation = models.ForeignKey(Conversation, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # The entry reported; empty: the person.
    seq = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=7, choices=Reason.choices)
    note = models.CharField(max_length=1000, blank=True)
    context = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN, db_default=State.OPEN)
    handler = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["reporter", "client_id"], name="reported_once")]
        indexes = [models.Index(fields=["created_at"], condition=Q(state="open"), name="open_reports")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} …{str(self.id)[-8:]}"


class Opening(models.Model):
    """A 1:1 conversation that was begun with a stranger: by whom, and with what (chat/policy/spam.py). Only as long as
    the window of that rule."""

    sender = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    text = models.BinaryField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["sender", "text", "at"], name="opened_lately")]


class AuditEntry(models.Model):
    """One act of a moderator: a line of an append-only log in which every line carries a hash over itself and the line
    before (chat/policy/audit.py). `number` has no gaps, from 1. `actor` is no foreign key: the line outlives them."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=40)
    # What it was done to: "user", "message", "conversation", "report", and its id.
    kind = models.CharField(max_length=20)
    target = models.CharField(max_length=64)
    reason = models.CharField(max_length=1000, blank=True)
    details = models.JSONField(default=dict)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
