"""Functions made for one type of message, of straight lines, as dataclasses makes them: a loop over a table of fields
takes twice as long, with every frame.

All that gets into their source are the names of fields in messenger.proto.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from google.protobuf.message import Message

Convert = Callable[[Any], Any]
Read = Callable[[Message], dict[str, Any]]
Write = Callable[[Mapping[str, Any]], dict[str, Any]]


class Check(Enum):
    """Whether a field of a message is there, as an expression."""

    NONE = ""
    HAS_FIELD = "message.HasField({name!r})"
    # An id that is not there has no bytes.
    NOT_EMPTY = "message.{name}"


class Reading:
    """From a message to its plain form."""

    def __init__(self) -> None:
        self._scope: dict[str, Any] = {}
        self._always: list[str] = []
        self._optional: list[str] = []

    def add(self, name: str, convert: Convert | None, check: Check) -> None:
        # Not message.name: it may be a word of Python's.
        value = f"getattr(message, {name!r})"
        if convert is not None:
            self._scope[f"read_{name}"] = convert
            value = f"read_{name}({value})"
        if check is Check.NONE:
            self._always.append(f"{name!r}: {value}")
        else:
            self._optional.append(f"    if {check.value.format(name=name)}: plain[{name!r}] = {value}\n")

    def compiled(self) -> Read:
        always, optional = ", ".join(self._always), "".join(self._optional)
        source = f"def read(message):\n    plain = {{{always}}}\n{optional}    return plain"
        return _compiled(source, "read", self._scope)


class Writing:
    """From a plain form to the fields of its message."""

    def __init__(self) -> None:
        self._scope: dict[str, Any] = {}
        self._lines: list[str] = []

    def add(self, name: str, convert: Convert) -> None:
        self._scope[f"write_{name}"] = convert
        check = f"    if (value := plain.get({name!r})) is not None: "
        self._lines.append(f"{check}fields[{name!r}] = write_{name}(value)\n")

    def compiled(self) -> Write:
        source = f"def write(plain):\n    fields = dict(plain)\n{''.join(self._lines)}    return fields"
        return _compiled(source, "write", self._scope)


def _compiled(source: str, name: str, scope: dict[str, Any]) -> Callable[[Any], dict[str, Any]]:
    exec(source, scope)  # noqa: S102  # nosec B102
    made: Callable[[Any], dict[str, Any]] = scope[name]
    return made
