"""All that was owed at hello is stored: said once, however it came about, and never before the sum is known."""

from chat.delivery.cursor import Cursor
from chat.delivery.owed import Owed
from chat.policy.visibility import Readable


def at(position: int, rev: int = 0) -> Cursor:
    return Cursor(position, rev, 0, Readable())


def test_nothing_owed_is_known_at_once() -> None:
    owed = Owed()
    owed.add("a", 3, 1)
    assert owed.begin(77, {"a": at(3, 1)})
    assert owed.as_of == 77
    assert not owed.settle("a", at(4, 2))


def test_entries_and_changes_of_every_conversation_are_waited_for() -> None:
    owed = Owed()
    owed.add("a", 3, 0)
    owed.add("b", 2, 5)
    assert not owed.begin(1, {"a": at(2), "b": at(1, 4)})
    assert not owed.settle("a", at(2))
    assert not owed.settle("a", at(3))
    assert not owed.settle("b", at(2, 4))
    assert not owed.settle("c", at(9, 9))
    assert owed.settle("b", at(2, 5))
    assert not owed.settle("b", at(3, 6))


def test_a_conversation_that_was_left_is_not_waited_for() -> None:
    owed = Owed()
    owed.add("a", 3, 0)
    owed.add("b", 1, 0)
    assert not owed.begin(1, {"a": at(0)})
    assert owed.settle("a", None)


def test_what_is_stored_while_conversations_are_still_entered_says_nothing_yet() -> None:
    owed = Owed()
    owed.add("a", 3, 0)
    assert not owed.settle("a", at(3))
    owed.add("b", 1, 0)
    assert not owed.begin(1, {"a": at(3), "b": at(0)})
    assert owed.settle("b", at(1))
