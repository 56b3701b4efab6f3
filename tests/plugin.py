"""Loaded with `-p`, before pytest-django reads the settings: starts the run's servers, points the settings at them."""

import os

import pytest

from messenger.binaries import has_postgres
from tests.servers import TestServers, environment_for

_servers: TestServers | None = None


def _start() -> None:
    global _servers
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        version = os.environ.get("PG_VERSION", "18")
        if not has_postgres(version):
            pytest.exit(f"PostgreSQL {version} is not installed: its storage tests were not run", returncode=0)
        _servers = TestServers()
        _servers.start()
    os.environ.update(environment_for(worker or "master"))


_start()


def pytest_unconfigure() -> None:
    global _servers
    if _servers is not None:
        _servers.stop()
        _servers = None
