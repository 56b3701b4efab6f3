"""Reading the documents as data: their examples, their tables, the words in code type."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

CLONE = Path(__file__).resolve().parents[2]
DOCS = CLONE / "docs"

BLOCK = re.compile(r"^```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"\s//\s.*$", re.MULTILINE)
ROW = re.compile(r"^\|(?P<cells>.*)\|$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Example:
    """A block marked `jsonc client` or `jsonc server`: who sends it, and its text without comments."""

    side: Literal["client", "server"]
    text: str

    @property
    def frame(self) -> dict[str, Any]:
        frame: dict[str, Any] = json.loads(self.text)
        return frame


def examples(markdown: str) -> list[Example]:
    """Raises ValueError for a JSON block that does not say who sends it: it would not be tested."""
    found: list[Example] = []
    for block in BLOCK.finditer(markdown):
        language, _, side = block["info"].partition(" ")
        if language not in ("json", "jsonc"):
            continue
        if side == "client" or side == "server":
            found.append(Example(side, COMMENT.sub("", block["text"])))
        else:
            raise ValueError(f"whose frame is this?\n{block['text']}")
    return found


def prose(markdown: str) -> str:
    """Without code blocks."""
    return BLOCK.sub("", markdown)


def section(markdown: str, title: str) -> str:
    """From a heading to the next one of its own level or above."""
    heading = re.search(rf"^(#+) {re.escape(title)}$", markdown, re.MULTILINE)
    assert heading is not None, f"no section {title}"
    rest = markdown[heading.end() :]
    end = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(markdown: str) -> list[list[str]]:
    """The cells of all tables, header and ruler left out, code marks taken off."""
    found = [[cell.strip().strip("`") for cell in row["cells"].split("|")] for row in ROW.finditer(markdown)]
    rulers = [n for n, cells in enumerate(found) if set("".join(cells)) <= set("- :")]
    dropped = {*rulers, *(n - 1 for n in rulers)}
    return [cells for n, cells in enumerate(found) if n not in dropped]
