"""The same text to many strangers. Pure.

Looked at is only what begins a 1:1 conversation with somebody one shares no group with. Within a window a person may
begin so many of them with one text; what comes after is refused, until the window has moved on. Each episode (a person,
a text, a window) is reported once.

Two texts are the same if they differ only in case, spacing, punctuation and symbols, or in forms that Unicode calls
compatible. What has no letter and no digit (an emoji, files alone) is not looked at.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class SpamLimit:
    """`conversations` begun with one text within `window_ms`. 0: no limit."""

    conversations: int = 0
    window_ms: int = 3_600_000


NO_LIMIT = SpamLimit()


def essence(body: str) -> bytes | None:
    """16 bytes, equal for texts that are the same; None: not to be looked at."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", body).casefold())
    kept = "".join(character for character in folded if character.isalnum())
    return hashlib.blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=16).digest() if kept else None


def is_spam(begun: int, limit: SpamLimit) -> bool:
    """`begun`: how many conversations this text has begun already."""
    return 0 < limit.conversations <= begun


def episode(sender: str, text: bytes, at: int, limit: SpamLimit) -> str:
    """The id of its report, the same for all of an episode: a UUIDv7 of the time the window began. `at` in
    milliseconds since 1970."""
    began = at - at % limit.window_ms
    name = hashlib.blake2b(f"{sender}:{began}:".encode() + text, digest_size=16).digest()
    number = int.from_bytes(name) & ((1 << 80) - 1) | began << 80
    number = number & ~(0xF << 76) | 7 << 76
    return str(UUID(int=number & ~(0b11 << 62) | 0b10 << 62))
