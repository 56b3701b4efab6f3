"""What the page has stored, and what it says about it: reloads, lost and full stores, two tabs, another epoch."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.books import expect_received, received, rows
from tests.browser.person import Person

FORGET = """
UPDATE chat_inbox SET received_seq = 0 WHERE device_id IN
(SELECT d.id FROM chat_device d JOIN chat_user u ON u.id = d.user_id WHERE u.username = %s)
"""
NO_DATABASE = """
const open = () => { throw new DOMException("not here", "SecurityError") };
Object.defineProperty(IDBFactory.prototype, "open", { value: open });
"""
REFUSE = """
IDBObjectStore.prototype.put = function () { throw new DOMException("full", "QuotaExceededError") };
"""
FULL = f"() => {{ {REFUSE} }}"
# Stores pages of 50 long messages. How many entries are stored then, and which is the newest.
HOARD = """
async ([from, to]) => {
  const { openDatabase } = await import("/static/js/database.js");
  const { late } = await import("/static/js/late.js");
  const { prune } = await import("/static/js/prune.js");
  late.pruning = { get: async () => prune };
  const database = await openDatabase("hoard", () => {});
  const word = () => [...crypto.getRandomValues(new Uint32Array(600))].map((number) => number.toString(36)).join("");
  const entry = (seq) => ({ seq, id: `m${seq}`, sender: "a", client_id: `c${seq}`, body: word(), at: seq });
  for (let page = from; page < to; page += 1) {
    const entries = Array.from({ length: 50 }, (_, at) => entry(page * 50 + at + 1));
    await database.store("a", entries, { conv: "a", received: page * 50 + 50 });
  }
  const { entries } = await database.range("a", 1, to * 50);
  database.handle.close();
  return { count: entries.length, newest: entries.at(-1).seq };
}
"""


def lose_store(person: Person) -> None:
    """As when a browser clears a site's data, but for the cookies."""
    person.profile.forgive("404")
    person.goto("/nothing")
    person.page.evaluate(
        """async () => {
          for (const { name } of await indexedDB.databases())
            await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
        }"""
    )


