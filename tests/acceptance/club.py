"""Groups, made and changed as the use cases do it, beside the running messenger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg

from tests import groups
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House


@asynccontextmanager
async def _transaction(house: House) -> AsyncIterator["psycopg.AsyncConnection[Any]"]:
    async with await psycopg.AsyncConnection.connect(house.dsn) as connection:
        yield connection


async def found(house: House, admin: SignedIn, *others: SignedIn) -> str:
    async with _transaction(house) as connection:
        return await groups.create(connection, admin.actor, "club", [other.user for other in others])


async def remove(house: House, conv: str, admin: SignedIn, who: SignedIn) -> None:
    async with _transaction(house) as connection:
        assert await groups.remove(connection, admin.actor, conv, who.user)


async def add(house: House, conv: str, admin: SignedIn, who: SignedIn) -> None:
    async with _transaction(house) as connection:
        assert await groups.add(connection, admin.actor, conv, who.user)
