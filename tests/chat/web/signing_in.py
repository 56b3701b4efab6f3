"""The page's own scripts, as the server meets them."""

from typing import Any

from django.test import Client

from chat.web.identity import DEVICE_KEY
from tests.cast import Person


def client_of(person: Person, token: str | None = None, device: str | None = None, **options: Any) -> Client:
    client = Client(**options)
    client.force_login(person.user)
    session = client.session
    session[DEVICE_KEY] = device or person.device_id
    session.save()
    client.cookies["device"] = token or person.token
    return client


def refused(response: Any, status: int, code: str) -> str:
    """That it is this problem; its detail."""
    assert response.status_code == status and response["Content-Type"] == "application/problem+json"
    told = response.json()
    assert (told["status"], told["code"]) == (status, code) and told["title"]
    return str(told.get("detail", ""))
