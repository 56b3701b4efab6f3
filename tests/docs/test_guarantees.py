"""docs/guarantees.md names every promise, and only code and tests that exist."""

import re

import pytest

from tests.docs.examples import CLONE, CODE, DOCS, section

DOCUMENT = (DOCS / "guarantees.md").read_text()
PROMISES = [f"V{number}" for number in range(1, 14)]
TITLES = dict(re.findall(r"^### ((V\d+) .*)$", DOCUMENT, re.MULTILINE))
PARTS = ("Scope", "Kept in", "Shown by")
FOLDERS = ("chat/", "receipts/", "messenger/", "static/", "tests/", "docs/", "bench/")
NAMED = sorted({word for word in CODE.findall(DOCUMENT) if word.startswith(FOLDERS)})


def part(promise: str, name: str) -> str:
    """The paragraph of a promise's section that begins with this name."""
    title = next(title for title, number in TITLES.items() if number == promise)
    found = re.search(rf"^\*\*{name}\.\*\* (.*?)(?=\n\n|\Z)", section(DOCUMENT, title), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{promise} does not say: {name}"
    return found[1]


def test_every_promise_has_its_section_in_order() -> None:
    assert list(TITLES.values()) == PROMISES


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_says_how_far_it_goes_where_it_is_kept_and_what_shows_it(promise: str) -> None:
    scope, kept_in, shown_by = (part(promise, name) for name in PARTS)
    is_built = "Not built yet" not in scope
    assert is_built == bool([word for word in CODE.findall(kept_in) if word.startswith(FOLDERS)])
    assert is_built == bool([word for word in CODE.findall(shown_by) if word.startswith("tests/")])


@pytest.mark.parametrize("named", NAMED)
def test_what_is_named_exists(named: str) -> None:
    path, _, test = named.partition("::")
    assert (CLONE / path).exists()
    if test:
        assert re.search(rf"^(async )?def {test}\(", (CLONE / path).read_text(), re.MULTILINE)


def test_tests_speak_of_no_other_promise() -> None:
    sources = [path.read_text() for path in (CLONE / "tests").rglob("*.py")]
    spoken_of = {name for source in sources for name in re.findall(r"\bV\d+\b", source)}
    assert spoken_of <= set(PROMISES)
