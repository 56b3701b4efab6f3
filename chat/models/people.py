"""Who takes part: a person, and each browser profile or phone of theirs."""

from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from chat.models.ids import new_id


class User(AbstractUser):
    """A person. `name` is what others read; the username finds and signs in.

    `password_rev` rises whenever a password is set, and sessions hold to it: Django's hold to the password's hash,
    which is stored anew by itself when hashing has become slower since, and would end them all though nothing changed.

    Whose account is deleted stays, without anything of theirs but what they wrote: it is part of others' logs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=100, blank=True)

    class Writers(models.TextChoices):
        EVERYONE = "everyone"
        ACQUAINTED = "acquainted"
        NOBODY = "nobody"

    # Both reciprocal: chat/policy/privacy.py.
    read_receipts = models.BooleanField(_("read receipts"), default=True, db_default=True)
    shows_presence = models.BooleanField(_("shows when online"), default=True, db_default=True)

    # Who may begin a 1:1 conversation: acquainted is whom one shares a group with.
    writers = models.CharField(
        _("who may write to me"),
        max_length=10,
        choices=Writers.choices,
        default=Writers.EVERYONE,
        db_default=Writers.EVERYONE,
    )
    password_rev = models.IntegerField(default=0, db_default=0, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The one a password is changed on goes on; what else was opened with the old one ends (chat/log/passwords.py).
    kept_device: "Device | None" = None

    class Meta(AbstractUser.Meta):
        permissions = [("suspend_user", _("Can suspend and restore people"))]
        # As people are looked for.
        indexes = [models.Index(Lower("username"), name="username_in_any_case")]

    @property
    def display_name(self) -> str:
        return self.name or self.username

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_rev += 1

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self.password_rev += 1
        # Django tells its validators of passwords that were changed by whether this is set (chat/log/passwords.py).
        self._password = ""

    def check_password(self, raw_password: str | None) -> bool:
        return check_password(raw_password, self.password, self._hash_anew)

    def _hash_anew(self, raw_password: str) -> None:
        self.password = make_password(raw_password)
        type(self).objects.filter(id=self.id).update(password=self.password)

    def _get_session_auth_hash(self, secret: Any = None) -> str:
        salt = "chat.models.people.User.session"
        return salted_hmac(salt, f"{self.id}:{self.password_rev}", secret=secret, algorithm="sha256").hexdigest()


class RetiredUsername(models.Model):
    """Was somebody's whose account is deleted. Nobody gets it again: others would take them for the one they knew."""

    digest = models.BinaryField(max_length=32, primary_key=True)


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
