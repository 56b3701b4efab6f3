"""What waits in the committer."""

from dataclasses import dataclass
from typing import Any

from chat.policy.decide import Proposal


@dataclass(slots=True, eq=False)
class Pending:
    """A send on its way in. `origin` is whoever is to be answered; the committer does not look at it."""

    proposal: Proposal
    origin: Any
    deadline: float
    settled: bool = False
