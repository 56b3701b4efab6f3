"""Chromium against a real messenger. Every test here is marked `browser`; without Chromium it is skipped, saying so.

A house a worker, kept while the tests of this package run: whoever ends one of its parts starts it again. People are
new in each test.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from tests.acceptance.servers import House
from tests.browser.person import Person, Profile

HERE = Path(__file__).parent
WHOLE_CHROMIUM = "/usr/bin/chromium"
# Without the windows around its pages, which cost more than the pages, and without notifications.
CHROMIUM = shutil.which("chromium-headless-shell") or WHOLE_CHROMIUM
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The shortest come last: no worker is to begin a long one when the others have nothing left.
    items.sort(key=lambda item: item.path.name == "test_ground.py")
    missing = pytest.mark.skip(reason="Chromium is not installed: nothing was tested in a browser")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")
            if shutil.which(CHROMIUM) is None:
                item.add_marker(missing)


# Until the last test of this package: Playwright's loop must not be there while tests of asyncio run.
@pytest.fixture(scope="package")
def launch() -> Iterator[Callable[[str], Browser]]:
    """A Chromium by its path, each started once a worker."""
    with sync_playwright() as playwright, ExitStack() as stack:

        @cache
        def launched(path: str) -> Browser:
            if shutil.which(path) is None:
                pytest.skip(f"{path} is not installed")
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            stack.callback(browser.close)
            return browser

        yield launched


@pytest.fixture(scope="package")
def browser(launch: Callable[[str], Browser]) -> Browser:
    return launch(CHROMIUM)


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture(scope="package")
def spare() -> list[Profile]:
    """Profiles that are as new, but for the files in their cache: half of what a first visit costs is to fetch them."""
    return []


@pytest.fixture
def new_profile(launch: Callable[[str], Browser], spare: list[Profile]) -> Iterator[Callable[..., Profile]]:
    """Browser profiles that share nothing; those that may have a service worker can be notified. At the end nobody may
    have met an error in the console."""
    profiles: list[Profile] = []

    def make(house: House, **options: object) -> Profile:
        for profile in spare:
            if not options and profile.address == house.address:
                spare.remove(profile)
                profiles.append(profile)
                return profile
        path = WHOLE_CHROMIUM if options.get("service_workers") == "allow" else CHROMIUM
        profiles.append(Profile(launch(path), house.address, **options))
        return profiles[-1]

    yield make
    errors = [error for profile in profiles for error in profile.errors]
    for profile in profiles:
        with suppress(Error):
            if profile.is_plain:
                profile.forget()
                spare.append(profile)
            else:
                profile.close()
    assert errors == []


_numbers = itertools.count(1)


@pytest.fixture
def new_person(house: House, new_profile: Callable[..., Profile]) -> Callable[..., Person]:
    """Someone new, e.g. "alice7", at the sign-in page or wherever their test goes first."""

    def make(name: str, **options: object) -> Person:
        [signed_in] = house.enrol(f"{name}{next(_numbers)}")
        return Person(new_profile(house, **options), signed_in)

    return make


@pytest.fixture
def friend(new_person: Callable[..., Person]) -> Callable[..., Person]:
    """Someone new who is at their chats, signed in as after an earlier visit to the sign-in page."""

    def make(name: str, **options: object) -> Person:
        person = new_person(name, **options)
        person.come_in()
        return person

    return make


@pytest.fixture
def alice(friend: Callable[..., Person]) -> Person:
    return friend("alice")


@pytest.fixture
def bob(friend: Callable[..., Person]) -> Person:
    return friend("bob")
