"""Unread counts are derived, so they are right after reloads, on other devices, and after having been wrong."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.person import Person, Profile


def test_counts_in_list_and_title_survive_a_reload(alice: Person, bob: Person, friend: Callable[..., Person]) -> None:
    carol = friend("carol")
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    carol.start_chat(bob)
    carol.send("a")
    for _ in range(2):
        bob.expect_unread(alice, 3)
        bob.expect_unread(carol, 1)
        expect(bob.page).to_have_title("(4) Messenger")
        # Newest first.
        expect(bob.page.locator(".conversation-name")).to_have_text([carol.name, alice.name])
        bob.reload()
    bob.open_chat(alice)
    bob.expect_unread(alice, 0)
    bob.expect_unread(carol, 1)
    expect(bob.page.locator(".unread-line")).to_be_visible()
    alice.send("four")
    expect(bob.page.locator(".conversation-name")).to_have_text([alice.name, carol.name])
    bob.expect_unread(alice, 0)
    bob.reload()
    bob.expect_unread(alice, 0)
    bob.expect_unread(carol, 1)
    expect(bob.page).to_have_title("(1) Messenger")


def test_what_was_read_on_another_device_is_read(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    phone = Person(new_profile(house, viewport={"width": 390, "height": 844}), bob.username)
    phone.sign_in()
    alice.start_chat(bob)
    alice.send("one", "two")
    bob.expect_unread(alice, 2)
    phone.expect_unread(alice, 2)
    phone.open_chat(alice)
    alice.expect_tick("two", "seen")
    bob.expect_unread(alice, 0)
    # On a phone the list makes room for the chat, and Back brings it back.
    expect(phone.page.locator("#conversations")).to_be_hidden()
    phone.page.get_by_role("button", name="Back to the list").click()
    phone.expect_unread(alice, 0)
    expect(phone.page.locator("#thread-pane")).to_be_hidden()
    phone.page.go_back()
    phone.expect_open(alice)


def test_one_s_own_messages_from_elsewhere_are_not_unread(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    laptop = Person(new_profile(house), bob.username)
    laptop.sign_in()
    alice.start_chat(bob)
    alice.send("one")
    laptop.open_chat(alice)
    laptop.send("two", "three")
    expect(bob.row(alice)).to_contain_text("three")
    bob.expect_unread(alice, 0)
