"""Signing up."""

import re
from typing import Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from chat.log.farewell import is_retired
from chat.models import User

TAKEN = "taken"
# What can be typed to find someone, and looks the same in every font.
USERNAME = re.compile(r"[a-z0-9][a-z0-9_.\-]{2,29}")


class SignUpForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Username, the name others see, and a password twice."""

    class Meta:
        model = User
        fields = ("username", "name", "email")
        labels = {"name": _("Your name"), "email": _("E-mail address")}
        help_texts = {
            "username": _("Others find you by it."),
            "name": _("What others see. It need not be unique."),
            "email": _("Need not be given. For a new password when you forget yours; nobody sees it."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _("8 characters or more, and not a common one.")
        self.fields["password2"].label = _("Password again")
        self.fields["password2"].help_text = ""

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"]).lower()
        if not USERNAME.fullmatch(username):
            raise forms.ValidationError(_("3 to 30 letters a–z, digits, dots, dashes or underscores."))
        if User.objects.filter(username__iexact=username).exists() or is_retired(username):
            raise self.taken()
        return username

    @staticmethod
    def taken() -> forms.ValidationError:
        return forms.ValidationError(_("That username is taken."), code=TAKEN)
