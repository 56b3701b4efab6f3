"""A thread read by keyboard and by ear, long and large text, copying, days."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.servers import House
from tests.browser.person import Person, Profile

LONG = "\n".join(f"line {n} of a long message" for n in range(40))

FOCUSED = """
() => {
  const { top, bottom } = document.activeElement.getBoundingClientRect();
  const window = document.getElementById("thread-scroll").getBoundingClientRect();
  const text = document.activeElement.querySelector(".body").textContent;
  return { text, isVisible: top < window.bottom && bottom > window.top };
}
"""


def bubble(person: Person, text: str) -> Locator:
    return person.message(text).locator(".bubble")


def test_a_message_is_read_as_one(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("hello")
    bob.open_chat(alice)
    bob.send("good morning")
    for name in (
        rf"{bob.name} good morning \d+:\d\d\s[AP]M",
        r"You hello \d+:\d\d\s[AP]M Read",
    ):
        expect(alice.page.get_by_role("article", name=re.compile(f"^{name}$"))).to_have_count(1)


def test_through_the_thread_by_keyboard(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    alice.expect_tick("three", "seen")
    page = alice.page
    page.locator("#body").focus()
    # Past the button for files into the thread: one stop, the newest, and what can be pressed in it.
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#attach")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(bubble(alice, "three")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(bubble(alice, "two")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(bubble(alice, "one")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(bubble(alice, "two")).to_be_focused()
    menu = page.get_by_role("menu")
    for key in ("Enter", "Space", "ContextMenu", "Shift+F10"):
        page.keyboard.press(key)
        expect(menu.get_by_role("menuitem").first).to_be_focused()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        expect(bubble(alice, "two")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    # Reply: into the composer, with its quote.
    expect(page.locator("#body")).to_be_focused()
    expect(page.locator("#quote-text")).to_have_text("two")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(bubble(alice, "two")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#body")).to_be_focused()


def test_arrow_keys_go_on_to_what_is_not_loaded(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("line", 300)
    alice.expect_tick("line 299", "delivered")
    alice.page.reload()
    bubble(alice, "line 299").focus()
    went = [299]
    for _ in range(1500):
        alice.page.keyboard.press("ArrowUp")
        focused = alice.page.evaluate(FOCUSED)
        assert focused["isVisible"]
        went.append(int(focused["text"].removeprefix("line ")))
        if went[-1] == 61:
            break
    # One after the other, resting where the next ones are still on their way.
    assert sorted(set(went), reverse=True) == list(range(299, 60, -1)) and went == sorted(went, reverse=True)


def test_focus_is_not_lost_when_a_row_changes(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    alice.expect_tick("three", "seen")
    more = bob.message("one").get_by_role("button", name="More")
    more.focus()
    alice.choose("one", "Edit")
    alice.write("uno")
    expect(bob.message("uno")).to_be_visible()
    expect(bob.message("uno").get_by_role("button", name="More")).to_be_focused()
    # With its menu open.
    bob.page.keyboard.press("Enter")
    expect(bob.page.get_by_role("menu").get_by_role("menuitem").first).to_be_focused()
    alice.choose("uno", "Edit")
    alice.write("eins")
    expect(bob.message("eins")).to_be_visible()
    bob.page.keyboard.press("Escape")
    expect(bubble(bob, "eins")).to_be_focused()
    # What is gone leaves it to a neighbour.
    bubble(bob, "two").focus()
    bob.remove("two", "Delete for me")
    expect(bob.message("two")).to_have_count(0)
    expect(bob.page.locator("#thread :focus")).to_have_count(1)
    expect(bob.message("three").locator(":focus")).to_have_count(1)


def test_focus_stays_on_a_message_while_it_is_sent(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    house.pause("web-1")
    try:
        alice.send("on its way")
        alice.expect_tick("on its way", "pending")
        bubble(alice, "on its way").focus()
    finally:
        house.resume("web-1")
    alice.expect_tick("on its way", "delivered")
    expect(bubble(alice, "on its way")).to_be_focused()


def test_long_text_is_folded(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write(LONG)
    alice.write("short")
    bob.open_chat(alice)
    alice.expect_tick("short", "seen")
    message = alice.page.locator(".message").first
    button = message.get_by_role("button", name="Read more")
    expect(button).to_have_attribute("aria-expanded", "false")
    assert (message.bounding_box() or {})["height"] < 400
    button.click()
    button = message.get_by_role("button", name="Show less")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(button).to_be_focused()
    assert (message.bounding_box() or {})["height"] > 780
    # So it stays when the row is made anew, and others see their own.
    alice.choose("short", "Edit")
    alice.write("shorter")
    message.hover()
    message.get_by_role("button", name="More").click()
    alice.page.get_by_role("menuitem", name="Edit").click()
    alice.write(f"{LONG}\nP.S.")
    expect(message.locator(".edited")).to_have_count(1)
    expect(button).to_be_visible()
    expect(bob.page.locator(".message").first.get_by_role("button", name="Read more")).to_be_visible()
    assert bob.raw_texts[0] == f"{LONG}\nP.S."
    button.click()
    expect(message.get_by_role("button", name="Read more")).to_be_focused()
    expect(message).to_be_in_viewport()
    expect(alice.message("shorter").locator(".fold")).to_have_count(0)


def test_text_is_copied_as_it_was_written(
    house: House, alice: Person, bob: Person, friend: Callable[..., Person]
) -> None:
    carol = friend("carol", permissions=["clipboard-read", "clipboard-write"])
    text = "two\n\tlines, <b> & שלום 👩‍👩‍👧‍👦"
    carol.start_chat(bob)
    carol.write(text)
    carol.expect_tick("two\n\tlines, <b> & שלום 👩‍👩‍👧‍👦", "delivered")
    carol.choose(text, "Copy text")
    expect(carol.page.locator("#notice")).to_have_text("Copied.")
    assert carol.page.evaluate("navigator.clipboard.readText()") == text
    # Where a browser has no clipboard for pages (plain http from another machine).
    carol.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    carol.send("another")
    carol.choose("another", "Copy text")
    carol.page.locator("#body").focus()
    carol.page.keyboard.press("Control+V")
    expect(carol.page.locator("#body")).to_have_value("another")


@pytest.mark.parametrize(("text", "size"), [("👩‍👩‍👧‍👦", 40), ("🇪🇺👍🏽", 40), ("👍 ok", 15)])
def test_emoji_alone_are_large(alice: Person, bob: Person, text: str, size: int) -> None:
    alice.start_chat(bob)
    alice.send(text)
    alice.expect_tick(text, "delivered")
    assert alice.message(text).locator(".body").evaluate("body => parseInt(getComputedStyle(body).fontSize)") == size


def test_days_in_the_viewer_s_zone_and_language(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    alice.start_chat(bob)
    alice.send("hello")
    alice.expect_tick("hello", "delivered")
    dates = set()
    # It is never the same day in both.
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        tab = Person(new_profile(house, locale="de-DE", timezone_id=zone), house.sign_in(bob.username))
        tab.come_in()
        tab.open_chat(alice)
        expect(tab.page.locator(".day")).to_have_text("Heute")
        dates.add(tab.message("hello").locator("time").get_attribute("title"))
    assert len(dates) == 2 and all(re.match(r"\d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d", str(date)) for date in dates)
