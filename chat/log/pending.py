"""What waits in the committer."""

from dataclasses import dataclass
from typing import Any

from chat.policy.decide import Proposal

# From a send's arrival: it is answered by then, be it "later".
DEADLINE_S = 1.5


@dataclass(slots=True, eq=False)
class Pending:
    """A send on its way in. `origin` is whoever is to be answered; the committer does not look at it. Times are the
    event loop's, in seconds."""

    proposal: Proposal
    origin: Any
    deadline: float
    settled: bool = False
