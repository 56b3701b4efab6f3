"""The mail with a link to a new password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext, override

from chat.models import User


def send_reset(email: str, address: str, language: str) -> int:
    """To each active account with this mail address, at the very address it gave; how many. `address`: the pages' own,
    with a slash at its end. Raises OSError (SMTP's errors are such)."""
    people = [user for user in User.objects.filter(email__iexact=email, is_active=True) if user.has_usable_password()]
    with override(language):
        for user in people:
            named = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
            link = address.rstrip("/") + reverse("reset-confirm", args=named)
            send_mail(gettext("A new password for the messenger"), _text(user, link), None, [user.email])
    return len(people)


def _text(user: User, link: str) -> str:
    told = {"name": user.display_name, "username": user.username, "minutes": settings.PASSWORD_RESET_TIMEOUT // 60}
    parts = (
        gettext("Hello %(name)s,"),
        gettext("someone, hopefully you, has forgotten the password of the account @%(username)s. Set a new one here:"),
        "%(link)s",
        gettext(
            "The link works once, within %(minutes)s minutes. If you did not ask for it, do nothing: your password "
            "stays as it is."
        ),
    )
    return "\n\n".join(parts) % (told | {"link": link})
