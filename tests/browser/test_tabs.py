"""A tab that leads and is not heard of any more: another one takes over, and the first one follows when it is back."""

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.test_outbox import Line

# Three pulses of four seconds, a connection, and a busy machine.
TAKEN_OVER_MS = 60_000.0
LEADERS = "async () => (await navigator.locks.query()).held.length"


def test_a_leading_tab_that_hangs_is_taken_over_from(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    tab = alice.another_tab()
    tab.open_chat(bob)
    assert len(line.sockets) == 1
    # Its page does nothing any more, though it lives.
    session = alice.profile.context.new_cdp_session(alice.page)
    session.send("Debugger.enable")
    session.send("Debugger.pause")
    bob.open_chat(alice)
    bob.send("while it hangs")
    tab.send("two")
    expect(tab.message("while it hangs")).to_be_visible(timeout=TAKEN_OVER_MS)
    tab.expect_tick("two", "seen")
    assert len(line.sockets) == 2
    session.send("Debugger.disable")
    alice.expect_connected()
    expect(alice.message("while it hangs")).to_be_visible()
    # It asks the other one now.
    alice.send("three")
    for each in (alice, tab):
        each.expect_tick("three", "seen")
        each.expect_texts("one", "while it hangs", "two", "three")
    bob.expect_texts("one", "while it hangs", "two", "three")
    assert (len(line.sockets), tab.page.evaluate(LEADERS)) == (2, 1)
