"""Unit tests of the client's ground, written in JavaScript and run by Chromium: tests/browser/js/*.test.js.

No server: the files are handed to the page from the clone, under an address that does not exist.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route

CLONE = Path(__file__).resolve().parents[2]
TESTS = Path(__file__).parent / "js"
FOLDERS = {"static": CLONE / "static", "shared": CLONE / "tests" / "shared", "tests": TESTS}
ORIGIN = "http://ground.invalid"
TYPES = {".js": "text/javascript", ".json": "application/json"}

FORGET = """
async () => {
  for (const { name } of await indexedDB.databases())
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
}
"""

CASES = [
    pytest.param(path.name, name, id=f"{path.name.removesuffix('.test.js')}: {name}")
    for path in sorted(TESTS.glob("*.test.js"))
    for name in re.findall(r'^test\("(.+?)",', path.read_text(), re.MULTILINE)
]


def _serve(route: Route) -> None:
    _, folder, *rest = route.request.url.removeprefix(ORIGIN).split("/")
    if not rest:
        route.fulfill(body="<!doctype html>", content_type="text/html")
        return
    path = FOLDERS[folder].joinpath(*rest)
    route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix])


@pytest.fixture(scope="module")
def one_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.route(f"{ORIGIN}/**", _serve)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(one_page: Page) -> Page:
    """Loaded anew, with nothing stored: much cheaper than a new one."""
    one_page.goto(f"{ORIGIN}/")
    one_page.evaluate(FORGET)
    return one_page


@pytest.mark.parametrize(("file", "name"), CASES)
def test_ground(page: Page, file: str, name: str) -> None:
    script = (
        f"import('/tests/{file}').then(() => import('/tests/harness.js')).then(({{ run }}) => run({json.dumps(name)}))"
    )
    page.evaluate(script)
