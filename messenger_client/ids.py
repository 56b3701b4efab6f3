"""Ids for messages, made by the client before anything touches the network. The server looks inside none of them.

Composite ids are what the client makes by itself: a counter that its database never gives out twice, so that no clock
and no luck is needed. The others need a clock or randomness alone, and may be given as `Client(ids=…)`: ULID, UUID v4
and v7, Snowflake. All are unique for their sender, who may have several devices; a Snowflake only if no two of them
share a machine number, and while the clock does not go back over a restart.
"""

import secrets
import time
import uuid
from collections.abc import Callable

# Crockford's: without I, L, O and U.
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Twitter's beginning of time, in milliseconds since 1970.
SNOWFLAKE_EPOCH_MS = 1_288_834_974_657
_SEQUENCES = 1 << 12
_MACHINES = 1 << 10


def now_ms() -> int:
    """Milliseconds since 1970, by this machine's clock."""
    return time.time_ns() // 1_000_000


def composite(device: str, counter: int | str, millis: int) -> str:
    """`device_counter_millis`. Of the device's id the end is taken: it is a UUIDv7, whose beginning is a time that two
    devices may share."""
    return f"{device.replace('-', '')[-12:]}_{counter}_{millis}"


def ulid() -> str:
    """26 characters: 48 bits of time, 80 of randomness; sorted by time."""
    number = now_ms() << 80 | secrets.randbits(80)
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def uuid4() -> str:
    return str(uuid.uuid4())


def uuid7() -> str:
    """RFC 9562: 48 bits of time, 74 of randomness; sorted by time."""
    number = now_ms() << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


class Snowflake:
    """41 bits of milliseconds, 10 of the machine's number, 12 of a sequence, as a decimal number. Rises with each call,
    also when the clock stands still or is set back meanwhile."""

    def __init__(self, machine: int, clock: Callable[[], int] = now_ms) -> None:
        if not 0 <= machine < _MACHINES:
            raise ValueError(f"a machine's number is 0 to {_MACHINES - 1}")
        self._machine = machine
        self._clock = clock
        # Time and sequence as one number: a sequence that is used up borrows from the next millisecond.
        self._last = -1

    def __call__(self) -> str:
        self._last = max(self._last + 1, (self._clock() - SNOWFLAKE_EPOCH_MS) * _SEQUENCES)
        millis, sequence = divmod(self._last, _SEQUENCES)
        return str(millis << 22 | self._machine << 12 | sequence)
