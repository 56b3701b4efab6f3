"""What a device has stored without a gap, from acknowledgements that come in any order.

Rules: the cursor rises only over entries without a hole; an entry above a hole is remembered until the hole is
closed; a cumulative acknowledgement closes every hole below it; nothing ever lowers the cursor.
"""


class ContiguousCursor:
    """`position`: everything up to it is acknowledged. Memory is bounded by `limit` entries above a hole."""

    __slots__ = ("_above", "_limit", "position")

    def __init__(self, position: int = 0, limit: int = 1024) -> None:
        if position < 0 or limit < 1:
            raise ValueError("a cursor starts at 0 or above and remembers something")
        self.position = position
        self._limit = limit
        # Made when first needed: an idle socket has thousands of cursors and no holes.
        self._above: set[int] | None = None

    def upto(self, seq: int) -> bool:
        """Everything through `seq` is stored. True if the cursor rose."""
        if seq <= self.position:
            return False
        self.position = seq
        self._absorb()
        return True

    def one(self, seq: int) -> bool:
        """Entry `seq` alone is stored. True if the cursor rose. Beyond `limit` the entry is forgotten:
        it will be pushed and acknowledged again."""
        if seq <= self.position:
            return False
        if seq == self.position + 1:
            return self.upto(seq)
        if self._above is None:
            self._above = set()
        if len(self._above) < self._limit:
            self._above.add(seq)
        return False

    def _absorb(self) -> None:
        above = self._above
        if above is None:
            return
        while self.position + 1 in above:
            self.position += 1
        above = {seq for seq in above if seq > self.position}
        self._above = above or None
