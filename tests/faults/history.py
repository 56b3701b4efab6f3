"""What a run under faults leaves behind: what each device did and saw, in order, and what the database ends with.

Events are appended by phones and samplers in one event loop, so their order in the list is the order they happened
in. The checker (checker.py) reads nothing else.
"""

from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """The author's device put a message into its outbox. `knew`: highest entry it had stored without a gap."""

    device: str
    user: str
    conv: str
    client_id: str
    body: str
    knew: int


@dataclass(frozen=True, slots=True)
class Began:
    """A new connection of a device: in this conversation the server is to push what comes after `position`."""

    device: str
    conv: str
    position: int


@dataclass(frozen=True, slots=True)
class Pushed:
    """An entry came in over the device's connection, whatever the device made of it."""

    device: str
    conv: str
    seq: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """One check was shown."""

    device: str
    user: str
    conv: str
    client_id: str
    message_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A device applied an entry to its durable store."""

    device: str
    user: str
    conv: str
    seq: int
    message_id: str
    sender: str
    client_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Saw:
    """A person saw everything up to `seq`."""

    user: str
    conv: str
    seq: int


@dataclass(frozen=True, slots=True)
class Ticked:
    """A device was told that `reader` has received (DELIVERED) or seen (SEEN) everything up to `upto`."""

    device: str
    conv: str
    reader: str
    kind: str
    upto: int


@dataclass(frozen=True, slots=True)
class Sampled:
    """A watermark or a cursor as the database had it at some moment. `who` is a user or a device."""

    who: str
    conv: str
    kind: str
    value: int


Event = Sent | Began | Pushed | Accepted | Stored | Saw | Ticked | Sampled


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the final log."""

    conv: str
    seq: int
    message_id: str
    sender: str
    client_id: str
    body: str


@dataclass(slots=True)
class History:
    """`owner`: device -> user. `watermarks`: (conv, user) -> (delivered, seen). `inboxes`: (conv, device) -> cursor."""

    events: list[Event] = field(default_factory=list)
    log: list[Row] = field(default_factory=list)
    watermarks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    inboxes: dict[tuple[str, str], int] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]
