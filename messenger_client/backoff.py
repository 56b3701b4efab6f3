"""When to try again: 500 ms first, doubled each time, at most 60 s, 10 attempts in all, and +-30 % of jitter after the
cap, so that a crowd which failed together does not return together.

The same rule as the server's and the browser's; tests/shared/backoff.json holds all three to it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Milliseconds throughout. `attempts` counts the first try."""

    initial_ms: int = 500
    factor: float = 2.0
    cap_ms: int = 60_000
    attempts: int = 10
    jitter: float = 0.3

    def __post_init__(self) -> None:
        if self.initial_ms <= 0 or self.cap_ms < self.initial_ms or self.factor < 1 or self.attempts < 1:
            raise ValueError(f"not a backoff: {self}")
        if not 0 <= self.jitter < 1:
            raise ValueError("jitter is a share between 0 and 1")

    def delay_ms(self, failures: int, uniform: Callable[[], float] = random.random) -> int | None:
        """The pause after the `failures`-th failed attempt (1 is the first); None: give up. `uniform` gives numbers
        from 0 up to 1."""
        if failures < 1:
            raise ValueError("there is no pause before the first attempt")
        return None if failures >= self.attempts else self._pause(failures, uniform)

    def patience_ms(self, failures: int, uniform: Callable[[], float] = random.random) -> int:
        """The same for what is tried for ever, such as a connection: the pause stays at the cap."""
        return self._pause(failures, uniform)

    def _pause(self, failures: int, uniform: Callable[[], float]) -> int:
        # The exponent is bounded so that a large count cannot overflow a float.
        base = min(self.cap_ms, self.initial_ms * self.factor ** min(failures - 1, 64))
        return round(base * (1 - self.jitter + 2 * self.jitter * uniform()))


DEFAULT_BACKOFF = Backoff()
