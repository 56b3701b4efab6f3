"""A device's store alone; and a whole messenger with people who are new in each test."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from messenger_client.store.database import Database
from tests.acceptance.conftest import Cast, enrol_cast, one_server
from tests.acceptance.servers import House
from tests.messenger_client.device import Device


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a device's database."""
    return tmp_path / "device.sqlite3"


@pytest_asyncio.fixture
async def device(path: Path) -> AsyncIterator[Device]:
    """One that is in a conversation with bob."""
    database = Database(path)
    await database.open()
    device = Device(database)
    await device.begin()
    await device.new_events()
    yield device
    await database.close()


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)
