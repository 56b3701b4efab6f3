"""Whose page it is: signing out, and signing in as somebody else or as another device, in one browser."""

import time
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.test_install import PAGE, expect_found, installed
from tests.browser.test_outbox import Line, expect_draft, stored
from tests.browser.test_pages import REVOKE, databases
from tests.browser.test_store import NO_DATABASE

SEEN = """
SELECT w.delivered_seq, w.seen_seq FROM receipts_watermark w JOIN chat_user u ON u.id = w.user_id WHERE u.username = %s
"""
# As by a page of a later release.
UPGRADE = """
async () => {
  const [{ name }] = (await indexedDB.databases()).filter(({ name }) => name.startsWith("messenger-"));
  const request = indexedDB.open(name, 99);
  const handle = await new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  handle.close();
}
"""
DEVICE = "() => JSON.parse(document.getElementById('boot').textContent).device"


def become(person: Person, who: SignedIn) -> None:
    """Their browser gets the cookies of someone else, as by signing in when the session had ended."""
    person.profile.context.clear_cookies()
    person.profile.add_cookies(who.cookies)


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
    else:
        expect(bob.message("of alice")).to_have_count(1)
    expect_databases(alice, 1)


def expect_databases(person: Person, count: int) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while len(databases(person.page)) != count and time.monotonic() < end:
        person.page.wait_for_timeout(20)
    assert len(databases(person.page)) == count


def sign_out(person: Person) -> None:
    person.page.get_by_role("button", name="Sign out", exact=True).click()


def expect_still_in(person: Person, why: str) -> None:
    dialog = person.page.get_by_role("dialog", name="You are still signed in")
    expect(dialog).to_contain_text(why)
    expect(dialog).to_contain_text("Nothing was removed here.")
    dialog.get_by_role("button", name="Stay").click()


def test_offline_nothing_is_wiped_and_what_was_written_goes_out_later(
    new_person: Callable[..., Person], bob: Person
) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    alice.start_chat(bob)
    alice.profile.context.set_offline(True)
    alice.send("one")
    sign_out(alice)
    dialog = alice.page.get_by_role("dialog", name="Sign out and lose them?")
    dialog.get_by_role("button", name="Sign out").click()
    expect_still_in(alice, "You are offline")
    assert [item["body"] for item in stored(alice)] == ["one"]
    alice.profile.context.set_offline(False)
    alice.expect_tick("one", "delivered")


def test_a_sign_out_that_the_server_refuses_wipes_nothing(alice: Person, bob: Person) -> None:
    alice.profile.forgive("403")
    alice.start_chat(bob)
    alice.profile.context.clear_cookies(name="csrftoken")
    sign_out(alice)
    expect_still_in(alice, "did not come from a page of this server")
    assert len(databases(alice.page)) == 1
    alice.reload()
    sign_out(alice)
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert databases(alice.page) == []


def test_a_newer_page_is_told_apart_from_being_signed_out_and_can_be_signed_out_of(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.send("one")
    alice.page.evaluate(UPGRADE)
    alice.expect_state("outdated")
    expect(alice.page.locator("#banner")).to_contain_text("older than another one")
    # As after a step back to an earlier release: what waits is still there, and still asked about.
    alice.page.get_by_role("button", name="Reload").click()
    alice.expect_state("outdated")
    sign_out(alice)
    dialog = alice.page.get_by_role("dialog", name="Sign out and lose them?")
    expect(dialog).to_contain_text("One message has not been sent yet.")
    dialog.get_by_role("button", name="Sign out").click()
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    assert databases(alice.page) == []


def test_where_nothing_can_be_stored_one_can_sign_out(alice: Person) -> None:
    alice.page.add_init_script(NO_DATABASE)
    alice.page.reload()
    alice.expect_state("no-storage")
    sign_out(alice)
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()
    alice.goto("/")
    expect(alice.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_what_a_revoked_device_had_not_sent_goes_out_from_the_next_one(
    house: House, alice: Person, bob: Person
) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    line.cut()
    alice.send("one", "two")
    alice.page.locator("#body").fill("half a thou")
    expect_draft(alice, "half a thou")
    assert house.manage("shell", "-v", "0", "-c", REVOKE.format(username=alice.username)).strip() == "1"
    line.mend()
    alice.expect_state("signed-out")
    before = device(alice)
    alice.sign_in()
    assert device(alice) != before
    alice.open_chat(bob)
    alice.expect_tick("two", "delivered")
    expect(alice.page.locator("#body")).to_have_value("half a thou")
    bob.open_chat(alice)
    bob.expect_texts("zero", "one", "two")
    alice.expect_texts("zero", "one", "two")
    expect_databases(alice, 1)


def test_a_tab_that_lost_its_sign_in_says_what_waits_and_is_back_when_another_has_signed_in(
    alice: Person, bob: Person
) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.send("one")
    # The session has ended; the device is none the less.
    alice.profile.context.clear_cookies(name="sessionid")
    line.mend()
    alice.expect_state("signed-out")
    banner = alice.page.locator("#banner")
    expect(banner).to_contain_text("You are signed out on this device. One message waits here")
    alice.send("two")
    expect(banner).to_contain_text("2 messages wait here until you are signed in again.")
    alice.profile.forgive("401")
    with alice.page.expect_response("**/account") as answer:
        alice.page.evaluate("dispatchEvent(new Event('focus'))")
    assert answer.value.status == 401
    alice.expect_state("signed-out")
    tab = Person(alice.profile, alice.username)
    tab.sign_in()
    alice.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    alice.expect_connected()
    alice.open_chat(bob)
    alice.expect_tick("two", "delivered")
    alice.expect_texts("one", "two")


def test_on_the_way_to_the_sign_in_page_the_kept_page_goes(new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.goto("/sign-up/")
    expect_found(alice, PAGE, True)
    alice.profile.context.clear_cookies()
    alice.goto("/sign-up/")
    expect_found(alice, PAGE, False)
