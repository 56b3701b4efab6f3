"""Fixtures for all tests. The run's PostgreSQL and Redis are started by tests/plugin.py."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Puts tests of one xdist_group into one worker. pytest-xdist 3.8 means to, by way of an attribute that pytest
    9.2 does not read any more: without this each worker would start the group's servers again."""
    if not hasattr(config, "workerinput"):
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and "@" not in item.nodeid.rpartition("]")[2]:
            item._id = type(item._id).parse(f"{item.nodeid}@{group.args[0]}")
