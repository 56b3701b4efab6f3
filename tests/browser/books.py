"""What the server's database says of a person's devices."""

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.acceptance.servers import House
from tests.browser.person import PATIENCE_MS, Person

RECEIVED = """
SELECT i.received_seq FROM chat_inbox i JOIN chat_device d ON d.id = i.device_id JOIN chat_user u ON u.id = d.user_id
WHERE u.username = %s
"""


def rows(house: House, query: str, *values: Any) -> list[Any]:
    with psycopg.connect(house.dsn) as connection:
        cursor = connection.execute(query, values)
        return [row[0] for row in cursor.fetchall()] if cursor.description else []


def received(house: House, person: Person) -> list[int]:
    """How far their devices have got, in each conversation."""
    return rows(house, RECEIVED, person.username)


def expect_received(house: House, person: Person, holds: Callable[[list[int]], bool]) -> None:
    """Their devices say so after they have stored it."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not holds(found := received(house, person)):
        assert time.monotonic() < end, found
        person.page.wait_for_timeout(100)
