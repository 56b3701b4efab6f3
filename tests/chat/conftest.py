"""Fixtures for tests of a process's inside."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from pytest_django import Settings
from redis import Redis

from chat.delivery.runtime import Runtime
from chat.log.pool import Database
from chat.models import Epoch
from tests.chat.process import process


@pytest_asyncio.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    database = Database(dsn)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started in this test drop every hint."""
    monkeypatch.setenv("MESSENGER_DROP_LAYER", "1")


@pytest.fixture
def plain_static(settings: Settings) -> None:
    """Static files without the manifest that only `make run` makes."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}


@pytest.fixture
def epoch(transactional_db: None) -> str:
    """Emptying tables after a test takes the migration's row along."""
    return str((Epoch.objects.first() or Epoch.objects.create()).id)


@pytest_asyncio.fixture
async def runtime(dsn: str, epoch: str, redis: Redis, settings: Settings) -> AsyncIterator[Runtime]:
    settings.POSTGRES_DSN = dsn
    async with process() as runtime:
        yield runtime