def test_a_reload_shows_what_is_stored_before_there_is_a_connection(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    bob.send("two")
    alice.expect_tick("one", "seen")
    expect(alice.message("two")).to_be_visible()
    alice.page.wait_for_timeout(700)
    # A connection that opens and says nothing.
    alice.profile.context.route_web_socket("**/ws/v1", lambda socket: None)
    alice.page.reload()
    alice.expect_state("connecting")
    expect(alice.message("two")).to_be_visible()
    alice.expect_texts("one", "two")
    alice.expect_tick("one", "seen")
    expect(alice.row(bob)).to_contain_text("two")


def test_a_page_that_lost_its_store(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("line", 60)
    # All of it is unread: there is an end to jump to.
    alice.expect_tick("line 59", "delivered")
    bob.open_chat(alice)
    bob.page.locator("#jump").click()
    alice.expect_tick("line 59", "seen")
    expect_received(house, bob, lambda found: found == [60])
    lose_store(bob)
    alice.send("while away")
    alice.expect_tick("while away", "sent")
    bob.visit()
    alice.expect_tick("while away", "delivered")
    bob.expect_unread(alice, 1)
    bob.open_chat(alice)
    expect(bob.message("while away")).to_be_in_viewport()
    expect(bob.message("line 59")).to_be_visible()
    bob.scroll_to("line 0")
    bob.expect_texts(*(f"line {number}" for number in range(60)), "while away")
    bob.send("still here")
    bob.expect_tick("still here", "seen")


def test_a_server_that_holds_the_device_behind_is_told_better(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two", "three")
    bob.open_chat(alice)
    alice.expect_tick("three", "seen")
    expect_received(house, bob, lambda found: found == [3])
    lost = rows(house, FORGET + " RETURNING 1", bob.username)
    assert lost == [1]
    bob.reload()
    expect_received(house, bob, lambda found: found == [3])
    bob.expect_texts("one", "two", "three")


def test_a_full_store_is_told_and_nothing_is_acknowledged(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    bob.open_chat(alice)
    alice.expect_tick("one", "seen")
    expect_received(house, bob, lambda found: found == [1])
    bob.page.evaluate(FULL)
    alice.send("two")
    expect(bob.page.locator("#banner")).to_contain_text("cannot store messages")
    bob.expect_state("no-storage")
    alice.expect_tick("two", "sent")
    expect(bob.message("two")).to_have_count(0)
    # Time for the sweep's nudges and for anything the page might still say.
    bob.page.wait_for_timeout(1500)
    alice.expect_tick("two", "sent")
    assert received(house, bob) == [1]
    # There is room again.
    bob.page.get_by_role("button", name="Reload").click()
    bob.expect_connected()
    expect(bob.message("two")).to_be_visible()
    alice.expect_tick("two", "seen")


def test_a_full_store_shows_what_is_in_it(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    alice.expect_tick("one", "seen")
    # The list is kept a moment later.
    bob.page.wait_for_timeout(700)
    bob.page.add_init_script(REFUSE)
    bob.page.reload()
    bob.expect_state("no-storage")
    expect(bob.row(alice)).to_contain_text("one")
    bob.expect_texts("one")


def test_a_full_store_gives_up_history_first(new_person: Callable[..., Person]) -> None:
    alice = new_person("alice")
    alice.goto("/sign-in/")
    # Before the first write: the browser looks at its quota only now and then.
    session = alice.profile.context.new_cdp_session(alice.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": alice.profile.address, "quotaSize": 6_000_000})
    for first in range(0, 60, 10):
        stored = alice.page.evaluate(HOARD, [first, first + 10])
        assert stored["newest"] == (first + 10) * 50
    assert stored["count"] < stored["newest"]


def test_a_browser_that_stores_nothing_says_so(alice: Person, new_person: Callable[..., Person]) -> None:
    bob = new_person("bob")
    bob.profile.context.add_init_script(NO_DATABASE)
    alice.start_chat(bob)
    alice.send("one")
    bob.goto("/sign-in/")
    bob.fill_sign_in()
    bob.expect_state("no-storage")
    expect(bob.page.locator("#banner")).to_contain_text("private window")
    alice.expect_tick("one", "sent")


def test_two_tabs_of_one_profile(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one")
    bob.open_chat(alice)
    alice.expect_tick("one", "seen")
    tab = bob.another_tab()
    tab.open_chat(alice)
    expect(tab.message("one")).to_be_visible()
    tab.send("from the second tab")
    expect(bob.message("from the second tab")).to_be_visible()
    bob.send("from the first tab")
    expect(tab.message("from the first tab")).to_be_visible()
    # The second looks elsewhere: what the first has read is no news there.
    for each in (tab, bob):
        each.page.evaluate("() => { document.hasFocus = () => false }")
    alice.send("two")
    for each in (tab, bob):
        each.expect_unread(alice, 1)
        expect(each.message("two")).to_be_visible()
    alice.expect_tick("two", "delivered")
    bob.page.evaluate("() => { document.hasFocus = () => true; dispatchEvent(new Event('focus')) }")
    alice.expect_tick("two", "seen")
    tab.expect_unread(alice, 0)
    expected = ["one", "from the second tab", "from the first tab", "two"]
    for each in (tab, bob, alice):
        each.expect_texts(*expected)
    # What one tab stored while the other was not there is shown by the other.
    tab.goto("/nothing")
    tab.profile.forgive("404")
    alice.send("three")
    expect(bob.message("three")).to_be_visible()
    tab.visit()
    tab.open_chat(alice)
    expect(tab.message("three")).to_be_visible()
    tab.expect_texts(*expected, "three")
    expect_received(house, bob, lambda found: found == [5])


def test_another_epoch_begins_once_for_all_tabs(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("one", "two")
    bob.open_chat(alice)
    alice.expect_tick("two", "seen")
    tab = bob.another_tab()
    for person in (alice, bob):
        person.profile.forgive("WebSocket connection")
    rows(house, "INSERT INTO chat_epoch (id, created_at) VALUES (gen_random_uuid(), now())")
    house.end("web-1")
    alice.expect_state("waiting")
    alice.send("written in the old epoch")
    house.restart("web-1")
    for each in (alice, bob, tab):
        each.expect_connected()
    alice.expect_tick("written in the old epoch", "seen")
    expected = ["one", "two", "written in the old epoch"]
    for each in (alice, bob):
        expect(each.message("one")).to_be_visible()
        each.expect_texts(*expected)
    bob.reload()
    expect(bob.message("one")).to_be_visible()
    bob.expect_texts(*expected)
