"""Finding a chat by name while typing."""

from collections.abc import Callable

import psycopg
from playwright.sync_api import Locator, expect

from tests.acceptance.servers import House
from tests.browser.person import Person


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
