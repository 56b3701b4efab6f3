"""Settings come from the environment, through readers that are typed and fail loudly.

A missing or wrong value stops the start with one line that names the variable; its value is never shown, since it
may be a secret.
"""

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from chat.policy import addresses

T = TypeVar("T")


class SettingError(SystemExit):
    """One line for the operator; ends the process with status 2 wherever it is raised."""

    def __init__(self, text: str) -> None:
        super().__init__(2)
        self.text = text
        os.write(2, f"messenger: {text}\n".encode())


def _wrong(name: str, wanted: str) -> NoReturn:
    raise SettingError(f"{name} must be {wanted}.")


def _read(name: str, default: T | None, parse: Callable[[str], T | None], wanted: str) -> T:
    raw = os.environ.get(name, "").strip()
    if not raw:
        if default is None:
            raise SettingError(f"{name} is not set: it must be {wanted}.")
        return default
    try:
        value = parse(raw)
    except ValueError:
        value = None
    if value is None:
        _wrong(name, wanted)
    return value


def text(name: str, default: str | None = None) -> str:
    return _read(name, default, lambda raw: raw, "a text")


def choice(name: str, options: tuple[str, ...], default: str | None = None) -> str:
    return _read(name, default, lambda raw: raw if raw in options else None, "one of " + ", ".join(options))


def flag(name: str, default: bool | None = None) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return _read(name, default, lambda raw: words.get(raw.lower()), "true or false")


def number(name: str, default: int | None = None, low: int = 0, high: int = 2**31) -> int:
    def parse(raw: str) -> int | None:
        value = int(raw)
        return value if low <= value <= high else None

    return _read(name, default, parse, f"a whole number from {low} to {high}")


def checked(name: str, is_good: Callable[[str], bool], wanted: str) -> str:
    """Empty when it is not set."""
    return _read(name, "", lambda raw: raw if is_good(raw) else None, wanted)


def words(name: str, default: list[str] | None = None) -> list[str]:
    """Separated by commas."""
    return _read(name, default, lambda raw: [word.strip() for word in raw.split(",") if word.strip()] or None, "a list")


def url(name: str, schemes: tuple[str, ...], default: str | None = None) -> str:
    def parse(raw: str) -> str | None:
        parts = urlsplit(raw)
        # Looked at here, where a wrong port (or a password with a bare slash in it) is not shown to anyone.
        _ = parts.port
        return raw if parts.scheme in schemes else None

    return _read(name, default, parse, "an address starting with " + " or ".join(f"{each}://" for each in schemes))


def networks(name: str) -> tuple[addresses.Network, ...]:
    """None when it is not set."""

    def parse(raw: str) -> tuple[addresses.Network, ...]:
        return addresses.networks(word.strip() for word in raw.split(","))

    return _read(name, (), parse, "a list of addresses or networks")


def require(holds: bool, otherwise: str) -> None:
    """For settings that must agree: `otherwise` is the line the operator reads."""
    if not holds:
        raise SettingError(otherwise)
