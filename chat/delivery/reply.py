"""A send whose outcome somebody waits for: where a socket is told whenever it is known, a request has one answer."""

import asyncio
from dataclasses import dataclass

from chat.policy.decide import Deferred, Outcome
from chat.protocol.errors import ErrorCode

# The committer settles every send by its deadline, a fraction of this.
WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Settled:
    """`durability`: of the commit, see chat/log/durability.py."""

    outcome: Outcome
    durability: str


class Reply:
    """The origin of such a send."""

    __slots__ = ("_settled",)

    def __init__(self) -> None:
        self._settled: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()

    def settle(self, outcome: Outcome, durability: str) -> None:
        """The first one counts; whoever waited may be gone."""
        if not self._settled.done():
            self._settled.set_result(Settled(outcome, durability))

    async def wait(self) -> Settled:
        try:
            async with asyncio.timeout(WAIT_S):
                return await self._settled
        except TimeoutError:
            return Settled(Deferred(ErrorCode.UNAVAILABLE), "local")
