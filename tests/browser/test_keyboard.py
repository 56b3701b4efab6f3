"""From the sign-in page to signing out without a pointer, only by keys a person has."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.servers import PASSWORD, House
from tests.browser.person import Person, Profile

MOST_TABS = 40


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Step by step, and the focus is seen at each stop."""
    expect(target).to_be_visible()
    for _ in range(MOST_TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement !== document.body || !document.hasFocus()"), "the focus is lost"
    raise AssertionError("not reached by keys")


def choose(page: Page, name: str) -> None:
    """Of the menu that is open."""
    item = page.get_by_role("menuitem", name=name, exact=True)
    expect(page.get_by_role("menuitem").first).to_be_focused()
    for _ in range(MOST_TABS):
        if item.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_a_whole_visit_by_keys_alone(house: House, new_profile: Callable[..., Profile], bob: Person) -> None:
    username = "keyed"
    house.person(username)
    keyed = Person(new_profile(house), username)
    page, keys = keyed.page, keyed.page.keyboard
    keyed.goto("/sign-in/")
    tab_to(page, page.get_by_label("Username"))
    keys.type(username)
    tab_to(page, page.get_by_label("Password"))
    keys.type(PASSWORD)
    keys.press("Enter")
    keyed.expect_connected()

    # A new chat, with somebody nobody here has written to.
    tab_to(page, page.get_by_role("button", name="New chat"))
    keys.press("Enter")
    expect(page.get_by_role("dialog", name="New chat").get_by_label("Username")).to_be_focused()
    keys.type(bob.username)
    keys.press("Enter")
    keyed.expect_open(bob)
    body = page.locator("#body")
    expect(body).to_be_focused()
    keys.type("by keys")
    keys.press("Enter")
    expect(keyed.message("by keys")).to_be_visible()
    bob.open_chat(keyed)
    bob.send("an answer")
    expect(keyed.message("an answer")).to_be_visible()

    # It is found by search, and answered with a quote.
    tab_to(page, page.get_by_role("searchbox", name="Search chats"), "Shift+Tab")
    keys.type(bob.username)
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(body).to_be_focused()
    tab_to(page, keyed.message("an answer").locator(".bubble"), "Shift+Tab")
    keys.press("Enter")
    choose(page, "Reply")
    expect(body).to_be_focused()
    keys.type("quoted")
    keys.press("Enter")
    expect(keyed.message("quoted").locator(".quoted-text")).to_have_text("an answer")
    # Nothing more happens to it: an open menu goes when its message is drawn anew.
    keyed.expect_tick("quoted", "seen")

    # One's own is changed, and looked into.
    own = keyed.message("quoted").locator(".bubble")
    tab_to(page, own, "Shift+Tab")
    keys.press("Enter")
    choose(page, "Edit")
    keys.press("Control+a")
    keys.type("changed")
    keys.press("Enter")
    changed = keyed.message("changed")
    expect(changed).to_be_visible()
    expect(bob.message("changed")).to_be_visible()
    tab_to(page, changed.locator(".bubble"), "Shift+Tab")
    keys.press("Enter")
    choose(page, "Message info")
    info = page.get_by_role("dialog", name="Message info")
    expect(info).to_contain_text(bob.name)
    keys.press("Escape")
    expect(info).to_be_hidden()
    expect(changed.locator(".bubble")).to_be_focused()

    # Settings open and close, and the way out.
    tab_to(page, page.get_by_role("button", name="Settings"), "Shift+Tab")
    keys.press("Enter")
    settings = page.get_by_role("dialog", name="Settings")
    tab_to(page, settings.get_by_role("switch", name=re.compile("Show when I am online")))
    keys.press("Space")
    expect(settings.get_by_role("switch", name=re.compile("Show when I am online"))).not_to_be_checked()
    keys.press("Escape")
    expect(settings).to_be_hidden()
    tab_to(page, page.get_by_role("button", name="Sign out"))
    keys.press("Enter")
    page.wait_for_url(re.compile("/sign-in/"))
