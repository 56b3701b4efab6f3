"""What one process may spend of a bucket that all processes share, without asking each time. Pure: the time and the
lender's answers are given.

- Tokens are lent in portions, ahead of need: when less than half a portion is left, more are wished for.
- Until the answer comes spending goes on, on credit: as much as the shared bucket holds by what is known of it, at most
  half of a full one. What was spent on credit is paid with the next wish.
- Who is refused is told when it would be granted, each a little later than the one before: those who obey come back
  in a row, not all at once to be refused again.
- While the lender does not answer, each process has a whole bucket of its own, and goes on asking.
"""

from dataclasses import dataclass

from chat.policy.rate import Rate, TokenBucket

PORTIONS = 20
# Of a full bucket, on credit.
CREDIT = 0.5
# Nobody is told to wait longer than this, or a moment only.
MOST_WAIT_S = 60.0
LEAST_WAIT_S = 0.05
# Of a bucket that is empty no more is wished for sooner.
PAUSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """`owed` was spent already; `want` is to be lent, or less."""

    owed: float
    want: float


class Lease:
    """One bucket in one process. `take` and `spend` are called on the hot path, and do nothing but arithmetic."""

    __slots__ = (
        "_alone",
        "_asked",
        "_at",
        "_left",
        "_low",
        "_not_before",
        "_portion",
        "_tokens",
        "_turned_away",
        "rate",
    )

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._portion = max(1.0, rate.most / PORTIONS)
        # Below it more is wished for.
        self._low = self._portion / 2
        # What may be spent here; below nothing: what was spent on credit.
        self._tokens = 0.0
        # What the shared bucket held at `_at`, as far as is known.
        self._left = rate.most
        self._at = now
        self._turned_away = 0.0
        self._asked: Wish | None = None
        self._not_before = now
        self._alone: TokenBucket | None = None

    def take(self, now: float, tokens: float = 1.0) -> float:
        """0 when granted, otherwise the seconds until it would be; then nothing is taken."""
        if self._alone is None and self._tokens >= tokens:
            # Nearly always, and as little as can be.
            self._tokens -= tokens
            return 0.0
        tokens = min(tokens, self.rate.most)
        if self._alone is not None:
            return min(MOST_WAIT_S, self._alone.take(now, tokens))
        shared = self._shared(now)
        if self._tokens + min(self.rate.most * CREDIT, max(0.0, shared)) >= tokens:
            self._tokens -= tokens
            return 0.0
        self._turned_away = min(self.rate.most, self._turned_away + tokens)
        wait = (self._turned_away - self._tokens - shared) / self.rate.per_s
        return min(MOST_WAIT_S, max(LEAST_WAIT_S, wait))

    def spend(self, now: float, tokens: float) -> None:
        """After the fact, whether there were so many or not; less than nothing gives back what was not used, at most a
        whole bucket."""
        if self._alone is not None:
            # Where it was taken from, but for what was being done while the lender went away or came back.
            self._alone.spend(now, tokens)
            return
        self._tokens = min(self.rate.most, self._tokens - max(tokens, -self.rate.most))

    def needs_more(self, now: float) -> bool:
        """While it is alone always, whatever is left of what was lent: only an answer ends that."""
        wants = self._alone is not None or self._tokens < self._low
        return wants and self._asked is None and now >= self._not_before

    def wish(self, now: float) -> Wish:
        """To be answered by `lent` or `unanswered`."""
        owed = max(0.0, -self._tokens)
        self._asked = Wish(owed, max(self._portion, min(self._turned_away, self.rate.most * CREDIT)))
        self._tokens = max(0.0, self._tokens)
        self._left = self._shared(now) - owed - self._asked.want
        self._at = now
        return self._asked

    def lent(self, now: float, granted: float, left: float) -> None:
        """`left` is what the shared bucket holds now, less than nothing where more was spent than there was."""
        assert self._asked is not None
        is_empty = granted < self._asked.want
        self._tokens += granted
        self._left, self._at = left, now
        self._turned_away = max(0.0, self._turned_away - granted) if is_empty else 0.0
        self._not_before = now + (PAUSE_S if is_empty else 0.0)
        self._asked = self._alone = None

    def unanswered(self, now: float) -> None:
        assert self._asked is not None
        self._tokens -= self._asked.owed
        self._asked = None
        if self._alone is None:
            self._alone = TokenBucket(self.rate.per_s, self.rate.most, now)

    def _shared(self, now: float) -> float:
        return min(self.rate.most, self._left + max(0.0, now - self._at) * self.rate.per_s)
