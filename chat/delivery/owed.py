"""What a device was owed when its hello was answered: stored, all of it, it is in sync, and is told so once."""

from collections.abc import Mapping

from chat.delivery.cursor import Cursor


class Owed:
    """`left`: (head, rev) by conversation. `as_of`: when these were read, in milliseconds since 1970."""

    __slots__ = ("_is_told", "as_of", "left")

    def __init__(self) -> None:
        self.left: dict[str, tuple[int, int]] = {}
        # Nothing can be said of the sum before it is known.
        self._is_told = False
        self.as_of = 0

    def add(self, conv: str, head: int, rev: int) -> None:
        self.left[conv] = (head, rev)

    def begin(self, as_of: int, cursors: Mapping[str, Cursor]) -> bool:
        """All has been added. Whether nothing is owed."""
        self.as_of = as_of
        self._is_told = True
        self.left = {conv: owed for conv, owed in self.left.items() if not _has(cursors.get(conv), owed)}
        return not self.left

    def settle(self, conv: str, cursor: Cursor | None) -> bool:
        """The cursor has risen; None: the conversation was left. True, once: nothing is owed any more."""
        if conv not in self.left or not _has(cursor, self.left[conv]):
            return False
        del self.left[conv]
        return self._is_told and not self.left


def _has(cursor: Cursor | None, owed: tuple[int, int]) -> bool:
    return cursor is None or (cursor.stored >= owed[0] and cursor.rev_stored >= owed[1])
