"""Fixtures for all tests. The run's PostgreSQL and Redis are started by tests/plugin.py."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from zlib import crc32

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as properties
from psycopg.conninfo import make_conninfo
from redis import Redis

from tests.acceptance.servers import SERVERS, House
from tests.cast import Cast, make_direct
from tests.emptying import instead_of_flush

instead_of_flush()

# No test asserts speed, and a busy machine is slow.
properties.register_profile("default", deadline=None)
properties.register_profile("fuzz", deadline=None, max_examples=5_000)
properties.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture
def people(db: None) -> Cast:
    return Cast.create()


@pytest.fixture
def conv(people: Cast) -> str:
    """alice and bob's."""
    return make_direct(people.alice, people.bob)


@pytest.fixture
def dsn(transactional_db: None) -> str:
    """The test database, for connections that are not Django's."""
    known = connection.get_connection_params()
    return make_conninfo(host=known["host"], user=known["user"], dbname=known["dbname"])


@pytest.fixture
def redis() -> Iterator[Redis]:
    """This worker's Redis number, emptied."""
    with Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def houses() -> Iterator[Callable[..., House]]:
    """Whole messengers with two web processes, by server, each started once a worker: whoever breaks a part of one
    puts it right again. Tests that share one are of the xdist_group "house-SERVER"."""
    with ExitStack() as stack:
        known: dict[tuple[str, bool], House] = {}

        def house(server: str, deaf: bool = False) -> House:
            """`deaf`: no process hears anything from another, nor from Celery."""
            if (server, deaf) not in known:
                environment = {"MESSENGER_DROP_LAYER": "1"} if deaf else {}
                known[server, deaf] = stack.enter_context(House(web=2, server=server, environment=environment))
            return known[server, deaf]

        yield house


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves each test that has a choice of web servers one of them, and puts tests of one xdist_group into one
    worker. pytest-xdist 3.8 means to, by way of an attribute that pytest 9.2 does not read any more: without this each
    worker would start the group's servers again.

    Of those without a group, which it hands out in their order after the groups, those that may take long come first:
    no worker is to begin one when the others have nothing left."""
    config.hook.pytest_deselected(items=[item for item in items if not has_its_server(item)])
    items[:] = filter(has_its_server, items)
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")


def has_its_server(item: pytest.Item) -> bool:
    """Half of the tests run on each server, the same ones each time; marked "both_servers", or with EVERY_SERVER set,
    they run on both. A module that starts a house of its own for a server keeps to one."""
    server = item.get_closest_marker("server")
    if server is None or "EVERY_SERVER" in os.environ or item.get_closest_marker("both_servers"):
        return True
    group = item.get_closest_marker("xdist_group")
    shares = group is not None and group.args[0].startswith(("house-", "hints-"))
    name = f"{item.path.name} {item.originalname if shares and isinstance(item, pytest.Function) else ''}"
    return bool(server.args[0] == SERVERS[crc32(name.encode()) % 2])
