"""The shape of frames: which keys stand together where, and what kind of value each has.

Places are named by path: `welcome.user.id`; an acknowledgement and a change by their type: `ack.ACCEPTED.seq`,
`CHANGE.edit.body`; an entry is an entry wherever it stands, `ENTRY.body`, and so are conversations, members, absences.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What is the same thing wherever it stands, by the end of its path.
THINGS = {
    ".entries": "ENTRY",
    ".last": "ENTRY",
    ".attachments": "FILE",
    ".absent": "ABSENCE",
    ".members": "MEMBER",
    "conversations.items": "CONVERSATION",
    "sync.conversations": "CONVERSATION",
    "changes.changes": "CHANGE",
    "ack.acks": "ack",
}
# Those of several types, each with keys of its own.
TYPED = {"CHANGE", "ack"}
# From here on a number is a time in milliseconds, not a count.
MILLIS = 1_000_000_000_000


class Shapes:
    """`keys`: by path, the sets of keys met. `kinds`: by path, the kinds of values met."""

    def __init__(self, frames: Iterable[dict[str, Any]]) -> None:
        self.keys: dict[str, set[frozenset[str]]] = defaultdict(set)
        self.kinds: dict[str, set[str]] = defaultdict(set)
        for frame in frames:
            self._object(str(frame["t"]), frame)

    def _object(self, path: str, value: dict[str, Any]) -> None:
        self.keys[path].add(frozenset(value))
        for key, inner in value.items():
            self._value(_thing(f"{path}.{key}"), inner, f"{path}.{key}")

    def _value(self, inside: str, value: Any, path: str) -> None:
        if isinstance(value, dict):
            self._object(inside, value)
        elif isinstance(value, list):
            self.kinds[path].add("list")
            for each in value:
                self._value(f"{inside}.{each['type']}" if inside in TYPED else inside, each, path)
        else:
            self.kinds[path].add(_kind(value))


def _thing(path: str) -> str:
    return next((thing for end, thing in THINGS.items() if path.endswith(end)), path)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "uuid" if UUID.fullmatch(value) else "text"
    if isinstance(value, int) and not isinstance(value, bool):
        return "time" if value > MILLIS else "number"
    return type(value).__name__
