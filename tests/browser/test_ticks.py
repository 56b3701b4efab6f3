"""The four ticks, one after the other, each held by what really holds it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.person import Person


def test_clock_sent_delivered_read(house: House, new_person: Callable[..., Person]) -> None:
    alice, bob = new_person("alice"), new_person("bob")
    alice.sign_in()
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
    # The chat appeared by itself.
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


def test_nobody_has_seen_what_is_in_a_window_behind_others(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    alice.expect_tick("one", "seen")
    bob.page.evaluate("() => { document.hasFocus = () => false }")
    alice.send("two")
    expect(bob.message("two")).to_be_visible()
    alice.expect_tick("two", "delivered")
    bob.expect_unread(alice, 1)
    bob.page.evaluate("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')) }")
    alice.expect_tick("two", "seen")
    alice.expect_tick("one", "seen")


def test_ticks_that_moved_while_the_sender_was_away(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    alice.goto("/sign-up/nothing")
    alice.profile.forgive("404")
    bob.open_chat(alice)
    bob.expect_unread(alice, 0)
    alice.visit()
    alice.open_chat(bob)
    alice.expect_tick("one", "seen")


def test_message_info_tells_who_and_when(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    dialog = alice.open_info("one")
    person = dialog.locator(".people li")
    expect(person.locator("strong")).to_have_text(bob.name)
    delivered, read = person.locator("dd").all()
    expect(delivered).to_have_text(alice.exact_time())
    expect(read).to_have_text("Not yet")
    # It is read while the dialog is open.
    bob.open_chat(alice)
    expect(read).to_have_text(alice.exact_time())
    dialog.get_by_role("button", name="Close").click()
    expect(alice.message("one").get_by_role("button", name="More")).to_be_focused()


@pytest.mark.parametrize("ahead_ms", [86_400_000, -86_400_000], ids=["ahead", "behind"])
def test_a_clock_that_is_a_day_wrong(alice: Person, new_person: Callable[..., Person], ahead_ms: int) -> None:
    bob = new_person("bob")
    bob.profile.context.add_init_script(
        f"const AHEAD = {ahead_ms};"
        """
        const Real = Date;
        globalThis.Date = class extends Real {
          constructor(...parts) { parts.length ? super(...parts) : super(Real.now() + AHEAD); }
          static now() { return Real.now() + AHEAD; }
        };
        """
    )
    bob.sign_in()
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    bob.send("two")
    bob.expect_tick("two", "seen")
    alice.send("three")
    expect(bob.message("three")).to_be_visible()
    for person in (alice, bob):
        person.expect_texts("one", "two", "three")
        expect(person.page.locator(".day")).to_have_text(["Today"])
