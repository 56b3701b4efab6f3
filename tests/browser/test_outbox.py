"""What was written and not sent: through reloads, crashes, tabs that come and go, and days."""

import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Error, WebSocketRoute, expect

from tests.browser.person import PATIENCE_MS, Person

STORED = """
async (store) => {
  const [{ name }] = (await indexedDB.databases()).filter(({ name }) => name.startsWith("messenger-"));
  const result = (request) => new Promise((resolve) => (request.onsuccess = () => resolve(request.result)));
  const handle = await result(indexedDB.open(name));
  const items = await result(handle.transaction(store).objectStore(store).getAll());
  handle.close();
  return items;
}
"""
HOUR_S = 3600


def set_clock(hours: int) -> str:
    """A script: the computer's clock is so far ahead."""
    return f"(() => {{ const real = Date.now; Date.now = () => real() + {hours} * 3600000; }})()"


class Line:
    """A connection that can be cut, as in a tunnel; the pages themselves still load."""

    def __init__(self, person: Person) -> None:
        self.is_up = True
        self.later_s = 0
        self.sockets: list[WebSocketRoute] = []
        person.profile.forgive("WebSocket")
        person.profile.context.route_web_socket("**/ws/v1", self._connect)
        person.reload()

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self.is_up:
            socket.close()
            return
        self.sockets.append(socket)
        server = socket.connect_to_server()
        server.on_message(lambda text: socket.send(self._told(str(text))))

    def _told(self, text: str) -> str:
        frame = json.loads(text)
        if frame["t"] != "welcome":
            return text
        return json.dumps(frame | {"time": frame["time"] + self.later_s * 1000})

    def cut(self) -> None:
        self.is_up = False
        for socket in self.sockets:
            socket.close()
        self.sockets.clear()

    def mend(self, later_s: int = 0) -> None:
        """So many seconds later, the server says."""
        self.is_up = True
        self.later_s = later_s


def stored(person: Person, store: str = "outbox") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = person.page.evaluate(STORED, store)
    return items


def expect_draft(person: Person, text: str) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while text not in (found := [draft["text"] for draft in stored(person, "drafts")]) and time.monotonic() < end:
        person.page.wait_for_timeout(20)
    assert text in found


