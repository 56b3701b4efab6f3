"""Installed, and opened without a network."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.person import PATIENCE_MS, Person, Profile

READY = "async () => { await navigator.serviceWorker.ready; return (await caches.keys()).sort() }"
PAGE = "async () => Boolean(await caches.match('/', { cacheName: 'pages' }))"

NOTIFICATIONS = """
async () => {
  const shown = await (await navigator.serviceWorker.ready).getNotifications();
  return shown.map(({ title, body, tag }) => [title, body, tag]);
}
"""
COUNT = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).length"
SWITCH = "() => JSON.parse(localStorage.getItem('preferences'))?.notifications ?? null"
SWITCH_ON = """
() => {
  const { user } = JSON.parse(document.getElementById("boot").textContent);
  localStorage.setItem("preferences", JSON.stringify({ notifications: user.id }));
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


def pusher(person: Person, chat: str) -> Callable[[], None]:
    """Delivers a push message to the worker, as a push service does."""
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

    def push() -> None:
        data = json.dumps({"t": "wake", "conv": chat, "title": "Bob", "seq": 1})
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
    carol.profile.forgive("WebSocket")
    carol.goto("/")
    expect_found(carol, PAGE, False)
    carol.goto("/")
    carol.page.wait_for_url(re.compile("/sign-in/"))
    expect_found(carol, PAGE, False)


def test_a_server_that_takes_its_time_or_a_proxy_that_speaks_for_it_does_not_keep_the_page_away(
    house: House, new_person: Callable[..., Person]
) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("WebSocket")
    house.pause("web-1")
    try:
        began = time.monotonic()
        alice.page.goto(f"{alice.profile.address}/", wait_until="commit")
        alice.expect_state("connecting")
        # Far below what the server would need: it answers nobody.
        assert time.monotonic() - began < PATIENCE_MS / 1000
    finally:
        house.resume("web-1")
    alice.expect_connected()
    (worker,) = alice.profile.context.service_workers
    worker.evaluate("self.fetch = async () => new Response('<h1>Bad gateway</h1>', { status: 502 })")
    alice.reload()
    expect(alice.page.get_by_text("Bad gateway")).to_have_count(0)


# As if it were of the release before, with a file that the present one does not have.
OTHER_RELEASE = """
async () => {
  const kept = await (await caches.match("/", { cacheName: "pages" })).text();
  const page = kept.replace(/(<script type="module" src=")[^"]+/u, "$1/static/js/old.js");
  await (await caches.open("pages")).put("/", new Response(page, { headers: { "Content-Type": "text/html" } }));
  await (await caches.open("files old")).put("/static/js/old.js", new Response("old"));
  await (await caches.open("files older")).put("/static/js/older.js", new Response("older"));
}
"""
NAMES = "async () => (await caches.keys()).filter((name) => /^files old/u.test(name))"


def test_a_new_worker_keeps_the_files_of_the_page_that_is_kept(new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.page.evaluate(OTHER_RELEASE)
    (worker,) = alice.profile.context.service_workers
    worker.evaluate("activate()")
    assert alice.page.evaluate(NAMES) == ["files old"]
    assert alice.page.evaluate("async () => (await fetch('/static/js/old.js')).text()") == "old"
    # The page comes anew, and with it its own files.
    worker.evaluate("async () => fetchPage(new Request('/'))")
    alice.reload()
    expect_found(alice, NAMES, [])


def test_a_notification_leads_to_the_chats_and_not_to_any_window_of_the_site(
    bob: Person, new_person: Callable[..., Person]
) -> None:
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    chat = alice.page.url.partition("#")[2]
    alice.page.locator("#back").evaluate("back => back.click()")
    elsewhere = Person(alice.profile, alice.username)
    elsewhere.profile.forgive("404")
    elsewhere.goto("/nothing")
    (worker,) = alice.profile.context.service_workers
    # A browser lets a worker open and focus windows only when somebody has pressed a notification.
    worker.evaluate(
        "clients.openWindow = async (url) => (self.opened = url); WindowClient.prototype.focus = async () => null"
    )
    worker.evaluate("conv => openChat(conv)", chat)
    alice.expect_open(bob)
    alice.page.close()
    worker.evaluate("conv => openChat(conv)", chat)
    assert worker.evaluate("self.opened") == f"/#{chat}"


def test_a_push_is_shown_and_goes_when_it_was_read_elsewhere(
    house: House, bob: Person, new_person: Callable[..., Person], new_profile: Callable[..., Profile]
) -> None:
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    chat = alice.page.url.partition("#")[2]
    alice.page.locator("#back").evaluate("back => back.click()")
    push = pusher(alice, chat)
    alice.profile.forgive("404")
    alice.page.evaluate(SWITCH_ON)
    alice.reload()
    push()
    push()
    expect_found(alice, NOTIFICATIONS, [["Bob", "New message", chat]])
    bob.open_chat(alice)
    bob.send("one")
    alice.expect_unread(bob, 1)
    laptop = Person(new_profile(house), house.sign_in(alice.username))
    laptop.come_in()
    laptop.open_chat(bob)
    bob.expect_tick("one", "seen")
    expect_found(alice, NOTIFICATIONS, [])


def test_who_signs_in_next_is_told_nothing_of_who_was_here(
    bob: Person, friend: Callable[..., Person], new_person: Callable[..., Person]
) -> None:
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    push = pusher(alice, alice.page.url.partition("#")[2])
    alice.profile.forgive("404")
    alice.page.evaluate(SWITCH_ON)
    alice.reload()
    push()
    expect_found(alice, COUNT, 1)
    alice.page.get_by_role("button", name="Sign out", exact=True).click()
    alice.page.wait_for_url(re.compile("/sign-in/"))
    assert alice.page.evaluate(COUNT) == 0
    assert alice.page.evaluate(SWITCH) is None
    # Nor when the session had only ended.
    alice.page.evaluate(
        "localStorage.setItem('preferences', JSON.stringify({ notifications: 'somebody', theme: 'dark' }))"
    )
    push()
    expect_found(alice, COUNT, 1)
    carol = Person(alice.profile, friend("carol").username)
    carol.sign_in()
    expect_found(carol, COUNT, 0)
    assert carol.page.evaluate(SWITCH) is None
