"""What comes when it is asked for, and what the page loads by itself."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Route, expect

from bench.page import BYTES
from tests.browser.person import Person
from tests.browser.test_install import installed
from tests.messenger.test_static_files import MOST_BYTES, MOST_TEXT_BYTES

FILES = re.compile(r"/settings[^/]*\.(js|css)$")


def button(person: Person) -> Locator:
    return person.page.locator("#open-settings")


def dialog(person: Person) -> Locator:
    return person.page.get_by_role("dialog", name="Settings")


class Held:
    """The files of the settings, which do not come before they are let go."""

    def __init__(self, person: Person) -> None:
        self.routes: list[Route] = []
        self.is_over = False
        person.page.route(FILES, self._met)

    def _met(self, route: Route) -> None:
        if self.is_over:
            route.continue_()
        else:
            self.routes.append(route)

    def let_go(self) -> None:
        self.is_over = True
        for route in self.routes:
            route.continue_()


@pytest.mark.parametrize("language", ["en", "de"])
def test_until_the_chats_are_ready_no_more_is_loaded_than_the_page_may_weigh(
    language: str, new_person: Callable[..., Person]
) -> None:
    alice = new_person("alice", locale=language)
    alice.come_in()
    assert 50_000 < alice.page.evaluate(BYTES) <= MOST_BYTES + MOST_TEXT_BYTES


def test_a_part_comes_once_and_gives_the_focus_back(alice: Person) -> None:
    asked: list[str] = []
    alice.page.on("request", lambda request: asked.append(request.url) if FILES.search(request.url) else None)
    button(alice).focus()
    for _ in range(2):
        alice.page.keyboard.press("Enter")
        expect(dialog(alice).get_by_label("Your name")).to_be_enabled()
        alice.page.keyboard.press("Escape")
        expect(dialog(alice)).to_be_hidden()
        expect(button(alice)).to_be_focused()
    # Fetched, and then taken from the browser's cache.
    assert asked and all(asked.count(each) <= 2 for each in asked)


def test_pressed_twice_it_opens_once(alice: Person) -> None:
    held = Held(alice)
    button(alice).dblclick()
    expect(button(alice)).to_have_attribute("aria-busy", "true")
    expect(dialog(alice)).to_be_hidden()
    held.let_go()
    expect(dialog(alice)).to_be_visible()
    expect(button(alice)).not_to_have_attribute("aria-busy", "true")
    alice.page.keyboard.press("Escape")
    expect(dialog(alice)).to_be_hidden()


def test_who_has_turned_to_something_else_meanwhile_is_not_interrupted(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    held = Held(alice)
    button(alice).click()
    alice.page.locator("#body").fill("I was about to")
    held.let_go()
    expect(button(alice)).not_to_have_attribute("aria-busy", "true")
    expect(dialog(alice)).to_be_hidden()
    expect(alice.page.locator("#body")).to_be_focused()
    button(alice).click()
    expect(dialog(alice)).to_be_visible()


@pytest.mark.parametrize("missing", [r"/settings\.[^/]*\.js$", r"/settings_own\.[^/]*\.js$", r"/settings\.[^/]*\.css$"])
def test_what_cannot_be_loaded_is_said_and_comes_at_the_next_try(missing: str, alice: Person, bob: Person) -> None:
    alice.profile.forgive("ERR_FAILED")
    alice.page.route(re.compile(missing), lambda route: route.abort())
    # Where no chat is open, and where one is.
    for pane in ("#side", ".thread-frame"):
        button(alice).click()
        notice = alice.page.locator(f"{pane} #notice")
        expect(notice).to_contain_text("could not be loaded")
        expect(button(alice)).not_to_have_attribute("aria-busy", "true")
        expect(dialog(alice)).to_be_hidden()
        if pane == "#side":
            alice.start_chat(bob)
    alice.page.unroute(re.compile(missing))
    button(alice).click()
    expect(dialog(alice).get_by_label("Your name")).to_be_enabled()


def test_the_worker_keeps_what_was_never_opened_for_when_there_is_no_network(
    new_person: Callable[..., Person], bob: Person
) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    alice.start_chat(bob)
    alice.send("hello")
    alice.reload()
    alice.profile.context.set_offline(True)
    alice.page.reload()
    alice.page.locator("#open-settings").click()
    expect(dialog(alice).get_by_text("You are offline")).to_be_visible()
    alice.page.keyboard.press("Escape")
    expect(alice.open_info("hello").get_by_text("You are offline")).to_be_visible()
