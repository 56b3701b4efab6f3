"""Who is at the other end of a handshake or a request. The one place where sockets and the API are authenticated: one
exchange with the database and no thread. Nothing in a URL is ever looked at.

A browser has two cookies: Django's session names the person, the device cookie the device. Both must be good, belong
together, and be of someone active. Threats met here: a stolen device cookie without a session, a stolen session cookie
without its device (the session names the one it is for), a session whose password has changed since (its hash no longer
fits), a revoked device, a suspended person.

An app has a bearer token, which names both. Whoever offers one is not asked for cookies. Threats met here: a browser's
device cookie offered as a token and the other way round (the kinds of device are told apart), a token from before a
changed password or another sign-in (access_rev), one replaced by its successor, a revoked device, a suspended person.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import parse_cookie
from django.utils.crypto import constant_time_compare

from chat.log.bearers import Bearers
from chat.log.devices import token_hash
from chat.log.pool import Database
from chat.models import User

DEVICE_COOKIE = "device"
# In the session: the id of the only device it is good for, once the first page has been loaded.
DEVICE_KEY = "device"

# With how many seconds it is still good for.
SESSION = """
SELECT session_data, extract(epoch FROM expire_date - now())::float8
FROM django_session WHERE session_key = %s AND expire_date > now()
"""

DEVICE = """
SELECT d.id::text, u.id::text, u.username, coalesce(nullif(u.name, ''), u.username), d.access_rev, u.password_rev
FROM chat_device d JOIN chat_user u ON u.id = d.user_id
WHERE d.token_hash = %s AND d.kind = 'browser' AND d.revoked_at IS NULL AND u.is_active
"""

BEARER_PREFIX = "bearer."
# As long as any token could be; what is longer is looked up all the same, in vain.
TOKEN_CHARS = 256


@dataclass(frozen=True, slots=True)
class Identity:
    user: str
    username: str
    name: str
    device: str
    access_rev: int = 0
    # Seconds, from now on; an app's token has no end of its own.
    good_for_s: float | None = None


def _cookies(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Read as Django reads them for the pages: odd cookies of other programs on this host do not get in the way."""
    return parse_cookie("; ".join(value.decode("latin-1") for name, value in headers if name == b"cookie"))


def bearer(scope: Mapping[str, Any]) -> str | None:
    """The token that is offered, in a header or (for clients that cannot set one) as a subprotocol; "" when there are
    several. None: there is none, and cookies may say who it is."""
    found = {word[1].strip() for word in _authorizations(scope["headers"]) if word[0].lower() == "bearer"}
    offered = scope.get("subprotocols") or ()
    found |= {name.removeprefix(BEARER_PREFIX) for name in offered if name.startswith(BEARER_PREFIX)}
    if not found:
        return None
    return found.pop() if len(found) == 1 else ""


def _authorizations(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            yield scheme, rest


async def identify(
    database: Database, scope: Mapping[str, Any], bearers: Bearers | None = None, recent: bool = False
) -> Identity | None:
    """None: not signed in. Raises psycopg.Error when the database is away. `bearers`: where others ask as well;
    `recent`: see Bearers.find."""
    token = bearer(scope)
    if token is None:
        return await _by_cookies(database, scope)
    found = await (bearers or Bearers(database)).find(token_hash(token[:TOKEN_CHARS]), recent)
    if found is None:
        return None
    return Identity(found.user, found.username, found.name, found.device, found.access_rev)


async def _by_cookies(database: Database, scope: Mapping[str, Any]) -> Identity | None:
    cookies = _cookies(scope["headers"])
    session, device = cookies.get(settings.SESSION_COOKIE_NAME), cookies.get(DEVICE_COOKIE)
    # A quoted cookie can spell a NUL, which PostgreSQL takes in no text.
    if not session or not device or "\0" in session:
        return None
    sessions, devices = await database.many([(SESSION, [session[:64]]), (DEVICE, [token_hash(device[:TOKEN_CHARS])])])
    if not sessions or not devices:
        return None
    encoded, good_for_s = sessions[0]
    data = SessionStore(session).decode(encoded)
    device_id, user, username, name, access_rev, password_rev = devices[0]
    if data.get(SESSION_KEY) != user or data.get(DEVICE_KEY) != device_id:
        return None
    # A session is of one password: changing it ends every session.
    genuine = User(id=user, password_rev=password_rev).get_session_auth_hash()
    if not constant_time_compare(data.get(HASH_SESSION_KEY, ""), genuine):
        return None
    return Identity(user, username, name, device_id, access_rev, good_for_s)
