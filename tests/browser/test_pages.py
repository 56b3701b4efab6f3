"""Getting in and out: sign-up, sign-in, sign-out, a device ended from elsewhere; and what pages may not do."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.acceptance.servers import PASSWORD, House
from tests.browser.person import Person, Profile, wait_until
from tests.browser.test_install import installed

DATABASES = "async () => (await indexedDB.databases()).map(({ name }) => name)"
REVOKE = """
from chat.log.devices import revoke
from chat.models import Device
print(sum(revoke(device) for device in Device.objects.filter(user__username="{username}")))
"""


def databases(page: Page) -> list[str]:
    found: list[str] = page.evaluate(DATABASES)
    return found


def test_from_sign_up_to_the_first_message(house: House, bob: Person, new_profile: Callable[..., Profile]) -> None:
    newcomer = Person(new_profile(house), f"new.{bob.username}")
    newcomer.goto("/")
    page = newcomer.page
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Username").fill(newcomer.username.upper())
    page.get_by_label("Your name").fill("Nina <b>New</b>")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    newcomer.expect_connected()
    expect(page.locator("#my-name")).to_have_text("Nina <b>New</b>")
    expect(page.get_by_text("No chats yet")).to_be_visible()
    page.get_by_role("button", name="Start one").click()
    page.get_by_label("Username").fill("nobody.at.all")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("Nobody here has that username.")).to_be_visible()
    page.get_by_label("Username").fill(f"@{bob.username}")
    page.get_by_role("button", name="Open", exact=True).click()
    newcomer.expect_open(bob)
    newcomer.send("Hello!")
    newcomer.expect_tick("Hello!", "delivered")
    newcomer.name = "Nina <b>New</b>"
    bob.expect_unread(newcomer, 1)


def test_sign_up_says_what_is_wrong(house: House, bob: Person, new_profile: Callable[..., Profile]) -> None:
    newcomer = Person(new_profile(house), bob.username)
    newcomer.goto("/sign-up/")
    page = newcomer.page
    page.get_by_label("Username").fill(bob.username)
    page.get_by_label("Password", exact=True).fill("12345")
    page.get_by_label("Password again").fill("54321")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("That username is taken.")).to_be_visible()
    expect(page.get_by_label("Password again")).to_have_attribute("aria-invalid", "true")


def test_a_wrong_password(new_person: Callable[..., Person]) -> None:
    alice = new_person("alice")
    alice.goto("/")
    alice.page.get_by_label("Username").fill(alice.username)
    alice.page.get_by_label("Password").fill("not it")
    alice.page.get_by_role("button", name="Sign in").click()
    expect(alice.page.get_by_role("alert")).to_contain_text("correct username and password")
    alice.page.get_by_label("Password").fill(PASSWORD)
    alice.page.get_by_role("button", name="Sign in").click()
    alice.expect_connected()


def test_signing_out_leaves_nothing_behind(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    other_tab = alice.another_tab()
    assert len(databases(alice.page)) == 1
    alice.page.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert databases(alice.page) == []
    # Nobody reads there on either.
    expect(other_tab.page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(other_tab.page.get_by_text("one")).to_have_count(0)
    # The same browser again: what it had is history now, fetched when it is looked at.
    bob.open_chat(alice)
    bob.send("two")
    alice.sign_in()
    alice.expect_unread(bob, 1)
    alice.open_chat(bob)
    expect(alice.message("two")).to_be_visible()
    alice.expect_texts("one", "two")
    alice.expect_tick("one", "seen")


def test_signing_out_asks_before_unsent_messages_are_lost(
    house: House, new_person: Callable[..., Person], bob: Person
) -> None:
    # With its worker: a server that says nothing gives no files for the question either.
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    house.pause("web-1")
    try:
        alice.send("one")
        alice.page.get_by_role("button", name="Sign out").click()
        expect(alice.page.get_by_text("One message has not been sent yet.")).to_be_visible()
        alice.page.get_by_role("button", name="Stay").click()
    finally:
        house.resume("web-1")
    alice.expect_tick("one", "delivered")


def test_a_revoked_device_has_to_sign_in_again(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    before = databases(alice.page)
    assert house.manage("shell", "-v", "0", "-c", REVOKE.format(username=alice.username)).strip() == "1"
    alice.expect_state("signed-out")
    alice.page.get_by_role("link", name="Sign in again").click()
    # Not straight back in: the session that came with the device is over, too.
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    alice.goto("/")
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    alice.sign_in()
    alice.open_chat(bob)
    expect(alice.message("one")).to_be_visible()
    wait_until(alice.page, f"async () => (await ({DATABASES})()).length === 1")
    assert databases(alice.page) != before


def test_pages_hold_no_inline_script_or_style_and_forbid_it(alice: Person) -> None:
    alice.profile.forgive("404")
    for path in ("/", "/nothing/"):
        response = alice.page.goto(f"{alice.profile.address}{path}")
        assert response is not None
        policy = response.headers["content-security-policy"]
        assert "unsafe" not in policy and "script-src 'self'" in policy and "style-src 'self'" in policy
        html = response.text()
        assert not re.search(r"<style|\sstyle=|\son\w+=", html)
        scripts = re.findall(r"<script[^>]*>", html)
        assert all("src=" in script or 'type="application/json"' in script for script in scripts)
    expect(alice.page.get_by_text("There is no such page")).to_be_visible()
