"""Edits and deletions: seen on the other side, live and after being away, on every device of a person."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests.acceptance.servers import House
from tests.browser.lines import SlowPages
from tests.browser.person import Person, Profile

DELETED = "This message was deleted"
# What the list shows first at the next visit.
KEPT = """
async () => {
  const [{ name }] = await indexedDB.databases();
  const opening = indexedDB.open(name);
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const database = opening.result;
  const all = database.transaction("conversations").objectStore("conversations").getAll();
  await new Promise((resolve) => (all.onsuccess = resolve));
  database.close();
  return all.result.some(({ last }) => last?.body === "vier");
}
"""


def edit(person: Person, text: str, new: str) -> None:
    person.choose(text, "Edit")
    expect(person.page.locator("#quote")).to_contain_text("Editing message")
    expect(person.page.locator("#body")).to_have_value(text)
    person.write(new)
    expect(person.message(new)).to_be_visible()
    expect(person.page.locator("#quote")).to_be_hidden()


def deleted(person: Person) -> Locator:
    return person.page.locator(".message .text.deleted")


def leave(person: Person) -> None:
    """The page is closed, the device is away."""
    person.profile.forgive("404")
    person.goto("/nothing")


def test_an_edit_is_seen_on_the_other_side(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "tree")
    bob.open_chat(alice)
    bob.message("tree").hover()
    bob.message("tree").get_by_role("button", name="Reply").click()
    bob.send("which tree?")
    alice.page.locator("#body").fill("half a")
    edit(alice, "tree", "three")
    # What was being written is there again.
    expect(alice.page.locator("#body")).to_have_value("half a")
    alice.expect_tick("three", "seen")
    for each in (alice, bob):
        expect(each.message("three").locator(".edited")).to_have_text("edited")
        expect(each.message("which tree?").locator(".quoted-text")).to_have_text("three")
        expect(each.message("two").locator(".edited")).to_have_count(0)
    # The newest one in the list, too.
    edit(bob, "which tree?", "the third")
    for each, other in ((alice, bob), (bob, alice)):
        expect(each.row(other).locator(".conversation-last")).to_have_text("the third")
    # Escape leaves it as it was.
    alice.choose("two", "Edit")
    alice.page.locator("#body").fill("nothing of this")
    alice.page.locator("#body").press("Escape")
    expect(alice.page.locator("#body")).to_have_value("half a")
    for each in (alice, bob):
        each.reload()
        expect(each.message("three").locator(".edited")).to_have_text("edited")
        each.expect_texts("one", "two", "three", "the third")


def test_deleted_for_everyone(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.expect_unread(alice, 3)
    alice.remove("three", "Delete for everyone")
    # It is no news any more, and the list follows.
    bob.expect_unread(alice, 2)
    expect(bob.row(alice).locator(".conversation-last")).to_have_text(DELETED)
    bob.reload()
    bob.expect_unread(alice, 2)
    bob.open_chat(alice)
    alice.expect_tick("two", "seen")
    bob.message("one").hover()
    bob.message("one").get_by_role("button", name="Reply").click()
    bob.send("why?")
    expect(alice.message("why?")).to_be_visible()
    alice.remove("one", "Delete for everyone")
    for each in (alice, bob):
        expect(deleted(each)).to_have_text([re.compile(DELETED)] * 2)
        expect(each.message("why?").locator(".quoted-text")).to_have_text(DELETED)
        each.expect_texts("two", "why?")
    # Of somebody else's there is only oneself to delete it for.
    items = bob.open_menu("two").get_by_role("menuitem")
    expect(items).to_have_text(["Reply", "Copy text", "Report…", "Delete…"])
    bob.page.keyboard.press("Escape")
    expect(items.first).to_be_hidden()
    expect(bob.message("two").get_by_role("button", name="More")).to_be_focused()


def test_edits_and_deletions_while_away(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    alice.expect_tick("three", "seen")
    leave(bob)
    edit(alice, "one", "uno")
    edit(alice, "uno", "eins")
    alice.remove("two", "Delete for everyone")
    expect(deleted(alice)).to_have_count(1)
    alice.send("four")
    edit(alice, "four", "vier")
    bob.visit()
    bob.expect_unread(alice, 1)
    bob.open_chat(alice)
    expect(bob.message("eins").locator(".edited")).to_be_visible()
    expect(deleted(bob)).to_have_count(1)
    bob.expect_texts("eins", "three", "vier")
    # It is stored: there without a connection, too.
    while not bob.page.evaluate(KEPT):
        bob.page.wait_for_timeout(100)
    bob.profile.context.route_web_socket("**/ws/v1", lambda socket: None)
    bob.page.reload()
    expect(bob.message("eins").locator(".edited")).to_be_visible()
    expect(deleted(bob)).to_have_count(1)
    bob.expect_texts("eins", "three", "vier")


def test_deleted_for_me_on_all_my_devices(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    phone = Person(new_profile(house, viewport={"width": 390, "height": 844}), house.sign_in(bob.username))
    phone.come_in()
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    phone.open_chat(alice)
    expect(phone.message("three")).to_be_visible()
    leave(phone)
    bob.remove("two", "Delete for me")
    expect(bob.message("two")).to_have_count(0)
    bob.remove("three", "Delete for me")
    for _ in range(2):
        expect(bob.row(alice).locator(".conversation-last")).to_have_text("one")
        bob.expect_texts("one")
        bob.reload()
    phone.visit()
    phone.open_chat(alice)
    expect(phone.message("three")).to_have_count(0)
    phone.expect_texts("one")
    # A device that has nothing yet, and an edit by their author, bring none of them back.
    alice.expect_texts("one", "two", "three")
    edit(alice, "two", "too")
    laptop = Person(new_profile(house), house.sign_in(bob.username))
    laptop.come_in()
    laptop.open_chat(alice)
    expect(laptop.message("one")).to_be_visible()
    alice.send("four")
    for each in (bob, phone, laptop):
        expect(each.message("four")).to_be_visible()
        each.expect_texts("one", "four")


def test_the_menu_by_keyboard(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.message("one").get_by_role("button", name="More").focus()
    alice.page.keyboard.press("Enter")
    items = alice.page.get_by_role("menu").get_by_role("menuitem")
    expect(items).to_have_text(["Reply", "Copy text", "Edit", "Message info", "Delete…"])
    expect(items.first).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    expect(items.nth(1)).to_be_focused()
    alice.page.keyboard.press("End")
    expect(items.last).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("#body")).to_be_focused()
    expect(alice.page.locator("#body")).to_have_value("one")


def test_what_cannot_be_changed_says_why(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two")
    alice.expect_tick("two", "delivered")
    # Another window of hers deletes it meanwhile.
    alice.choose("one", "Edit")
    window = alice.another_tab()
    window.open_chat(bob)
    window.remove("one", "Delete for everyone")
    expect(deleted(alice)).to_have_count(1)
    alice.write("uno")
    expect(alice.page.locator("#notice")).to_have_text("This message is not there any more.")
    expect(alice.page.locator("#quote")).to_be_hidden()
    house.pause("web-1")
    try:
        alice.choose("two", "Edit")
        alice.write("too")
        # Until it is done, what was written stays.
        expect(alice.page.locator("#body")).to_have_value("too")
        expect(alice.message("two")).to_be_visible()
    finally:
        house.resume("web-1")
    expect(alice.message("too")).to_be_visible()
    expect(alice.page.locator("#body")).to_have_value("")


def test_an_edit_pushed_while_an_older_page_is_on_its_way(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    alice.expect_tick("three", "seen")
    # A new device has all of it from the server.
    laptop = Person(new_profile(house), house.sign_in(bob.username))
    slow = SlowPages()
    laptop.profile.context.route_web_socket("**/ws/v1", slow.connect)
    laptop.come_in()
    laptop.open_chat(alice)
    while not slow.late:
        laptop.page.wait_for_timeout(50)
    edit(alice, "one", "uno")
    alice.remove("two", "Delete for everyone")
    edit(alice, "three", "tre")
    # That these have come is known by the list.
    expect(laptop.row(alice).locator(".conversation-last")).to_have_text("tre")
    assert any('"one"' in page for page in slow.late)
    slow.release()
    expect(laptop.message("uno")).to_be_visible()
    expect(deleted(laptop)).to_have_count(1)
    laptop.expect_texts("uno", "tre")
    laptop.reload()
    expect(laptop.message("uno")).to_be_visible()
    laptop.expect_texts("uno", "tre")
