"""The chain of the audit log: what makes a changed, removed, swapped or inserted line show. Pure.

    digest(n) = SHA-256(digest(n-1) || canonical line n)        digest(0) = 32 zero bytes

A line that is changed does not fit its own digest; one whose digest was made anew too does not fit the `previous` of
the line behind it. Two things a chain alone cannot show: lines cut off at the end, and a log written anew as a whole.
Both show against an anchor, a head (number and digest) that was kept elsewhere at some earlier time.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

START = bytes(32)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """What was done. `details`: JSON without fractions, which a database may spell in another way than they came."""

    number: int
    at: datetime
    actor: UUID | None
    actor_name: str
    action: str
    kind: str
    target: str
    reason: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A line as it is stored."""

    line: Line
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log had come. As text: "12:" and 64 hexadecimal digits."""

    number: int = 0
    digest: bytes = START

    def __str__(self) -> str:
        return f"{self.number}:{self.digest.hex()}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Raises ValueError."""
        number, _, digest = text.strip().partition(":")
        head = cls(int(number), bytes.fromhex(digest))
        if head.number < 0 or len(head.digest) != len(START):
            raise ValueError("not a head")
        return head


class Broken(Exception):
    """The log is not what was written. `number`: the first line that is not."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"line {number}: {why}")
        self.number = number
        self.why = why


def encode(line: Line) -> bytes:
    """One spelling for one line: JSON in ASCII, keys sorted, no blanks, times in microseconds since 1970. Raises
    ValueError on details that have no such spelling."""
    _must_be_plain(line.details)
    at = (line.at - EPOCH) // timedelta(microseconds=1)
    actor = str(line.actor) if line.actor else None
    words = [line.number, at, actor, line.actor_name, line.action, line.kind, line.target, line.reason]
    return json.dumps([*words, line.details], sort_keys=True, separators=(",", ":")).encode("ascii")


def seal(line: Line, head: Head) -> Sealed:
    """As the next line of a log that has come to `head`."""
    if line.number != head.number + 1:
        raise ValueError("not the next line")
    return Sealed(line, head.digest, hashlib.sha256(head.digest + encode(line)).digest())


def verify(lines: Iterable[Sealed], anchor: Head | None = None) -> Head:
    """The head of a log, given from its first line on. Raises Broken."""
    head = Head()
    for sealed in lines:
        expected = head.number + 1
        if sealed.line.number != expected:
            raise Broken(expected, f"missing, line {sealed.line.number} comes in its place")
        if sealed.previous != head.digest:
            raise Broken(expected, "does not follow the line before it")
        if not _fits(sealed):
            raise Broken(expected, "does not fit its digest")
        head = Head(expected, sealed.digest)
        if anchor and anchor.number == expected and anchor.digest != head.digest:
            raise Broken(expected, "is another one than the anchor names")
    if anchor and anchor.number > head.number:
        raise Broken(head.number + 1, f"missing, the log had come to {anchor.number}")
    return head


def _fits(sealed: Sealed) -> bool:
    try:
        return sealed.digest == hashlib.sha256(sealed.previous + encode(sealed.line)).digest()
    except ValueError:
        # Nothing of that kind was ever written.
        return False


def _must_be_plain(value: Any) -> None:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("keys are texts")
        for each in value.values():
            _must_be_plain(each)
    elif isinstance(value, list):
        for each in value:
            _must_be_plain(each)
    elif not (value is None or isinstance(value, str | int)):
        raise ValueError(f"no place for a {type(value).__name__}")
