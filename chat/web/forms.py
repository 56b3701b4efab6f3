"""Signing up. Signing in is Django's own form."""

import re

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.utils.translation import gettext_lazy as _

from chat.models import User

# What can be typed to find someone, and looks the same in every font.
USERNAME = re.compile(r"[a-z0-9][a-z0-9_.\-]{2,29}")


class SignUpForm(BaseUserCreationForm):  # type: ignore[type-arg]
    """Username, the name others see, and a password twice."""

    class Meta:
        model = User
        fields = ("username", "name")

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"]).lower()
        if not USERNAME.fullmatch(username):
            raise forms.ValidationError(_("3 to 30 letters a–z, digits, dots, dashes or underscores."))
        if User.objects.filter(username__iexact=username).exists():
            raise forms.ValidationError(_("That username is taken."))
        return username
