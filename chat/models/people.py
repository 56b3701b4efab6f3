"""Who takes part: a person, and each browser profile or phone of theirs."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.ids import new_id


class User(AbstractUser):
    """A person. `name` is what others read; the username finds and signs in."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100, blank=True)
    # Both reciprocal: chat/policy/privacy.py.
    read_receipts = models.BooleanField(_("read receipts"), default=True, db_default=True)
    shows_presence = models.BooleanField(_("shows when online"), default=True, db_default=True)

    @property
    def display_name(self) -> str:
        return self.name or self.username


class Device(models.Model):
    """One browser profile or phone. `token_hash`: SHA-256 of the secret only the device holds. `access_rev` rises when
    its open sockets are to end though it is not revoked: its person's password was changed elsewhere.

    A browser's secret is a cookie, good together with a session; an app's is a bearer token, good alone and only as
    long as `token_rev`, the access_rev it was made under, is still the device's. `next_token_hash`: a token made in
    its place, which becomes the token when it is first used.
    """

    class Kind(models.TextChoices):
        BROWSER = "browser"
        APP = "app"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    kind = models.CharField(max_length=7, choices=Kind.choices, default=Kind.BROWSER, db_default=Kind.BROWSER)
    name = models.CharField(max_length=100, blank=True)
    token_hash = models.BinaryField(max_length=32, unique=True)
    next_token_hash = models.BinaryField(max_length=32, unique=True, null=True)
    token_rev = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    access_rev = models.IntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return self.name or str(self.id)
