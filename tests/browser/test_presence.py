"""Who types and who is online, as people see it."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, expect

from tests import groups
from tests.acceptance.servers import House
from tests.browser.person import Person
from tests.browser.test_groups import act, actor, user


def note(person: Person) -> Locator:
    return person.page.locator("#peer-note")


def types(person: Person, text: str = "h") -> None:
    person.page.locator("#body").press_sequentially(text)


def last_of(person: Person, other: Person) -> Locator:
    return person.row(other).locator(".conversation-last")


LAST_SEEN = re.compile(r"^last seen today at \d+:\d\d")


def test_typing_is_seen_until_the_message_comes(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    types(bob, "two")
    expect(note(alice)).to_have_text("typing")
    expect(note(alice)).to_have_class("bar-note typing")
    expect(last_of(alice, bob)).to_have_text("typing")
    expect(alice.page.locator("#typing-said")).to_have_text(f"\u2068{bob.name}\u2069 is typing")
    bob.page.locator("#body").press("Enter")
    expect(alice.message("two")).to_be_visible()
    expect(note(alice)).to_have_text("online")
    expect(last_of(alice, bob)).to_have_text("two")
    # He hears nothing of himself.
    expect(note(bob)).to_have_text("online")


def test_typing_that_ends_in_nothing_is_over_by_itself(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    types(bob)
    expect(last_of(alice, bob)).to_have_text("typing")
    expect(last_of(alice, bob)).to_have_text("one")
    expect(note(alice)).to_have_text("online")


def test_in_a_group_it_is_said_who(house: House, friend: Callable[..., Person]) -> None:
    alice, bob, carol = friend("alice"), friend("bob"), friend("carol")
    act(house, groups.create, actor(alice), "Cabin in May", [user(bob), user(carol)])
    for person in (alice, bob, carol):
        person.page.locator(".conversation").filter(has_text="Cabin in May").click()
        expect(person.page.locator("#peer-name")).to_have_text("Cabin in May")
    types(bob)
    for person in (alice, carol):
        expect(note(person)).to_have_text(f"\u2068{bob.name}\u2069 is typing")
    expect(note(bob)).not_to_contain_text("typing")


def test_online_last_seen_and_online_again(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    expect(note(alice)).to_have_text("online")
    bob.page.close()
    # Right after the servers' start it takes a while until it is known that somebody is not here.
    expect(note(alice)).to_have_text(LAST_SEEN, timeout=60_000)
    bob.page = bob.profile.new_page()
    bob.visit()
    expect(note(alice)).to_have_text("online")


def test_who_hides_it_is_not_told_either(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    for person, other in ((alice, bob), (bob, alice)):
        expect(note(person)).to_have_text("online")
        assert other.name
    bob.page.get_by_role("button", name="Settings").click()
    switch = bob.page.get_by_role("switch", name="Show when I am online")
    expect(switch).to_be_checked()
    with bob.page.expect_response("**/account"):
        switch.uncheck()
    expect(note(alice)).to_have_text(f"@{bob.username}")
    expect(note(bob)).to_have_text(f"@{alice.username}")
    bob.page.keyboard.press("Escape")
    types(bob, "two")
    bob.page.locator("#body").press("Enter")
    expect(alice.message("two")).to_be_visible()
    expect(alice.page.locator("#typing-said")).to_have_text("")
    bob.reload()
    bob.page.get_by_role("button", name="Settings").click()
    expect(switch).not_to_be_checked()


def test_a_tab_that_does_not_lead_sees_and_tells_it_too(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    tab = alice.another_tab()
    tab.open_chat(bob)
    expect(note(tab)).to_have_text("online")
    types(bob)
    for person in (alice, tab):
        expect(note(person)).to_have_text("typing")
    types(tab)
    expect(note(bob)).to_have_text("typing")


def test_without_a_connection_nothing_is_said(house: House, alice: Person, bob: Person) -> None:
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    bob.profile.forgive("WebSocket")
    alice.profile.forgive("WebSocket")
    alice.start_chat(bob)
    expect(note(alice)).to_have_text("online")
    house.kill("web-1")
    expect(note(alice)).to_have_text(f"@{bob.username}")
    house.restart("web-1")
    expect(note(alice)).to_have_text("online")
