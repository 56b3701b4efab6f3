"""The log: a conversation's head, who may read it, and its entries.

Everything else in the system is a watermark into this log. `seq` starts at 1, has no gaps and is given out under
the conversation's row lock.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from chat.models.ids import new_id
from chat.models.people import Device, User
from chat.policy.visibility import WAITING


class Conversation(models.Model):
    """The head of a log. A hot row: each batch of sends updates it once, so no index on what changes."""

    class Kind(models.TextChoices):
        DIRECT = "direct"
        GROUP = "group"

    class Adding(models.TextChoices):
        ADMINS = "admins"
        EVERYONE = "everyone"

    class History(models.TextChoices):
        JOINING = "joining"
        ALL = "all"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    title = models.CharField(max_length=100, blank=True)
    # An attachment that shows a group; it belongs to the entry that says so.
    picture = models.UUIDField(null=True, blank=True)
    # "<smaller user id>:<larger user id>"; empty for groups.
    direct_key = models.CharField(max_length=73, null=True, blank=True, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seq = models.BigIntegerField(default=0)
    last_rev = models.BigIntegerField(default=0)
    members_rev = models.BigIntegerField(default=1)
    # Of its rises, those that nobody is told of (chat/log/silence.py).
    untold_revs = models.BigIntegerField(default=0, db_default=0)
    # Entries up to here are gone for everyone.
    floor_seq = models.BigIntegerField(default=0)
    # Of groups: who may add people, and from where on a new member may read.
    adding = models.CharField(max_length=8, choices=Adding.choices, default=Adding.ADMINS, db_default=Adding.ADMINS)
    history = models.CharField(
        max_length=7, choices=History.choices, default=History.JOINING, db_default=History.JOINING
    )

    class Meta:
        permissions = [("remove_picture", _("Can remove pictures of groups"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(floor_seq__gte=0, last_seq__gte=F("floor_seq"), last_rev__gte=0),
                name="conversation_positions",
            ),
            models.CheckConstraint(
                condition=Q(kind="direct", direct_key__isnull=False) | Q(kind="group", direct_key__isnull=True),
                name="conversation_direct_key",
            ),
        ]

    def __str__(self) -> str:
        return self.title or str(self.id)


class Membership(models.Model):
    """One stay of a person: entries from `visible_from_seq` to `left_seq` are theirs to read. Rejoining is a new row.

    Who has an open stay may read the entries of all their stays; who has none may read nothing. What was written
    before they came, below `joined_seq`, they may read in a group that shows newcomers all, but it was not sent to
    them: no tick waits for them. Empty: all they may read was.

    Of who blocks the other one of a 1:1 silently the open stay *waits*: it begins where no entry is
    (chat/policy/visibility.py).

    A stay of a group begins and ends with the entry that says so. `was_removed`: by someone else, who would have to
    bring them back. `muted_until`: no wake-ups before that.
    """

    class Role(models.TextChoices):
        MEMBER = "member"
        ADMIN = "admin"
        OWNER = "owner"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    role = models.CharField(max_length=6, choices=Role.choices, default=Role.MEMBER, db_default=Role.MEMBER)
    visible_from_seq = models.BigIntegerField(default=1)
    joined_seq = models.BigIntegerField(null=True, blank=True)
    left_seq = models.BigIntegerField(null=True, blank=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    left_at = models.DateTimeField(null=True, blank=True)
    was_removed = models.BooleanField(default=False, db_default=False)
    muted_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "user"], condition=Q(left_seq__isnull=True), name="one_open_stay"
            ),
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(left_seq__isnull=True, role="owner"), name="one_owner"
            ),
            models.CheckConstraint(condition=Q(visible_from_seq__gte=1), name="stay_begins"),
        ]
        indexes = [models.Index(fields=["user", "conversation"])]

    @property
    def waits(self) -> bool:
        return self.visible_from_seq == WAITING


class Message(models.Model):
    """One entry. Never updated on the hot path.

    `rev` is the conversation's revision of its last edit or deletion, 0: as it was sent. A deleted entry keeps its
    row and its key, and loses its body. `resent_as_seq`: it expired before it was delivered, was withdrawn by its
    sender and appended anew under that seq.

    `event`: what the sender did to the group (chat/policy/groups.py), in place of a body. `mentions`: members of that
    moment who are rung whatever they have muted.

    No foreign key constraints: the transaction that inserts has just read (and locked) what they would check, and
    each would cost a look-up a message. `digest` is what makes a repeated `client_id` the same message or a conflict.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="messages"
    )
    seq = models.BigIntegerField()
    sender = models.ForeignKey(
        User, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="messages"
    )
    device = models.ForeignKey(
        Device, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    client_id = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=16)
    body = models.TextField()
    event = models.JSONField(null=True, blank=True)
    mentions = ArrayField(models.UUIDField(), null=True, blank=True)
    reply_to_seq = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    rev = models.BigIntegerField(default=0, db_default=0)
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    resent_as_seq = models.BigIntegerField(null=True, blank=True)
    # How many: entries without any are read without looking for them.
    attachments = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        permissions = [("remove_message", _("Can remove messages for everyone"))]
        # What a device that was away has missed of edits and deletions; entries as they were sent are not in it.
        indexes = [models.Index(fields=["conversation", "rev"], condition=Q(rev__gt=0), name="changed_entries")]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="one_entry_per_seq"),
            models.UniqueConstraint(fields=["sender", "client_id"], name="one_entry_per_client_id"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="seq_from_one"),
            models.CheckConstraint(
                condition=Q(reply_to_seq__isnull=True) | Q(reply_to_seq__gte=1, reply_to_seq__lt=F("seq")),
                name="reply_points_back",
            ),
        ]


class Invite(models.Model):
    """A link by which people join a group by themselves. Its token is known to those it was given to alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="invites")
    creator = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Empty: no such limit.
    expires_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.IntegerField(null=True, blank=True)
    uses = models.IntegerField(default=0, db_default=0)
    revoked_at = models.DateTimeField(null=True, blank=True)


class Hidden(models.Model):
    """Deleted for one person: an entry that is in the log and not shown to them any more."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="hidden"
    )
    seq = models.BigIntegerField()
    rev = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "user", "seq"], name="hidden_once"),
        ]
        indexes = [models.Index(fields=["conversation", "user", "rev"], name="hidden_changes")]
