"""The committer's statements find their rows by key, also when they were planned while the tables were empty."""

import re

import psycopg
import pytest

from chat.log import append
from chat.log.transaction import SESSION
from tests.chat.log.test_committer import dsn

__all__ = ["dsn"]

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

STATEMENTS = ["LOCK", "LOCK_WAITING", "STAYS", "DEVICES", "KNOWN", "APPEND"]


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_table_is_read_as_a_whole(name: str, dsn: str) -> None:
    numbers = iter(range(1, 100))
    statement = re.sub("%s", lambda _: f"${next(numbers)}", getattr(append, name))
    nothing = ", ".join(["'{}'"] * (next(numbers) - 1))
    with psycopg.connect(dsn) as connection:
        connection.execute(SESSION)
        connection.execute(f"PREPARE planned AS {statement}")
        plan = "\n".join(row[0] for row in connection.execute(f"EXPLAIN EXECUTE planned({nothing})"))
    assert "Index" in plan
    assert "Seq Scan" not in plan and "Hash Join" not in plan and "Merge Join" not in plan, plan
