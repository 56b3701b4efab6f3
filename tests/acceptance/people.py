"""Many people at once for end-to-end tests and the bench: users, devices and signed-in sessions, by SQL.

Signing in costs a password hash each, on purpose; 2,000 sockets need it done otherwise. The rows are those that
the pages make. Needs Django's settings, with the SECRET_KEY of the processes that will read the cookies.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import psycopg
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.backends.db import SessionStore

from chat.log.access import Actor
from chat.log.devices import START_INBOXES, token_hash
from chat.models import User
from chat.models.ids import new_id
from chat.web.identity import DEVICE_KEY

BACKEND = "django.contrib.auth.backends.ModelBackend"
FAR = timedelta(days=30)

ADD_USERS = """
INSERT INTO chat_user (id, username, name, password, email, first_name, last_name, is_superuser, is_staff, is_active,
                       date_joined)
SELECT id, username, initcap(username), password, '', '', '', false, false, true, now()
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS u(id, username, password)
"""

ADD_DEVICES = """
INSERT INTO chat_device (id, user_id, name, token_hash, created_at)
SELECT id, member, 'test', hash, now() FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS d(id, member, hash)
"""

ADD_SESSIONS = """
INSERT INTO django_session (session_key, session_data, expire_date)
SELECT key, data, %s FROM unnest(%s::text[], %s::text[]) AS s(key, data)
"""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """One device of a person, signed in. `cookies` is what its browser would send."""

    user: str
    username: str
    device: str
    cookies: dict[str, str]

    @property
    def actor(self) -> Actor:
        return Actor(self.user, self.device)

    @property
    def cookie_header(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


@cache
def _hashed(password: str) -> str:
    """A quarter of a second of a core, on purpose: once for all who share a password."""
    return Argon2PasswordHasher().encode(password, secrets.token_hex(8))


def enrol(dsn: str, usernames: Sequence[str], password: str) -> list[SignedIn]:
    """New people who can all sign in with `password`, each with one device that is signed in already."""
    hashed = _hashed(password)
    users = [str(new_id()) for _ in usernames]
    with psycopg.connect(dsn) as connection:
        connection.execute(ADD_USERS, [users, list(usernames), [hashed] * len(users)])
        return _sign_in(connection, users, usernames, [0] * len(users))


def sign_in(dsn: str, username: str) -> SignedIn:
    """One more signed-in device of someone who is there."""
    with psycopg.connect(dsn) as connection:
        query = "SELECT id::text, password_rev FROM chat_user WHERE username = %s"
        row = connection.execute(query, [username]).fetchone()
        if row is None:
            raise LookupError(username)
        signed_in = _sign_in(connection, [row[0]], [username], [row[1]])[0]
        connection.execute(START_INBOXES, [signed_in.device, signed_in.user])
        return signed_in


def as_apps(dsn: str, people: Sequence[SignedIn]) -> list[str]:
    """Their devices are apps from now on, and no browsers any more; the tokens."""
    with psycopg.connect(dsn) as connection:
        query = "UPDATE chat_device SET kind = 'app' WHERE id = ANY(%s::uuid[])"
        connection.execute(query, [[each.device for each in people]])
    return [each.cookies["device"] for each in people]


def _sign_in(
    connection: "psycopg.Connection[Any]", users: Sequence[str], usernames: Sequence[str], revs: Sequence[int]
) -> list[SignedIn]:
    # A session ends when its person's password changes.
    hashes = [User(id=user, password_rev=rev).get_session_auth_hash() for user, rev in zip(users, revs, strict=True)]
    devices = [str(new_id()) for _ in users]
    tokens = [secrets.token_urlsafe(32) for _ in users]
    keys = [secrets.token_hex(16) for _ in users]
    store = SessionStore()
    data = [
        store.encode({SESSION_KEY: user, BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: hashed, DEVICE_KEY: device})
        for user, device, hashed in zip(users, devices, hashes, strict=True)
    ]
    connection.execute(ADD_DEVICES, [devices, list(users), [token_hash(token) for token in tokens]])
    connection.execute(ADD_SESSIONS, [datetime.now(UTC) + FAR, keys, data])
    return [
        SignedIn(user, username, device, {"sessionid": key, "device": token})
        for user, username, device, token, key in zip(users, usernames, devices, tokens, keys, strict=True)
    ]
