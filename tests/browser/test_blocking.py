"""Blocking, reporting and who may write, as people do it."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from tests.acceptance.servers import House
from tests.browser.person import Person

REPORTS = """
SELECT r.seq, r.reason, r.note, jsonb_array_length(r.context) FROM chat_report r
JOIN chat_user u ON u.id = r.subject_id WHERE u.username = %s
"""


def about(person: Person) -> Locator:
    person.page.get_by_role("button", name="Chat info").click()
    person.page.get_by_role("button", name="Block or report…").click()
    return person.page.locator("#person-dialog")


def bar(person: Person) -> Locator:
    return person.page.locator("#blocked-note")


def block(person: Person, other: Person) -> None:
    about(person).get_by_role("button", name="Block…").click()
    asked = person.page.get_by_role("dialog", name=re.compile("^Block "))
    expect(asked).to_contain_text(other.name)
    asked.get_by_role("button", name="Block", exact=True).click()
    expect(bar(person)).to_contain_text("You blocked")


@pytest.fixture
def talking(alice: Person, bob: Person) -> tuple[Person, Person]:
    alice.start_chat(bob)
    alice.send("hello")
    bob.open_chat(alice)
    bob.send("I know where you live")
    expect(alice.message("I know where you live")).to_be_visible()
    return alice, bob


def test_a_block_is_seen_in_all_tabs_and_lifted_from_the_bar(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    tab = alice.another_tab()
    tab.open_chat(bob)
    block(alice, bob)
    expect(alice.page.locator("#composer")).to_be_hidden()
    expect(bar(tab)).to_contain_text("You blocked")
    expect(tab.page.locator("#composer")).to_be_hidden()
    # He is not told, and finds out.
    expect(bar(bob)).to_be_hidden()
    expect(bob.page.locator("#peer-note")).to_have_text(f"@{alice.username}")
    bob.write("are you there?")
    expect(bob.message("are you there?")).to_contain_text("Not sent. One of you has blocked the other.")
    expect(bob.message("are you there?").get_by_role("button", name="Retry")).to_have_count(0)
    assert "are you there?" not in alice.texts
    # It is still so after loading anew, before there is a connection.
    alice.reload()
    expect(bar(alice)).to_be_visible()
    items = alice.open_menu("I know where you live").get_by_role("menuitem")
    expect(items.filter(has_text="Report")).to_have_count(1)
    expect(items.filter(has_text="Reply")).to_have_count(0)
    alice.page.keyboard.press("Escape")
    bar(alice).get_by_role("button", name="Unblock").click()
    expect(alice.page.locator("#body")).to_be_focused()
    for person in (alice, tab):
        expect(bar(person)).to_be_hidden()
        expect(person.page.locator("#composer")).to_be_visible()
    bob.send("peace")
    expect(alice.message("peace")).to_be_visible()


def test_a_message_is_reported_and_its_author_blocked(house: House, talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    alice.choose("I know where you live", "Report…")
    asked = alice.page.locator("#report-dialog")
    expect(asked.get_by_role("heading")).to_contain_text("Report this message of")
    expect(asked).to_contain_text("I know where you live")
    asked.get_by_role("button", name="Report", exact=True).click()
    expect(asked.get_by_role("alert")).to_have_text("Choose a reason.")
    asked.get_by_label("Abuse or threats").check()
    asked.get_by_label("What moderators should know").fill("Since Monday.")
    asked.get_by_label("Also block").check()
    asked.get_by_role("button", name="Report", exact=True).click()
    expect(asked).to_be_hidden()
    expect(alice.page.locator("#notice")).to_have_text("Reported. A moderator will look at it.")
    expect(bar(alice)).to_be_visible()
    with psycopg.connect(house.dsn) as connection:
        assert connection.execute(REPORTS, [bob.username]).fetchall() == [(2, "abuse", "Since Monday.", 2)]


def test_one_s_own_message_is_not_to_be_reported(talking: tuple[Person, Person]) -> None:
    alice, _ = talking
    items = alice.open_menu("hello").get_by_role("menuitem")
    expect(items.filter(has_text="Edit")).to_have_count(1)
    expect(items.filter(has_text="Report")).to_have_count(0)


def test_a_person_is_reported(house: House, talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    about(alice).get_by_role("button", name="Report…").click()
    asked = alice.page.locator("#report-dialog")
    asked.get_by_label("Spam").check()
    asked.get_by_role("button", name="Report", exact=True).click()
    expect(asked).to_be_hidden()
    expect(bar(alice)).to_be_hidden()
    with psycopg.connect(house.dsn) as connection:
        assert connection.execute(REPORTS, [bob.username]).fetchall() == [(None, "spam", "", 2)]


def test_the_settings_list_who_is_blocked_and_say_who_may_write(
    talking: tuple[Person, Person], friend: Callable[..., Person]
) -> None:
    alice, bob = talking
    block(alice, bob)
    alice.page.get_by_role("button", name="Settings").click()
    sheet = alice.page.get_by_role("dialog", name="Settings")
    expect(sheet.locator("#blocked li")).to_contain_text(f"@{bob.username}")
    sheet.get_by_label("Your name").fill("not saved yet")
    sheet.get_by_role("button", name=re.compile("Unblock")).click()
    expect(sheet.locator("#blocked li")).to_have_count(0)
    expect(sheet.locator("#blocked-nobody")).to_be_visible()
    expect(sheet.get_by_label("Your name")).to_have_value("not saved yet")
    with alice.page.expect_response("**/account") as answer:
        sheet.get_by_label("Who may write to me").select_option("nobody")
    assert answer.value.ok
    sheet.get_by_role("button", name="Close").click()
    expect(bar(alice)).to_be_hidden()
    carol = friend("carol")
    carol.page.get_by_role("button", name="New chat").click()
    carol.page.get_by_label("Username").fill(alice.username)
    carol.page.get_by_role("button", name="Open", exact=True).click()
    expect(carol.page.locator("#new-chat-error")).to_contain_text("does not want to be written to")
    bob.send("we have talked")
    expect(alice.message("we have talked")).to_be_visible()
