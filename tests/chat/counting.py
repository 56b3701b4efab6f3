"""A database that keeps count of what it is asked."""

from collections.abc import Sequence
from typing import Any

from chat.log.pool import Database, Row


class Counting(Database):
    """`exchanges`: the statements of each, with their parameters."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.exchanges: list[list[tuple[str, Sequence[Any]]]] = []

    async def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        self.exchanges.append([(query, parameters)])
        return await super().rows(query, parameters)

    async def many(self, queries: Sequence[tuple[str, Sequence[Any]]]) -> list[list[Row]]:
        self.exchanges.append(list(queries))
        return await super().many(queries)

    def asked(self, query: str) -> list[Sequence[Any]]:
        """The parameters of each time."""
        return [parameters for each in self.exchanges for asked, parameters in each if asked == query]
