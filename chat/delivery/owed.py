"""What a device was owed when its hello was answered: stored, all of it, it is in sync, and is told so once."""

from collections.abc import Mapping

from chat.delivery.cursor import Cursor


class Owed:
    """(head, rev) by conversation. `as_of`: when these were read, in milliseconds since 1970."""

    __slots__ = ("_is_told", "_left", "as_of")

    def __init__(self) -> None:
        self._left: dict[str, tuple[int, int]] = {}
        # Nothing can be said of the sum before it is known.
        self._is_told = False
        self.as_of = 0

    def add(self, conv: str, head: int, rev: int) -> None:
        self._left[conv] = (head, rev)

    def begin(self, as_of: int, cursors: Mapping[str, Cursor]) -> bool:
        """All has been added. Whether nothing is owed."""
        self.as_of = as_of
        self._is_told = True
        self._left = {conv: owed for conv, owed in self._left.items() if not _has(cursors.get(conv), owed)}
        return not self._left

    def settle(self, conv: str, cursor: Cursor | None) -> bool:
        """The cursor has risen; None: the conversation was left. True, once: nothing is owed any more."""
        if conv not in self._left or not _has(cursor, self._left[conv]):
            return False
        del self._left[conv]
        return self._is_told and not self._left


def _has(cursor: Cursor | None, owed: tuple[int, int]) -> bool:
    return cursor is None or (cursor.stored >= owed[0] and cursor.rev_stored >= owed[1])
