"""The change table, and the epoch of the database."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from chat.models.ids import new_id


class Change(models.Model):
    """One row for each transaction that a web process must hear of even when every hint was lost.

    `xid` is the writing transaction (PostgreSQL's xid8): a reader that has seen everything below its last
    snapshot's xmin and asks for the rest misses no row, whatever order transactions commit in. Rows are kept for
    minutes and never hold a body.
    """

    class Kind(models.TextChoices):
        APPEND = "append"
        RECEIPTS = "receipts"
        MEMBERS = "members"
        REVOKED = "revoked"
        REVISED = "revised"
        LAPSED = "lapsed"
        PRESENCE = "presence"
        MUTED = "muted"
        BLOCKED = "blocked"

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # One element a conversation; `heads` runs parallel to it for APPEND (seqs) and REVISED (revs). LAPSED is of one
    # conversation: `heads` is the first and the last seq it is about, `users` are those it expired for or who took it.
    # BLOCKED: `users` are who blocked, or does not any more, and whom.
    conversations = ArrayField(models.UUIDField(), default=list)
    heads = ArrayField(models.BigIntegerField(), default=list)
    users = ArrayField(models.UUIDField(), default=list)
    at = models.DateTimeField()


class Epoch(models.Model):
    """One row. Changes when the log may have lost its tail (a restore, a failover); clients then revalidate."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
