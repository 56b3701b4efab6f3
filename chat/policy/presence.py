"""What may be said of whether somebody is here, from what is known. Nothing rather than something wrong.

That a person is connected is known of this process's own sockets, and of the others' by leases. That they are not is
known only while every process that lives has restated its lease: not while Redis is away, nor soon after it forgot.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """Who is held by a lease. `is_whole`: whoever is not among them is not connected."""

    people: frozenset[str] = frozenset()
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`last_seen_at`: milliseconds since 1970, of someone not online; None: not known."""

    online: bool
    last_seen_at: int | None = None


def whereabouts(is_here: bool, is_held: bool, is_whole: bool, last_seen_at: int | None) -> Whereabouts | None:
    """`is_here`: connected to this process. None: not known."""
    if is_here or is_held:
        return Whereabouts(online=True)
    return Whereabouts(online=False, last_seen_at=last_seen_at) if is_whole else None
