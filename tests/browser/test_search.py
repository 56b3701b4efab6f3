"""Finding a chat by name while typing; and messages and people, with the server's help."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Locator, Route, expect

from tests import groups
from tests.acceptance.servers import House
from tests.browser.person import Person, Profile
from tests.browser.test_groups import act, actor, user


def search(person: Person) -> Locator:
    return person.page.get_by_role("searchbox", name="Search chats")


def rows(person: Person) -> Locator:
    return person.page.locator(".conversation-name")


def renamed(house: House, person: Person, name: str) -> None:
    with psycopg.connect(house.dsn) as connection:
        connection.execute("UPDATE chat_user SET name = %s WHERE username = %s", [name, person.username])
    person.name = name


def test_a_chat_is_found_by_name_or_username(house: House, alice: Person, new_person: Callable[..., Person]) -> None:
    zoe, bob = new_person("zb"), new_person("bob")
    expect(search(alice)).to_be_hidden()
    renamed(house, zoe, "Zoë Strauß")
    for person in (zoe, bob):
        alice.start_chat(person)
        alice.page.get_by_role("button", name="Settings").focus()
    for query in ("zoe", "STRAUSS zo", f"@{zoe.username}", "  ë "):
        search(alice).fill(query)
        expect(rows(alice)).to_have_text([zoe.name])
    search(alice).press("Escape")
    expect(search(alice)).to_have_value("")
    expect(rows(alice)).to_have_text([bob.name, zoe.name])
    # What comes meanwhile does not end the search.
    search(alice).fill("zoe")
    bob.come_in()
    bob.open_chat(alice)
    bob.send("hello")
    bob.expect_tick("hello", "seen")
    expect(rows(alice)).to_have_text([zoe.name])


def test_it_is_done_by_keys_alone(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    carol = new_person("carol")
    for person in (carol, bob):
        alice.start_chat(person)
    search(alice).focus()
    alice.page.keyboard.press("ArrowDown")
    expect(alice.row(bob)).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    expect(alice.row(carol)).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("ArrowUp")
    alice.page.keyboard.press("ArrowUp")
    expect(search(alice)).to_be_focused()
    alice.page.keyboard.type(carol.username[:5])
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("Escape")
    expect(search(alice)).to_be_focused()
    expect(search(alice)).to_have_value("")
    alice.page.keyboard.type("carol")
    alice.page.keyboard.press("Enter")
    alice.expect_open(carol)


def test_who_is_not_found_can_be_written_to(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    carol = new_person("carol")
    alice.start_chat(bob)
    search(alice).fill("no such person!")
    expect(alice.page.get_by_text("No chat by that name.")).to_be_visible()
    expect(alice.page.locator("#start-chat")).to_be_hidden()
    search(alice).fill("nobody.at.all")
    alice.page.get_by_role("button", name="Start a chat with @nobody.at.all").click()
    expect(alice.page.get_by_text("Nobody here has that username.")).to_be_visible()
    alice.page.get_by_role("button", name="Cancel").click()
    search(alice).fill(f"@{carol.username.upper()}")
    search(alice).press("Enter")
    alice.expect_open(carol)
    expect(rows(alice)).to_have_text([carol.name])


def found(person: Person) -> Locator:
    return person.page.get_by_role("list", name="Messages").locator(".find")


def people(person: Person) -> Locator:
    return person.page.get_by_role("list", name="People").locator(".find")


def status(person: Person) -> Locator:
    return person.page.locator(".finds-status")


def test_a_message_is_found_that_is_not_on_this_device(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    """Far above what a new device has: it opens where it stands, with what is around it."""
    alice.start_chat(bob)
    alice.send("meet me in Zanzibar at noon")
    alice.write_many("line", 150)
    alice.expect_tick("line 149", "delivered")
    phone = Person(new_profile(house), house.sign_in(alice.username))
    phone.come_in()
    search(phone).fill("noon zanz")
    expect(found(phone)).to_have_count(1)
    expect(found(phone).locator("mark")).to_have_text(["Zanz", "noon"])
    expect(found(phone)).to_contain_text(bob.name)
    found(phone).click()
    phone.expect_open(bob)
    expect(phone.message("meet me in Zanzibar at noon")).to_be_in_viewport()
    expect(phone.message("line 1")).to_be_visible()
    assert "line 149" not in phone.texts
    # As it is now, and no longer than it is.
    search(phone).fill("zanzibar")
    expect(found(phone)).to_have_count(1)
    alice.scroll_to("meet me in Zanzibar at noon")
    alice.remove("meet me in Zanzibar at noon", "Delete for everyone")
    expect(phone.message("meet me in Zanzibar at noon")).to_have_count(0)
    expect(found(phone)).to_have_count(0)
    expect(status(phone)).to_have_text("No messages found.")
    search(phone).fill("zanzibar at")
    expect(status(phone)).to_have_text("No messages found.")
    expect(found(phone)).to_have_count(0)


def test_more_of_them_come_when_they_are_asked_for(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("lunch", 45)
    alice.expect_tick("lunch 44", "delivered")
    search(alice).fill("lunch")
    expect(found(alice)).to_have_count(20)
    more = alice.page.get_by_role("button", name="Show more")
    more.click()
    expect(found(alice)).to_have_count(40)
    expect(found(alice).nth(20)).to_be_focused()
    more.click()
    expect(found(alice)).to_have_count(45)
    expect(more).to_be_hidden()
    texts = found(alice).locator(".find-text").all_inner_texts()
    assert texts == [f"You: lunch {n}" for n in reversed(range(45))]


def test_what_is_found_is_reached_by_keys(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    alice.start_chat(bob)
    alice.send(f"{bob.name} and the harp", "the harp again")
    search(alice).fill("harp")
    expect(found(alice)).to_have_count(2)
    search(alice).press("ArrowDown")
    expect(alice.page.get_by_role("button", name="Start a chat with @harp")).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    expect(found(alice).first).to_be_focused()
    search(alice).press("Enter")
    expect(alice.message("the harp again")).to_be_in_viewport()
    search(alice).press("Escape")
    search(alice).fill(bob.name)
    expect(found(alice)).to_have_count(1)
    search(alice).press("ArrowDown")
    expect(alice.row(bob)).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    expect(found(alice)).to_be_focused()
    alice.page.keyboard.press("ArrowUp")
    alice.page.keyboard.press("ArrowUp")
    expect(search(alice)).to_be_focused()
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("ArrowDown")
    alice.page.keyboard.press("Enter")
    expect(alice.message(f"{bob.name} and the harp")).to_be_in_viewport()
    search(alice).press("Escape")
    expect(alice.page.locator("#finds")).to_be_hidden()


def test_people_of_ones_groups_are_found(house: House, alice: Person, new_person: Callable[..., Person]) -> None:
    bob, carol = new_person("bob"), new_person("carol")
    act(house, groups.create, actor(alice), "Cabin in May", [user(bob), user(carol)])
    alice.start_chat(bob)
    search(alice).fill(carol.username[1:])
    expect(people(alice)).to_have_count(1)
    expect(people(alice)).to_contain_text(f"@{carol.username}")
    # With bob there is a chat, which is found by its name.
    search(alice).fill(bob.username)
    expect(status(alice)).to_have_text("No messages found.")
    expect(people(alice)).to_have_count(0)
    search(alice).fill(carol.username[1:])
    people(alice).click()
    alice.expect_open(carol)


def test_without_a_connection_this_device_is_searched(alice: Person, bob: Person) -> None:
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED")
    alice.start_chat(bob)
    alice.send("the red canoe", "the blue canoe")
    alice.expect_tick("the blue canoe", "delivered")
    search(alice).fill("green")
    expect(status(alice)).to_have_text("No messages found.")
    alice.profile.context.set_offline(True)
    search(alice).fill("canoe")
    expect(status(alice)).to_have_text("You are offline: only what is on this device was searched.")
    expect(found(alice)).to_have_count(2)
    alice.profile.context.set_offline(False)
    alice.expect_connected()
    expect(status(alice)).to_have_text("")
    expect(found(alice)).to_have_count(2)


@pytest.mark.parametrize(
    ("status_code", "title"),
    [
        (429, "You are sending faster than the server allows."),
        (500, "Something went wrong on the server. Try again in a moment."),
    ],
)
def test_what_goes_wrong_is_said_and_tried_again(alice: Person, bob: Person, status_code: int, title: str) -> None:
    alice.profile.forgive("Failed to load resource")
    alice.start_chat(bob)
    alice.send("the red canoe")
    alice.expect_tick("the red canoe", "delivered")
    search(alice).fill("nothing of the sort")
    expect(status(alice)).to_have_text("No messages found.")
    is_broken = [True]

    def fail(route: Route) -> None:
        body = {"type": "about:blank", "title": title, "status": status_code, "code": "RATE_LIMITED"}
        if not is_broken[0]:
            route.continue_()
        elif status_code == 429:
            route.fulfill(status=status_code, json=body, headers={"Content-Type": "application/problem+json"})
        else:
            route.fulfill(status=status_code, body="<h1>Server Error</h1>", content_type="text/html")

    alice.page.route(re.compile("/api/v1/search"), fail)
    search(alice).fill("canoe")
    expect(status(alice)).to_have_text(title)
    is_broken[0] = False
    alice.page.get_by_role("button", name="Try again").click()
    expect(found(alice)).to_have_count(1)


def test_markup_in_what_is_found_is_text(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("<img src=x onerror=alert(1)> (a+b)* $& harp")
    search(alice).fill("(a+b)* harp")
    expect(found(alice).locator("mark")).to_have_text(["(a+b)*", "harp"])
    expect(found(alice)).to_contain_text("<img src=x onerror=alert(1)>")
    expect(found(alice).locator("img")).to_have_count(0)
