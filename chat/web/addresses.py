"""The address somebody asks from, as far as the configured proxies are to be believed (chat/policy/addresses.py)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from chat.policy.addresses import client_address


def of_scope(scope: Mapping[str, Any]) -> str:
    """Of a handshake or a request, as ASGI has it. Empty where it is not known."""
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return client_address((scope.get("client") or ("",))[0], forwarded, settings.TRUSTED_PROXIES)


def of_request(request: HttpRequest) -> str:
    """The same of Django's request."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    peer = request.META.get("REMOTE_ADDR") or ""
    return client_address(peer, [forwarded] if forwarded else [], settings.TRUSTED_PROXIES)
