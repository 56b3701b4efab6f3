"""Whose page it is: signing out, and signing in as somebody else or as another device, in one browser."""

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.browser.person import Person
from tests.browser.test_install import PAGE, expect_found, installed
from tests.browser.test_outbox import Line

SEEN = """
SELECT w.delivered_seq, w.seen_seq FROM receipts_watermark w JOIN chat_user u ON u.id = w.user_id WHERE u.username = %s
"""
DATABASES = "async () => (await indexedDB.databases()).map(({ name }) => name)"
DEVICE = "() => JSON.parse(document.getElementById('boot').textContent).device"


def become(person: Person, who: SignedIn) -> None:
    """Their browser gets the cookies of someone else, as by signing in when the session had ended."""
    person.profile.context.clear_cookies()
    for name, value in who.cookies.items():
        person.profile.context.add_cookies([{"name": name, "value": value, "url": person.profile.address}])


def watermarks(house: House, username: str) -> list[tuple[int, int]]:
    with psycopg.connect(house.dsn) as connection:
        return connection.execute(SEEN, [username]).fetchall()


def device(person: Person) -> str:
    found: str = person.page.evaluate(DEVICE)
    return found


@pytest.mark.parametrize("who", ["someone else", "another device"])
def test_a_page_over_the_cookies_of_another_acknowledges_and_sends_nothing(
    who: str, house: House, alice: Person, bob: Person, friend: Callable[..., Person]
) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    bob.open_chat(alice)
    bob.send("for alice")
    bob.expect_tick("for alice", "seen")
    line.cut()
    alice.send("of alice")
    alice.expect_tick("of alice", "pending")
    before = device(alice)
    other = friend("carol").username if who == "someone else" else alice.username
    become(alice, house.sign_in(other))
    with alice.page.expect_navigation():
        line.mend()
    alice.expect_connected()
    expect(alice.page.locator("#my-username")).to_have_text(f"@{other}")
    assert device(alice) != before
    if who == "someone else":
        assert watermarks(house, other) == []
        expect(bob.message("of alice")).to_have_count(0)


def test_on_the_way_to_the_sign_in_page_the_kept_page_goes(new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.goto("/sign-up/")
    expect_found(alice, PAGE, True)
    alice.profile.context.clear_cookies()
    alice.goto("/sign-up/")
    expect_found(alice, PAGE, False)
