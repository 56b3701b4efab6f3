"""Who may open a socket: both cookies, belonging together, of someone active. Nothing else counts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import pytest_asyncio
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from chat.log import devices
from chat.log.pool import Database
from chat.web.identity import DEVICE_KEY, Identity, identify
from tests.cast import Cast, Person
from tests.threads import in_thread

pytestmark = [pytest.mark.django_db(transaction=True)]


@dataclass
class Cookies:
    sessionid: str
    device: str
    person: Person


def signed_in(person: Person) -> Cookies:
    client = Client()
    client.force_login(person.user)
    session = client.session
    session[DEVICE_KEY] = person.device_id
    session.save()
    return Cookies(client.cookies[settings.SESSION_COOKIE_NAME].value, person.token, person)


@pytest_asyncio.fixture
async def bob(people: Cast) -> Cookies:
    return await in_thread(signed_in, people.bob)


async def asked(database: Database, header: str) -> Identity | None:
    return await identify(database, {"headers": [(b"cookie", header.encode("latin-1"))], "query_string": b""})


async def test_both_cookies_name_the_person_and_the_device(database: Database, bob: Cookies) -> None:
    identity = await asked(database, f"sessionid={bob.sessionid}; device={bob.device}")
    assert identity is not None and identity.good_for_s is not None
    assert 0 < identity.good_for_s <= settings.SESSION_COOKIE_AGE
    assert replace(identity, good_for_s=None) == Identity(bob.person.id, "bob", "bob", bob.person.device_id)


async def test_foreign_cookies_do_not_get_in_the_way(database: Database, bob: Cookies) -> None:
    """Cookies of other programs on the same host are sent along; some are no proper cookies at all."""
    odd = 'prefs={"theme": "dark", "x": [1]}; =; a b=c; \xe9t\xe9=1'
    assert await asked(database, f"{odd}; sessionid={bob.sessionid}; device={bob.device}")


async def test_half_or_wrong_cookies_are_nobody(database: Database, bob: Cookies, people: Cast) -> None:
    alice = await in_thread(signed_in, people.alice)
    headers = [
        "",
        f"sessionid={bob.sessionid}",
        f"device={bob.device}",
        f"sessionid=; device={bob.device}",
        f"sessionid={bob.sessionid}; device=",
        f"sessionid={bob.sessionid}x; device={bob.device}",
        f"sessionid={bob.sessionid}; device={bob.device}x",
        f"sessionid={bob.sessionid}; device={people.alice.token}",
        f"sessionid={alice.sessionid}; device={bob.device}",
        f"sessionid={bob.device}; device={bob.sessionid}",
        f'sessionid="\\000{bob.sessionid}"; device={bob.device}',
        f'sessionid={bob.sessionid}; device="\\000"',
        f"sessionid={'x' * 5000}; device={'y' * 5000}",
    ]
    for header in headers:
        assert await asked(database, header) is None, header


async def test_a_session_is_good_for_its_own_device_only(database: Database, bob: Cookies) -> None:
    _, token = await in_thread(devices.register, bob.person.user, "another of bob's")
    assert await asked(database, f"sessionid={bob.sessionid}; device={token}") is None


async def test_nothing_in_the_address_signs_in(database: Database, bob: Cookies) -> None:
    query = f"sessionid={bob.sessionid}&device={bob.device}".encode()
    assert await identify(database, {"headers": [], "query_string": query}) is None


@pytest.mark.parametrize("what", ["password", "inactive", "revoked", "expired", "signed out"])
async def test_what_ends_a_session_ends_it_here(database: Database, bob: Cookies, what: str) -> None:
    assert await asked(database, f"sessionid={bob.sessionid}; device={bob.device}")
    await in_thread(ENDS[what], bob)
    assert await asked(database, f"sessionid={bob.sessionid}; device={bob.device}") is None


def _change_password(bob: Cookies) -> None:
    bob.person.user.set_password("another one")
    bob.person.user.save()


def _suspend(bob: Cookies) -> None:
    bob.person.user.is_active = False
    bob.person.user.save()


def _expire(bob: Cookies) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


ENDS: dict[str, Callable[[Cookies], object]] = {
    "password": _change_password,
    "inactive": _suspend,
    "revoked": lambda bob: devices.revoke(bob.person.device),
    "expired": _expire,
    "signed out": lambda bob: Session.objects.all().delete(),
}