def test_written_offline_reloaded_and_sent_once_in_order(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    line.cut()
    alice.expect_state("waiting")
    alice.send("one", "two")
    alice.page.reload()
    # Before there is a connection.
    alice.expect_tick("two", "pending")
    alice.send("three")
    alice.page.reload()
    alice.expect_texts("zero", "one", "two", "three")
    assert [item["body"] for item in stored(alice)] == ["one", "two", "three"]
    line.mend()
    alice.reload()
    alice.expect_tick("three", "delivered")
    assert stored(alice) == []
    bob.open_chat(alice)
    expect(bob.message("three")).to_be_visible()
    bob.expect_texts("zero", "one", "two", "three")
    alice.expect_texts("zero", "one", "two", "three")
    alice.reload()
    alice.expect_texts("zero", "one", "two", "three")


def test_a_tab_that_crashes_right_after_storing(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.expect_state("waiting")
    alice.send("stored, not sent")
    with alice.page.expect_event("crash"), contextlib.suppress(Error):
        alice.page.goto("chrome://crash")
    line.mend()
    tab = alice.another_tab()
    expect(bob.row(alice)).to_contain_text("stored, not sent")
    tab.open_chat(bob)
    tab.expect_tick("stored, not sent", "delivered")
    tab.expect_texts("stored, not sent")
    assert stored(tab) == []


def test_when_the_leading_tab_goes_the_next_one_sends_what_waits(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    tab = alice.another_tab()
    tab.open_chat(bob)
    line.cut()
    for each in (alice, tab):
        each.expect_state("waiting")
    alice.send("from the first")
    tab.send("from the second")
    for each in (alice, tab):
        each.expect_texts("zero", "from the first", "from the second")
    line.mend()
    alice.page.close()
    tab.expect_connected()
    tab.expect_tick("from the second", "delivered")
    tab.expect_texts("zero", "from the first", "from the second")
    bob.open_chat(alice)
    bob.expect_texts("zero", "from the first", "from the second")
    tab.expect_tick("from the first", "seen")
    # It has learnt all the first one knew.
    bob.send("answer")
    expect(tab.message("answer")).to_be_visible()
    bob.expect_tick("answer", "seen")


def test_one_connection_however_many_tabs(alice: Person, bob: Person) -> None:
    line = Line(alice)
    tabs = [alice, alice.another_tab(), alice.another_tab()]
    assert len(line.sockets) == 1
    tabs[1].start_chat(bob)
    # Only where it was asked for.
    expect(tabs[0].page.locator("#no-thread")).to_be_visible()
    tabs[1].send("hello")
    for tab in (tabs[0], tabs[2]):
        tab.open_chat(bob)
        tab.expect_tick("hello", "delivered")
    bob.open_chat(alice)
    bob.send("and hello")
    for tab in tabs:
        expect(tab.message("and hello")).to_be_visible()
        tab.expect_tick("hello", "seen")
    tabs[2].choose("hello", "Edit")
    tabs[2].write("hello there")
    for tab in [*tabs, bob]:
        tab.expect_texts("hello there", "and hello")
    expect(tabs[1].open_info("hello there").get_by_text(tabs[1].exact_time()).first).to_be_visible()
    assert len(line.sockets) == 1


def test_a_tab_opened_in_the_middle_knows_what_the_first_has_met(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    alice.expect_tick("one", "seen")
    tab = alice.another_tab()
    tab.open_chat(bob)
    tab.expect_tick("one", "seen")
    bob.send("two")
    for each in (alice, tab):
        expect(each.message("two")).to_be_visible()
    bob.expect_tick("two", "seen")


def test_two_tabs_without_locks(alice: Person, bob: Person) -> None:
    # As over plain http from another machine.
    alice.profile.context.add_init_script("delete Navigator.prototype.locks")
    line = Line(alice)
    tab = alice.another_tab()
    assert len(line.sockets) == 2
    alice.start_chat(bob)
    tab.open_chat(bob)
    # Drafts and unsent messages are the same in both.
    alice.page.locator("#body").fill("half a thou")
    expect(tab.page.locator("#body")).to_have_value("half a thou")
    tab.write("zero")
    expect(alice.page.locator("#body")).to_have_value("")
    for each in (alice, tab):
        each.expect_tick("zero", "delivered")
    line.cut()
    for each in (alice, tab):
        each.expect_state("waiting")
    alice.send("one", "two")
    for each in (alice, tab):
        each.expect_texts("zero", "one", "two")
    line.mend(later_s=25 * HOUR_S)
    for each in (alice, tab):
        each.expect_tick("one", "failed")
        each.expect_tick("two", "failed")
    alice.message("one").get_by_role("button", name="Discard").click()
    tab.expect_texts("zero", "two")
    tab.message("two").get_by_role("button", name="Retry").click()
    for each in (alice, tab):
        each.expect_tick("two", "delivered")
    assert stored(alice) == []
    for each in (alice, tab):
        each.reload()
        each.expect_texts("zero", "two")
    bob.open_chat(alice)
    bob.expect_texts("zero", "two")


def test_drafts_survive(alice: Person, bob: Person, friend: Callable[..., Person]) -> None:
    carol = friend("carol")
    alice.start_chat(carol)
    alice.start_chat(bob)
    alice.send("quoted")
    alice.expect_tick("quoted", "delivered")
    alice.message("quoted").hover()
    alice.message("quoted").get_by_role("button", name="Reply").click()
    alice.page.locator("#body").fill("half a thou")
    alice.open_chat(carol)
    expect(alice.page.locator("#body")).to_have_value("")
    expect(alice.row(bob)).to_contain_text(re.compile("Draft:.*half a thou"))
    alice.page.locator("#body").fill("for carol")
    expect_draft(alice, "for carol")
    alice.reload()
    expect(alice.page.locator("#body")).to_have_value("for carol")
    alice.open_chat(bob)
    expect(alice.page.locator("#body")).to_have_value("half a thou")
    expect(alice.page.locator("#quote-text")).to_have_text("quoted")
    # Another tab has it, too; sent in one, it is gone in both.
    tab = alice.another_tab()
    tab.open_chat(bob)
    expect(tab.page.locator("#body")).to_have_value("half a thou")
    tab.write("a whole thought")
    expect(tab.message("a whole thought").locator(".quoted")).to_contain_text("quoted")
    expect(alice.page.locator("#body")).to_have_value("")
    alice.reload()
    expect(alice.page.locator("#body")).to_have_value("")


def test_an_edit_in_progress_survives(alice: Person, bob: Person, friend: Callable[..., Person]) -> None:
    carol = friend("carol")
    alice.start_chat(carol)
    alice.start_chat(bob)
    alice.send("as sent")
    alice.expect_tick("as sent", "delivered")
    field, bar = alice.page.locator("#body"), alice.page.locator("#quote")
    field.fill("something else")
    alice.choose("as sent", "Edit")
    field.fill("as it should have been")
    alice.open_chat(carol)
    expect(field).to_have_value("")
    expect(bar).to_be_hidden()
    expect(alice.row(bob)).to_contain_text(re.compile("Draft:.*as it should have been"))
    alice.open_chat(bob)
    for _ in range(2):
        expect(field).to_have_value("as it should have been")
        expect(bar).to_contain_text("Editing message")
        expect(bar).to_contain_text("as sent")
        alice.reload()
    # Saved, it is over in all tabs, and what was being written before is back.
    tab = alice.another_tab()
    tab.open_chat(bob)
    expect(tab.page.locator("#quote")).to_contain_text("Editing message")
    tab.page.locator("#body").press("Enter")
    for each in (alice, tab):
        each.expect_texts("as it should have been")
        expect(each.page.locator("#quote")).to_be_hidden()
        expect(each.page.locator("#body")).to_have_value("something else")
    alice.reload()
    expect(bar).to_be_hidden()
    expect(field).to_have_value("something else")
    # Given up, too.
    alice.choose("as it should have been", "Edit")
    field.fill("not this")
    field.press("Escape")
    expect(field).to_have_value("something else")


def test_after_a_day_it_is_sent_when_asked(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    line.cut()
    alice.expect_state("waiting")
    alice.send("one", "two")
    ids = [item["client_id"] for item in stored(alice)]
    # The tab stays open all the while.
    line.mend(later_s=25 * HOUR_S)
    for text in ("one", "two"):
        alice.expect_tick(text, "failed")
        expect(alice.message(text).get_by_role("alert")).to_contain_text("more than a day")
    alice.send("three")
    alice.expect_tick("three", "delivered")
    bob.open_chat(alice)
    bob.expect_texts("zero", "three")
    alice.reload()
    alice.expect_tick("one", "failed")
    for text in ("two", "one"):
        alice.message(text).get_by_role("button", name="Retry").click()
        alice.expect_tick(text, "seen")
    bob.expect_texts("zero", "three", "two", "one")
    assert [alice.message(text).get_attribute("data-client-id") for text in ("one", "two")] == ids
    assert stored(alice) == []


def test_a_clock_that_is_set_makes_nothing_old(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.expect_state("waiting")
    alice.send("before")
    alice.page.evaluate(set_clock(25))
    alice.send("after")
    alice.page.add_init_script(set_clock(50))
    alice.page.reload()
    alice.expect_tick("before", "pending")
    line.mend()
    for text in ("before", "after"):
        alice.expect_tick(text, "delivered")
    bob.open_chat(alice)
    bob.expect_texts("before", "after")


def test_written_offline_by_a_wrong_clock(alice: Person, bob: Person) -> None:
    alice.profile.context.add_init_script(set_clock(-25))
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.expect_state("waiting")
    # Nothing but the disk tells this visit what time it is.
    alice.page.reload()
    alice.send("offline")
    [item] = stored(alice)
    assert abs(item["made"] / 1000 - time.time()) < HOUR_S
    assert abs(item["at"] / 1000 - time.time()) < HOUR_S
    expect(alice.page.locator(".day")).to_have_text("Today")
    line.mend()
    alice.expect_tick("offline", "delivered")


def test_what_cannot_be_stored_stays_in_the_field(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    alice.page.evaluate(
        '() => { IDBObjectStore.prototype.add = () => { throw new DOMException("full", "QuotaExceededError") } }'
    )
    alice.write("two")
    alice.expect_state("no-storage")
    expect(alice.page.locator("#body")).to_have_value("two")
    expect(alice.message("two")).to_have_count(0)
