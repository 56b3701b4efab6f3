"""Figures of what the committer settled: once a batch, a fraction of a microsecond a send."""

from collections.abc import Iterable

from chat.log.pending import DEADLINE_S, Pending
from chat.metrics.web import ACCEPT_SECONDS, SENDS
from chat.policy.decide import Accepted, Outcome, Refused


def measure(pairs: Iterable[tuple[Pending, Outcome]], now: float) -> None:
    """Sends being answered at `now`, by the event loop's clock; those answered before are counted already."""
    accepted = 0
    for pending, outcome in pairs:
        if pending.settled:
            continue
        if not isinstance(outcome, Accepted):
            SENDS.add(of="rejected" if isinstance(outcome, Refused) else "retry")
        elif outcome.duplicate:
            SENDS.add(of="duplicate")
        else:
            accepted += 1
            ACCEPT_SECONDS.observe(now - pending.deadline + DEADLINE_S)
    if accepted:
        SENDS.add(accepted, of="accepted")
