"""Signing up, and changing the password. Signing in is Django's own form."""

import re
from typing import Any

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm, PasswordChangeForm
from django.contrib.auth.hashers import check_password
from django.utils.translation import gettext_lazy as _

from chat.models import User

TAKEN = "taken"
# What can be typed to find someone, and looks the same in every font.
USERNAME = re.compile(r"[a-z0-9][a-z0-9_.\-]{2,29}")


class SignUpForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Username, the name others see, and a password twice."""

    class Meta:
        model = User
        fields = ("username", "name")
        labels = {"name": _("Your name")}
        help_texts = {"username": _("Others find you by it."), "name": _("What others see. It need not be unique.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _("8 characters or more, and not a common one.")
        self.fields["password2"].label = _("Password again")
        self.fields["password2"].help_text = ""

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"]).lower()
        if not USERNAME.fullmatch(username):
            raise forms.ValidationError(_("3 to 30 letters a–z, digits, dots, dashes or underscores."))
        if User.objects.filter(username__iexact=username).exists():
            raise self.taken()
        return username

    @staticmethod
    def taken() -> forms.ValidationError:
        return forms.ValidationError(_("That username is taken."), code=TAKEN)


class NewPasswordForm(PasswordChangeForm):
    """Django's, but for looking at the old password: there Django would store its hash anew where that is out of date,
    and every session would be over though nothing was changed."""

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if not check_password(old, self.user.password):
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old
