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
    """A device applied an entry to its durable store. `body`: None if it was deleted by then."""

    device: str
    user: str
    conv: str
    seq: int
    message_id: str
    sender: str
    client_id: str
    body: str | None
    rev: int = 0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A device was told that entries `first` to `last` are not there for it, and why."""

    device: str
    conv: str
    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class Changed:
    """A device was told of a change of an entry; `body`: of an edit."""

    device: str
    conv: str
    seq: int
    rev: int
    body: str | None


@dataclass(frozen=True, slots=True)
class Revised:
    """A person was told that their edit (`body`) or deletion (`whom`: "me", "all") was done, as `rev`."""

    user: str
    conv: str
    seq: int
    rev: int
    body: str | None = None
    whom: str | None = None


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


Event = Sent | Began | Pushed | Accepted | Stored | Skipped | Changed | Revised | Saw | Ticked | Sampled

Spans = list[tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Row:
    """An entry of the final log. `body`: "" if it is deleted."""

    conv: str
    seq: int
    message_id: str
    sender: str
    client_id: str
    body: str
    rev: int = 0
    deleted: bool = False


@dataclass(slots=True)
class History:
    """`owner`: device -> user. `watermarks`: (conv, user) -> (delivered, seen). `inboxes`: (conv, device) -> cursor.
    `stays`: (conv, user) -> first and last seq of each, None: it goes on; nothing for those who were there all along.
    `lapses`: (conv, user) -> ranges. `horizons`: (conv, device) -> seq. `hidden`: (conv, user) -> seqs.
    `shown`: (conv, device) -> what it shows in the end, by seq: (rev, body, None if deleted)."""

    events: list[Event] = field(default_factory=list)
    log: list[Row] = field(default_factory=list)
    watermarks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    inboxes: dict[tuple[str, str], int] = field(default_factory=dict)
    owner: dict[str, str] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    stays: dict[tuple[str, str], Spans] = field(default_factory=dict)
    lapses: dict[tuple[str, str], Spans] = field(default_factory=dict)
    horizons: dict[tuple[str, str], int] = field(default_factory=dict)
    hidden: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    shown: dict[tuple[str, str], dict[int, tuple[int, str | None]]] = field(default_factory=dict)

    def add(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]
