"""What a tick is worth: how durable PostgreSQL makes a commit, and the refusal to run when it does not."""

from collections.abc import Mapping
from typing import Any, Literal

from psycopg import AsyncConnection

Durability = Literal["local", "quorum"]

SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")
QUERY = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"


class DurabilityOff(Exception):
    """PostgreSQL would lose what it says is stored."""


def judge(settings: Mapping[str, str]) -> Durability:
    """ "local": flushed to this server's disk. "quorum": and to the standbys it is told to wait for.

    Raises DurabilityOff, with the one line an operator needs, when a commit may be lost in a crash.
    """
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if settings.get(name, "off") == "off":
            raise DurabilityOff(f"PostgreSQL has {name}=off: a tick could lie. Turn it on.")
    if settings.get("synchronous_standby_names", "") and settings["synchronous_commit"] != "local":
        return "quorum"
    return "local"


async def in_force(connection: AsyncConnection[Any]) -> Durability:
    """Of this connection's commits. Raises DurabilityOff."""
    cursor = await connection.execute(QUERY, [list(SETTINGS)])
    return judge(dict(await cursor.fetchall()))
