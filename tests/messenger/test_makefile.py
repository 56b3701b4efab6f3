"""`make test` runs every test: it names folders, so that no worker reads tests it will not run."""

import re
from pathlib import Path

from hypothesis import settings

CLONE = Path(__file__).resolve().parents[2]


def folders(marker: str) -> tuple[Path, ...]:
    """Those that `make test` looks for tests with this marker in."""
    found = re.search(rf"-m {marker} (.+) \$\(ARGS\)", (CLONE / "Makefile").read_text())
    assert found
    return tuple(CLONE / name for name in found[1].split())


def test_all_storage_tests_are_where_it_looks_for_them() -> None:
    marked = [path for path in CLONE.glob("tests/**/*.py") if re.search(r"\bmark\.storage\b", path.read_text())]
    assert len(marked) > 20
    assert not [path for path in marked if not {*path.parents} & {*folders("storage")}]


def test_browser_tests_are_one_folder() -> None:
    """Its conftest.py gives them their marker; what is ignored in the other run is what this one takes."""
    assert folders("browser") == (CLONE / "tests" / "browser",)
    assert '-m "not browser" --ignore tests/browser' in (CLONE / "Makefile").read_text()


def test_make_fuzz_tries_more() -> None:
    found = re.search(r"HYPOTHESIS_PROFILE=(\w+)", (CLONE / "Makefile").read_text())
    assert found
    assert settings.get_profile(found[1]).max_examples >= 10 * settings.get_profile("default").max_examples
