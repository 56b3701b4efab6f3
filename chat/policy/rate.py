"""Token buckets: how fast somebody may do something."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`most` at once, and as many again in every `seconds`, evenly."""

    most: float
    seconds: float

    def __post_init__(self) -> None:
        if self.most < 1 or self.seconds <= 0:
            raise ValueError("a bucket fills and holds at least one token")

    @property
    def per_s(self) -> float:
        return self.most / self.seconds


class TokenBucket:
    """`rate` tokens a second, at most `burst` saved up. Time is given by the caller, in seconds."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a bucket fills and holds at least one token")
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at = now

    def take(self, now: float, tokens: float = 1.0) -> float:
        """0 when granted, otherwise the seconds until it would be; then nothing is taken."""
        self._fill(now)
        if self._tokens >= tokens:
            self._tokens -= tokens
            return 0.0
        return (tokens - self._tokens) / self._rate

    def spend(self, now: float, tokens: float) -> None:
        """Whether there were so many or not, down to a whole burst owed; less than nothing gives back."""
        self._fill(now)
        self._tokens = max(-self._burst, min(self._burst, self._tokens - tokens))

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
