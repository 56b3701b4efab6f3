"""What a changed password ends, wherever it was changed: the settings, a mail, the admin, `manage.py changepassword`.

Django tells the validators of passwords (AUTH_PASSWORD_VALIDATORS) when one was stored, wherever that was; this one
finds every password good.
"""

from typing import Any

from chat.log import devices
from chat.models import User


class EndsSessions:
    """Sessions end by themselves (User.password_rev); here what they opened: sockets, tokens, wake-ups."""

    def validate(self, password: str, user: Any = None) -> None:
        """Any will do."""

    def get_help_text(self) -> str:
        return ""

    def password_changed(self, password: str, user: User) -> None:
        devices.end_sessions(user, but=user.kept_device)
