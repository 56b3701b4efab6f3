"""Installed, and opened without a network."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.browser.person import PATIENCE_MS, Person

READY = "async () => { await navigator.serviceWorker.ready; return (await caches.keys()).sort() }"
PAGE = "async () => Boolean(await caches.match('/', { cacheName: 'pages' }))"

NOTIFICATIONS = """
async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications();
  return shown.map(({ title, body, tag }) => [title, body, tag]);
}
"""


def installed(new_person: Callable[..., Person], name: str) -> Person:
    """Someone whose browser has the worker, and the page of a second visit."""
    person = new_person(name, service_workers="allow")
    person.come_in()
    assert any(kept.startswith("files ") for kept in person.page.evaluate(READY))
    person.reload()
    expect_found(person, PAGE, True)
    return person


def expect_found(person: Person, script: str, wanted: Any) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while (found := person.page.evaluate(script)) != wanted and time.monotonic() < end:
        person.page.wait_for_timeout(20)
    assert found == wanted


def pusher(person: Person, chat: str) -> Callable[[str], None]:
    """Delivers a push message of this kind to the worker, as a push service does."""
    origin = person.profile.address
    person.profile.context.grant_permissions(["notifications"], origin=origin)
    session = person.profile.context.new_cdp_session(person.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(each["registrationId"] for each in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    while not found:
        person.page.wait_for_timeout(20)

    def push(kind: str) -> None:
        data = json.dumps({"t": kind, "conv": chat, "title": "Bob", "seq": 1})
        session.send("ServiceWorker.deliverPushMessage", {"origin": origin, "registrationId": found[0], "data": data})

    return push


def test_opened_without_a_network_it_shows_what_is_stored_and_takes_what_is_written(
    bob: Person, new_person: Callable[..., Person]
) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    alice.profile.context.set_offline(True)
    alice.page.close()
    tab = Person(alice.profile, alice.username)
    tab.goto("/")
    tab.open_chat(bob)
    expect(tab.message("one")).to_be_visible()
    expect(tab.page.locator("#banner")).to_contain_text("Offline")
    tab.send("written in the tunnel")
    tab.expect_tick("written in the tunnel", "pending")
    tab.page.reload()
    tab.expect_tick("written in the tunnel", "pending")
    tab.profile.context.set_offline(False)
    tab.expect_tick("written in the tunnel", "delivered")
    bob.open_chat(alice)
    bob.expect_texts("one", "written in the tunnel")


def test_after_signing_out_nothing_of_the_page_is_kept(new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.page.get_by_role("button", name="Sign out").click()
    alice.page.wait_for_url(re.compile("/sign-in/"))
    assert not alice.page.evaluate(PAGE)
    # Nor when the session has ended without the page knowing.
    carol = installed(new_person, "carol")
    carol.profile.context.clear_cookies()
    carol.goto("/")
    carol.page.wait_for_url(re.compile("/sign-in/"))
    assert not carol.page.evaluate(PAGE)


def test_a_push_is_shown_and_goes_when_it_was_read_elsewhere(bob: Person, new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    chat = alice.page.url.partition("#")[2]
    alice.page.locator("#back").evaluate("back => back.click()")
    push = pusher(alice, chat)
    push("wake")
    push("wake")
    expect_found(alice, NOTIFICATIONS, [["Bob", "New message", chat]])
    push("clear")
    expect_found(alice, NOTIFICATIONS, [])
