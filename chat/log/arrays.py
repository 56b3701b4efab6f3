"""PostgreSQL's array literals, written by hand: psycopg looks at every element of a list to find its type, which for
a batch of 400 sends took a fifth of the process's time.

The statement's cast (`%s::uuid[]`) says what the elements are. `words` must only get what needs no quoting; whatever
a person wrote goes through `texts`.
"""

from collections.abc import Iterable


def words(values: Iterable[str]) -> str:
    """Of UUIDs and the like: hexadecimal digits and hyphens only."""
    return "{" + ",".join(values) + "}"


def numbers(values: Iterable[int | None]) -> str:
    """None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str]) -> str:
    """Of any text without NUL characters. All are quoted: a bare word NULL would be one."""
    quoted = ['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]
    return "{" + ",".join(quoted) + "}"


def binaries(values: Iterable[bytes]) -> str:
    """For bytea[], in its hexadecimal form."""
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"
