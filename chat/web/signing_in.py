"""Trying a password: the one way, for the page and for the API. What the admin asks for is the page's.

Threats met here: one account, many passwords (django-axes counts wrong ones by name and address, in PostgreSQL: for all
processes, and without Redis); many accounts, one password (a bucket for each address); who wants to know which
usernames exist (one answer, one hash computed either way, and locked out alike).
"""

from datetime import timedelta
from typing import Any, cast

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.log.refusal import Later, unless
from chat.models import User
from chat.protocol.errors import ErrorCode
from chat.quota.ask import wait_for
from chat.quota.kinds import What
from chat.web.addresses import of_request


def try_password(request: HttpRequest, username: str, password: str) -> User | None:
    """None: no such account, or not its password, or suspended. Raises Later (RATE_LIMITED); no password was tried
    then."""
    unless(wait_for(What.SIGN_INS, address=of_request(request)))
    if not AxesProxyHandler.is_allowed(request, {"username": username}):
        raise Later(ErrorCode.RATE_LIMITED, _locked_ms(request, username))
    return authenticate(request, username=username, password=password)


def may_try_own(user: User) -> None:
    """Before someone who is signed in is asked for their password once more. Raises Later (RATE_LIMITED)."""
    unless(wait_for(What.PASSWORDS, user=str(user.id)))


def counted_address(request: HttpRequest) -> str | None:
    """For django-axes."""
    return of_request(request) or None


def counted_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """For django-axes: one name, however it is spelled."""
    return str((credentials or {}).get("username", "")).lower()[:255]


def _locked_ms(request: HttpRequest, username: str) -> int:
    tries = AccessAttempt.objects.filter(
        username=counted_name(request, {"username": username}), ip_address=counted_address(request)
    )
    last = tries.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    until = last + timedelta(minutes=settings.SIGN_IN_PAUSE_MINUTES)
    return max(1_000, round((until - timezone.now()).total_seconds() * 1_000))


class SignInForm(AuthenticationForm):
    """`later`: no password was tried, it is too early."""

    later: Later | None = None

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not username or not password:
            return self.cleaned_data
        try:
            self.user_cache = try_password(cast(HttpRequest, self.request), username, password)
        except Later as later:
            self.later = later
            raise forms.ValidationError(_("Too many tries. Wait a few minutes.")) from None
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        return self.cleaned_data
