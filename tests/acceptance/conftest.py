"""One whole messenger a server and worker (`houses` in tests/conftest.py); a fresh cast a test."""

import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import SERVERS, House

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Cast:
    """alice, bob and carol may talk to each other; mallory is never a member of anything."""

    alice: SignedIn
    bob: SignedIn
    carol: SignedIn
    mallory: SignedIn


def each_server(group: str) -> list[object]:
    """Parameters: one server or the other, each for half of the tests (see tests/conftest.py), all tests with one of
    them in one worker, so that a house is started once."""
    return [_on(server, group, pytest.mark.server(server)) for server in SERVERS]


def one_server(group: str) -> list[object]:
    """For what the web server has no part in."""
    return [_on(SERVERS[0], group)]


def _on(server: str, group: str, *marks: pytest.MarkDecorator) -> object:
    return pytest.param(server, marks=[pytest.mark.xdist_group(f"{group}-{server}"), *marks])


def enrol_cast(house: House) -> Cast:
    number = f"{os.getpid()}-{next(_numbers)}"
    return Cast(*house.enrol(*(f"{name}-{number}" for name in ("alice", "bob", "carol", "mallory"))))


REVOKE = """
from chat.log import devices
from chat.models import Device
print(devices.revoke(Device.objects.get(id="{device}")))
"""


def revoke(house: House, who: SignedIn) -> None:
    """As the admin does it."""
    assert "True" in house.manage("shell", "-c", REVOKE.format(device=who.device))


@pytest.fixture(scope="session", params=each_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    """Two web processes. Whoever breaks a part of it puts it right again."""
    return houses(request.param)


@pytest.fixture(scope="session", params=each_server("hints"))
def deaf_house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    """No process hears anything from another, nor from Celery."""
    return houses(request.param, deaf=True)


@pytest.fixture
def cast(house: House) -> Cast:
    """New people of the test's own, in whichever house its module has."""
    return enrol_cast(house)


@pytest.fixture
def deaf_cast(deaf_house: House) -> Cast:
    return enrol_cast(deaf_house)
