"""Trying a password costs the same whoever it is tried for, and changes nothing but the count of wrong ones."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpRequest
from django.test import RequestFactory
from pytest_django import Settings

from chat.log.refusal import Later
from chat.models import User
from chat.web.signing_in import try_password

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

PASSWORD = "correct horse battery staple"


def asking(address: str = "192.0.2.1") -> HttpRequest:
    return RequestFactory().post("/api/v1/devices", REMOTE_ADDR=address)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password=PASSWORD)


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch, alice: User) -> list[str]:
    """Each time a hash is computed, for storing or for comparing."""
    found: list[str] = []
    for name in ("encode", "verify"):
        original = getattr(Argon2PasswordHasher, name)

        def counted(self: Any, *args: Any, name: str = name, original: Any = original) -> Any:
            found.append(name)
            return original(self, *args)

        monkeypatch.setattr(Argon2PasswordHasher, name, counted)
    return found


@pytest.mark.parametrize("username", ["alice", "nobody", "ALICE", ""])
def test_one_hash_whoever_it_is(hashed: list[str], username: str) -> None:
    assert try_password(asking(), username, "wrong") is None
    assert len(hashed) == 1


def test_who_is_suspended_is_nobody(hashed: list[str], alice: User) -> None:
    User.objects.update(is_active=False)
    assert try_password(asking(), "alice", PASSWORD) is None
    assert len(hashed) == 1


@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_whoever_is_locked_out_is_told_alike_and_no_hash_is_computed(
    hashed: list[str], username: str, settings: Settings
) -> None:
    settings.AXES_FAILURE_LIMIT = 4
    for spelled in (username, username.upper()) * 2:
        assert try_password(asking(), spelled, "wrong") is None
    with pytest.raises(Later) as late:
        try_password(asking(), username, PASSWORD)
    assert 290_000 < late.value.after_ms <= 300_000
    assert len(hashed) == 4
    # Nor are they kept out for longer by trying on.
    assert sum(each.failures_since_start for each in AccessAttempt.objects.all()) == 4
    try_password(asking("192.0.2.2"), username, "wrong")


def test_the_right_one_begins_the_count_anew(alice: User, client: Any, settings: Settings) -> None:
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        client.post("/sign-in/", {"username": "alice", "password": "wrong"})
        assert client.post("/sign-in/", {"username": "alice", "password": PASSWORD}).status_code == 302
        client.logout()


def test_no_password_is_kept_of_those_that_were_wrong(client: Any, alice: User) -> None:
    client.post("/sign-in/?secret=in-a-query", {"username": "alice", "password": "nearly the right one"})
    kept = AccessAttempt.objects.get()
    assert "nearly" not in "".join(str(value) for value in vars(kept).values())


def test_where_it_is_switched_off_nobody_is_locked_out(settings: Settings, alice: User) -> None:
    settings.AXES_ENABLED, settings.AXES_FAILURE_LIMIT = False, 2
    for _ in range(3):
        assert try_password(asking(), "alice", "wrong") is None
    assert try_password(asking(), "alice", PASSWORD) == alice
