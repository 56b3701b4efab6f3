"""Who is told what somebody has seen.

Read receipts are a switch of each person's, and reciprocal: who does not let others know learns nothing of them either.
So what A has seen is told to B while both have theirs on, and to A's own devices always, for whom it is no receipt but
the count of what is unread. What is stored does not depend on it: a watermark is one number, so what was read while a
switch was off is told once both are on, and cannot be told apart from what was read since.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """A person, and whether they have read receipts on."""

    id: str
    receipts: bool = True


def tells_seen(reader: Party, viewer: Party) -> bool:
    """Whether `viewer` is told what `reader` has seen."""
    return reader.id == viewer.id or (reader.receipts and viewer.receipts)


# The same rule over two rows of chat_user, by their aliases; tests/chat/log/test_privacy.py holds it to the other.
TELLS_SEEN = "({reader}.id = {viewer}.id OR ({reader}.read_receipts AND {viewer}.read_receipts))"
