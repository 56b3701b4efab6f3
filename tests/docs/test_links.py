"""What a document points to is there: files, sections, and paths named in the text."""

import re
from pathlib import Path

import pytest

from tests.docs.examples import CLONE, CODE, DOCS, prose

DOCUMENTS = [*sorted(CLONE.glob("*.md")), *sorted(DOCS.glob("*.md"))]
# Pictures are left out: a command draws them from the running messenger.
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
# A folder of ours, then a path; patterns and option lists are no paths.
PATH = re.compile(r"(?:chat|receipts|messenger|static|templates|tests|docs|\.ci)/[\w./-]+")


def anchor(heading: str) -> str:
    """As the common renderers make them."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for link in LINK.findall(prose(document.read_text())):
        path, _, fragment = link.partition("#")
        if path.startswith("https:"):
            continue
        target = (document.parent / path) if path else document
        assert target.exists(), link
        if fragment:
            assert fragment in {anchor(heading) for heading in HEADING.findall(target.read_text())}, link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_paths_named_exist(document: Path) -> None:
    for named in CODE.findall(prose(document.read_text())):
        if PATH.fullmatch(named):
            assert (CLONE / named).exists(), named
