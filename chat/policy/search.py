"""How a query is read, and in what order what a person may read is searched. Pure.

An entry is found when it has all words of the query. Words of letters and digits are looked up in the index: one of
three and more finds the words that begin with it, a shorter one itself. What the index cannot find (signs, scripts
without spaces between words) is looked for in the text, wherever in a word it stands: among what the index has found,
or, when a query is of nothing else, in the newest entries. So are all words when the index has found nothing.

Entries are searched newest first, in *windows* of bounded size: a log is cut into pieces, for the index into blocks of
1,024 seqs, which it knows, and the pieces of all logs are taken in the order of their newest entries. Ids tell time,
but processes' clocks differ: what is found is told once nothing newer can be left, with a margin.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chat.policy.visibility import Readable

# A shorter one begins too many words.
BEGINNING_CHARS = 3


@dataclass(frozen=True, slots=True)
class Depth:
    """How far one search goes: pieces are seqs without their last `bits` bits; windows are of so many entries."""

    bits: int
    windows: tuple[int, ...]


# The index knows a block by its number: a seq without its last ten bits.
BY_INDEX = Depth(10, (16_384, 65_536, 524_288))
BY_TEXT = Depth(8, (2_048, 8_192))
# How far clocks of processes may differ.
MARGIN_MS = 10_000

# Thai, Lao, Burmese, Khmer, Japanese, Chinese.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


@dataclass(frozen=True, slots=True)
class Words:
    """`indexed` are or begin words of what is found; `parts` are anywhere in its text. At least one of them."""

    indexed: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def tsquery(self) -> str:
        """For to_tsquery: letters and digits, so nothing in it needs quoting."""
        return " & ".join(f"{word}:*" if len(word) >= BEGINNING_CHARS else word for word in self.indexed)

    @property
    def depth(self) -> Depth:
        return BY_INDEX if self.indexed else BY_TEXT


def words_of(query: str) -> Words:
    words = list(dict.fromkeys(query.split()))
    return Words(tuple(filter(_is_indexed, words)), tuple(word for word in words if not _is_indexed(word)))


def in_text(query: str) -> Words:
    """All of them anywhere in the text, without the index."""
    return Words((), tuple(dict.fromkeys(query.split())))


def _is_indexed(word: str) -> bool:
    return word.isalnum() and not _UNSPACED.search(word)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: below message `before` (a UUID as a number). `in_text`: the query's words are
    looked for anywhere in the text; `in_vain`: none was found in the index so far."""

    before: int
    in_text: bool = False
    in_vain: bool = False

    def text(self) -> str:
        raw = bytes([self.in_text | self.in_vain << 1]) + self.before.to_bytes(16, "big")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Raises ValueError."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError) as error:
            raise ValueError("no cursor") from error
        if len(raw) != 17 or raw[0] > 2:
            raise ValueError("no cursor")
        return cls(int.from_bytes(raw[1:], "big"), raw[0] == 1, raw[0] == 2)


@dataclass(frozen=True, slots=True)
class Piece:
    """Entries `first` to `last`, all of which a person may read."""

    conv: str
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def pieces(conv: str, may: Readable, head: int, bits: int) -> Iterator[Piece]:
    """Each entry once, though stays may overlap: who came back to a group that shows all may read it from the start."""
    first = 1
    for low, last in sorted((*may.earlier, (may.open_from, head))):
        first = max(first, low)
        while first <= last:
            end = min(last, first | (1 << bits) - 1)
            yield Piece(conv, first, end)
            first = end + 1


@dataclass(frozen=True, slots=True)
class Dated:
    """`oldest`, `newest`: the ids of its ends, as numbers."""

    piece: Piece
    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Window:
    """Searched together. All that is left for later has ids below `rest`; None: nothing is left."""

    pieces: tuple[Piece, ...]
    rest: int | None

    def settles(self, message_id: int) -> bool:
        """Nothing newer than this entry can be in a later window."""
        return self.rest is None or message_id >= self.rest


def windows(dated: Sequence[Dated], before: int | None, sizes: Sequence[int]) -> Iterator[Window]:
    """As many as there are `sizes`, or fewer; none where there is nothing. Each has one piece at least, and the first
    all that reach up to `before`: so that each page gets further than the one before."""
    left = [each for each in dated if before is None or _later(each.oldest, -MARGIN_MS) < before]
    left.sort(key=lambda each: each.newest, reverse=True)
    for size in sizes:
        if not left:
            return
        taken, count = 0, 0
        while taken < len(left) and (
            not taken or count + left[taken].piece.count <= size or _reaches(left[taken], before)
        ):
            count += left[taken].piece.count
            taken += 1
        window, left = left[:taken], left[taken:]
        yield Window(tuple(each.piece for each in window), _later(left[0].newest, MARGIN_MS) if left else None)


def _reaches(dated: Dated, before: int | None) -> bool:
    return before is not None and _later(dated.newest, MARGIN_MS) >= before


def _later(message_id: int, ms: int) -> int:
    """The lowest id of a time that much after an id's. The first 48 bits of a UUIDv7 are its milliseconds."""
    return max(0, (message_id >> 80) + ms) << 80
