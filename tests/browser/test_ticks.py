"""The four ticks, one after the other, each held by what really holds it."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.person import Person


def test_clock_sent_delivered_read(house: House, alice: Person, new_person: Callable[..., Person]) -> None:
    bob = new_person("bob", sign_in=False)
    alice.start_chat(bob)
    house.pause("web-1")
    try:
        alice.write("Are you there?")
        alice.expect_tick("Are you there?", "pending")
    finally:
        house.resume("web-1")
    # Bob has no device yet.
    alice.expect_tick("Are you there?", "sent")
    bob.sign_in()
    alice.expect_tick("Are you there?", "delivered")
    bob.expect_unread(alice, 1)
    bob.open_chat(alice)
    alice.expect_tick("Are you there?", "seen")
    bob.expect_unread(alice, 0)


def test_the_list_shows_the_tick_of_the_last_message(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    tick = alice.row(bob).locator(".tick")
    expect(tick).to_have_attribute("data-tick", "delivered")
    bob.open_chat(alice)
    expect(tick).to_have_attribute("data-tick", "seen")
