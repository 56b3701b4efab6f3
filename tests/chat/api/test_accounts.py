"""Trying a password costs the same whoever it is tried for, and changes nothing."""

from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from chat.api.accounts import _authenticate
from chat.models import User

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


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
    assert _authenticate(username, "wrong") is None
    assert len(hashed) == 1


def test_who_is_suspended_is_nobody(hashed: list[str], alice: User) -> None:
    User.objects.update(is_active=False)
    assert _authenticate("alice", PASSWORD) is None
    assert len(hashed) == 1


def test_a_hash_that_is_out_of_date_is_left_as_it_is(alice: User) -> None:
    """Stored anew it would be another one, and all sessions of browsers would be over."""
    old = Argon2PasswordHasher().encode(PASSWORD, "tooshort")
    User.objects.update(password=old)
    assert _authenticate("alice", PASSWORD) == alice
    assert User.objects.get().password == old
