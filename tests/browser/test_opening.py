"""A chat is opened, on a line as slow as one likes, and left again."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.lines import SlowPages
from tests.browser.person import Person, Profile

PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


def test_what_is_written_while_a_chat_opens_is_there_at_once(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    """On a device that has nothing of it yet."""
    alice.start_chat(bob)
    alice.write_many("line", 60)
    # With all of them unread: who opens it at the first one follows the rest as they come.
    bob.expect_unread(alice, 60)
    bob.open_chat(alice)
    bob.page.locator("#jump").click()
    alice.expect_tick("line 59", "seen")
    alice.write_many("unread", 3)
    alice.expect_tick("unread 2", "delivered" if bob.page.locator("#jump").is_visible() else "seen")
    pages = SlowPages()
    other = Person(new_profile(house), house.sign_in(bob.username))
    other.profile.context.route_web_socket("**/ws/v1", pages.connect)
    other.come_in()
    other.open_chat(alice)
    other.send("written meanwhile")
    other.expect_tick("written meanwhile", "seen")
    while not pages.late:
        other.page.wait_for_timeout(20)
    pages.release()
    expect(other.message("unread 2")).to_be_visible()
    expect(other.message("written meanwhile")).to_be_in_viewport()
    assert other.texts[-2:] == ["unread 2", "written meanwhile"]


def test_nothing_is_seen_that_is_not_there_yet(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    alice.start_chat(bob)
    alice.send("one")
    # Received, and not looked at.
    alice.expect_tick("one", "delivered")
    bob.profile.forgive("404")
    bob.goto("/nothing")
    pages = SlowPages()
    other = Person(new_profile(house), house.sign_in(bob.username))
    other.profile.context.route_web_socket("**/ws/v1", pages.connect)
    other.come_in()
    other.expect_unread(alice, 1)
    other.open_chat(alice)
    while not pages.late:
        other.page.wait_for_timeout(20)
    other.page.evaluate("() => dispatchEvent(new Event('focus'))")
    other.expect_unread(alice, 1)
    alice.expect_tick("one", "delivered")
    pages.release()
    expect(other.message("one")).to_be_visible()
    alice.expect_tick("one", "seen")


def test_a_menu_is_of_the_chat_it_was_opened_in(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    carol = new_person("carol")
    alice.start_chat(carol)
    alice.send("to carol")
    alice.start_chat(bob)
    alice.send("to bob")
    menu = alice.open_menu("to bob")
    expect(menu).to_be_visible()
    alice.page.go_back()
    alice.expect_open(carol)
    expect(menu).to_be_hidden()
    alice.page.go_forward()
    alice.expect_open(bob)
    alice.choose("to bob", "Delete…")
    dialog = alice.page.get_by_role("dialog", name="Delete this message?")
    expect(dialog).to_contain_text("to bob")
    alice.page.evaluate("() => history.back()")
    alice.expect_open(carol)
    expect(dialog).to_be_hidden()


def test_deleting_asks_first(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("stays")
    alice.choose("stays", "Delete…")
    dialog = alice.page.get_by_role("dialog", name="Delete this message?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(alice.message("stays")).to_be_visible()
    bob.open_chat(alice)
    bob.choose("stays", "Delete…")
    expect(bob.page.get_by_role("button", name="Delete for everyone")).to_be_hidden()


def test_on_a_phone_the_focus_goes_along(friend: Callable[..., Person], bob: Person) -> None:
    alice = friend("alice", **PHONE)
    alice.start_chat(bob)
    alice.page.locator("#body").fill("one")
    alice.page.get_by_role("button", name="Send").click()
    alice.expect_tick("one", "delivered")
    alice.page.locator("#back").click()
    row = alice.row(bob)
    expect(row).to_be_focused()
    row.press("Enter")
    expect(alice.page.locator("#thread-scroll")).to_be_focused()


def test_message_info_is_asked_for_where_something_happened(
    alice: Person, bob: Person, new_person: Callable[..., Person]
) -> None:
    asked: list[str] = []
    alice.page.on("websocket", lambda socket: socket.on("framesent", lambda text: asked.append(str(text))))
    alice.reload()
    carol = new_person("carol")
    carol.come_in()
    carol.start_chat(alice)
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    dialog = alice.open_info("one")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    before = len([text for text in asked if '"info"' in text])
    carol.write_many("elsewhere", 10)
    alice.expect_unread(carol, 10)
    # Asked only now: what came before this would have asked by then.
    bob.open_chat(alice)
    expect(dialog.locator("dd").nth(1)).to_have_text(alice.exact_time())
    assert len([text for text in asked if '"info"' in text]) - before <= 3
