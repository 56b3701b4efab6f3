"""Who is told what somebody has seen, and whether they are here.

Read receipts are a switch of each person's, and reciprocal: who does not let others know learns nothing of them either.
So what A has seen is told to B while both have theirs on, and to A's own devices always, for whom it is no receipt but
the count of what is unread. What is stored does not depend on it: a watermark is one number, so what was read while a
switch was off is told once both are on, and cannot be told apart from what was read since.

Whether somebody is online, when they last were and that they are typing is a second switch, reciprocal in the same way.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """A person, and whether they have read receipts on, and show when they are online."""

    id: str
    receipts: bool = True
    presence: bool = True


def tells_seen(reader: Party, viewer: Party) -> bool:
    """Whether `viewer` is told what `reader` has seen."""
    return reader.id == viewer.id or (reader.receipts and viewer.receipts)


def tells_presence(person: Party, viewer: Party) -> bool:
    """Whether `viewer` is told that `person` is online or typing, or when they last were online."""
    return person.id != viewer.id and person.presence and viewer.presence


# The same rules over two rows of chat_user, by their aliases; tests/chat/log/test_privacy.py holds them to the others.
TELLS_SEEN = "({reader}.id = {viewer}.id OR ({reader}.read_receipts AND {viewer}.read_receipts))"
TELLS_PRESENCE = "({person}.id <> {viewer}.id AND {person}.shows_presence AND {viewer}.shows_presence)"
