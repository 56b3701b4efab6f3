"""The settings, section by section, as people use them."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, expect

from chat.wakeup.vapid import public_key
from tests.acceptance.servers import PASSWORD, House
from tests.browser.person import Person, Profile
from tests.browser.test_install import installed
from tests.push_service import PushService
from tests.servers import VAPID_PRIVATE_KEY

NEW_PASSWORD = "an even longer secret of mine"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(231, 237, 234)", "rgb(11, 18, 16)"


def settings(person: Person) -> Locator:
    """Opened, and filled in by the server."""
    dialog = person.page.get_by_role("dialog", name="Settings")
    if not dialog.is_visible():
        person.page.get_by_role("button", name="Settings").click()
    expect(dialog.locator("#profile-help")).to_contain_text(person.username)
    return dialog


def close(person: Person) -> None:
    person.page.get_by_role("dialog", name="Settings").get_by_role("button", name="Close").click()


# Profile


def test_a_name_is_stored_and_others_read_it(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("hello")
    dialog = settings(alice)
    dialog.get_by_label("Your name").fill("  Alice <i>Archer</i> ")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("Saved.")).to_be_visible()
    close(alice)
    for _ in range(2):
        expect(alice.page.locator("#my-name")).to_have_text("Alice <i>Archer</i>")
        alice.reload()
    bob.reload()
    expect(bob.page.locator(".conversation-name")).to_have_text("Alice <i>Archer</i>")
    # Emptied, it is the username again.
    dialog = settings(alice)
    expect(dialog.get_by_label("Your name")).to_have_value("Alice <i>Archer</i>")
    dialog.get_by_label("Your name").fill("")
    dialog.get_by_label("Your name").press("Enter")
    expect(dialog.get_by_text("Saved.")).to_be_visible()
    expect(alice.page.locator("#my-name")).to_have_text(alice.username)


# Appearance


@pytest.mark.parametrize(("system", "chosen", "background"), [("light", "Dark", DARK), ("dark", "Light", LIGHT)])
def test_a_theme_is_kept_by_the_device_and_there_before_the_first_paint(
    friend: Callable[..., Person], system: str, chosen: str, background: str
) -> None:
    alice = friend("alice", color_scheme=system)
    before = alice.page.evaluate(BACKGROUND)
    other_tab = alice.another_tab()
    settings(alice).get_by_text(chosen, exact=True).click()
    assert alice.page.evaluate(BACKGROUND) == background != before
    other_tab.page.wait_for_function(f"{BACKGROUND} === '{background}'")
    # As soon as there is a body, whatever modules may do later.
    alice.page.route("**/*.js", lambda route: route.continue_() if "theme" in route.request.url else route.abort())
    alice.profile.forgive("ERR_FAILED")
    alice.page.reload(wait_until="domcontentloaded")
    assert alice.page.evaluate(BACKGROUND) == background
    alice.page.unroute_all()
    alice.reload()
    bars = "[...document.querySelectorAll('meta[name=theme-color]')].map(({ media }) => media).sort()"
    assert alice.page.evaluate(bars) == ["all", "not all"]
    settings(alice).get_by_text("System", exact=True).click()
    assert alice.page.evaluate(BACKGROUND) == before


def test_what_enter_does_is_as_this_device_is_set(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    switch = settings(alice).get_by_role("switch", name="Enter sends the message")
    expect(switch).to_be_checked()
    switch.press("Space")
    close(alice)
    alice.reload()
    body = alice.page.locator("#body")
    body.fill("one")
    body.press("Enter")
    alice.page.keyboard.type("two")
    expect(body).to_have_value("one\ntwo")
    body.press("Control+Enter")
    expect(alice.page.locator(".message .body")).to_have_text("one\ntwo", use_inner_text=True)


def test_on_a_touch_screen_enter_makes_a_line_unless_it_is_set_otherwise(friend: Callable[..., Person]) -> None:
    alice = friend("alice", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 780})
    switch = settings(alice).get_by_role("switch", name="Enter sends the message")
    expect(switch).not_to_be_checked()
    switch.tap()
    close(alice)
    alice.reload()
    expect(settings(alice).get_by_role("switch", name="Enter sends the message")).to_be_checked()


# Privacy


def test_with_receipts_off_a_tick_stays_at_delivered_on_both_sides(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    receipts = settings(bob).get_by_role("switch", name="Read receipts")
    with bob.page.expect_response("**/account") as answer:
        receipts.uncheck()
    assert answer.value.status == 204
    close(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    bob.open_chat(alice)
    bob.expect_texts("one")
    bob.send("two")
    alice.expect_texts("one", "two")
    bob.expect_tick("two", "delivered")
    # What bob wrote after it has come: that he read the first would be here, too.
    alice.reload()
    alice.expect_tick("one", "delivered")
    info = alice.open_info("one")
    expect(info.locator("dd")).to_have_text([alice.exact_time(), "Not yet"])
    info.get_by_role("button", name="Close").click()
    settings(bob).get_by_role("switch", name="Read receipts").check()
    alice.expect_tick("one", "seen")
    close(bob)
    bob.expect_tick("two", "seen")


# Devices


def test_a_device_is_signed_out_from_another(house: House, alice: Person, new_profile: Callable[..., Profile]) -> None:
    laptop = Person(new_profile(house, user_agent="Mozilla Firefox on Linux"), house.sign_in(alice.username))
    laptop.come_in()
    devices = settings(alice).get_by_role("listitem")
    expect(devices).to_have_count(2)
    expect(devices.first).to_contain_text("This device")
    expect(devices.first.get_by_role("button")).to_have_count(0)
    expect(devices.last).to_contain_text("Last connected: Today")
    devices.last.get_by_role("button", name="Sign out").click()
    expect(devices).to_have_count(1)
    laptop.expect_state("signed-out")
    expect(laptop.page.get_by_role("link", name="Sign in again")).to_be_visible()
    close(alice)
    alice.expect_connected()


def test_all_others_at_once(house: House, alice: Person, new_profile: Callable[..., Profile]) -> None:
    others = [Person(new_profile(house), house.sign_in(alice.username)) for _ in range(2)]
    for other in others:
        other.come_in()
    dialog = settings(alice)
    dialog.get_by_role("button", name="Sign out all other devices").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    for other in others:
        other.expect_state("signed-out")
    alice.expect_connected()


# Password


def test_a_changed_password_signs_the_other_devices_out_and_loses_nothing_there(
    house: House, alice: Person, bob: Person, new_profile: Callable[..., Profile]
) -> None:
    laptop = Person(new_profile(house), house.sign_in(alice.username))
    laptop.come_in()
    laptop.start_chat(bob)
    dialog = settings(alice)
    for old, new, says in (
        ("not it", NEW_PASSWORD, "entered incorrectly"),
        (PASSWORD, "12345678", "too common"),
        (PASSWORD, "", "required"),
    ):
        dialog.get_by_label("Current password").fill(old)
        dialog.get_by_label("New password").fill(new)
        with alice.page.expect_response("**/account/password"):
            dialog.get_by_role("button", name="Change password").click()
        expect(dialog.get_by_role("alert").filter(has_text=says)).to_be_visible()
    alice.profile.forgive("422")
    laptop.expect_connected()
    dialog.get_by_label("Current password").fill(PASSWORD)
    dialog.get_by_label("New password").fill(NEW_PASSWORD)
    dialog.get_by_role("button", name="Change password").click()
    expect(dialog.get_by_text("Changed.")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)
    expect(dialog.get_by_label("New password")).to_have_value("")
    laptop.expect_state("signed-out")
    laptop.send("written meanwhile")
    laptop.expect_tick("written meanwhile", "pending")
    close(alice)
    alice.reload()
    laptop.page.get_by_role("link", name="Sign in again").click()
    laptop.fill_sign_in(NEW_PASSWORD)
    laptop.expect_connected()
    laptop.open_chat(bob)
    laptop.expect_tick("written meanwhile", "delivered")


# Without the server


def test_offline_only_what_is_the_devices_own_can_be_set(new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    alice.profile.context.set_offline(True)
    alice.page.get_by_role("button", name="Settings").click()
    dialog = alice.page.get_by_role("dialog", name="Settings")
    expect(dialog.get_by_text("You are offline")).to_be_visible()
    expect(dialog.locator("#read-receipts")).to_be_visible()
    assert dialog.locator("[data-of-server]").evaluate_all("all => all.every(({ inert }) => inert)")
    dialog.get_by_text("Dark", exact=True).click()
    assert alice.page.evaluate(BACKGROUND) == DARK
    alice.profile.context.set_offline(False)


# Notifications


def bell(person: Person) -> Locator:
    return settings(person).get_by_role("switch", name="Notify me on this device")


def with_worker(new_person: Callable[..., Person], house: House, allowed: bool) -> Person:
    person = new_person("alice", service_workers="allow")
    if allowed:
        person.profile.context.grant_permissions(["notifications"], origin=house.address)
    person.come_in()
    person.page.evaluate("async () => { await navigator.serviceWorker.ready }")
    return person


def test_a_blocked_browser_and_a_server_without_push_are_said_plainly(
    house: House, new_person: Callable[..., Person]
) -> None:
    alice = with_worker(new_person, house, allowed=False)
    session = alice.profile.context.new_cdp_session(alice.page)
    context = session.send("Target.getTargetInfo")["targetInfo"]["browserContextId"]
    denied = {"permission": {"name": "notifications"}, "setting": "denied", "origin": house.address}
    session.send("Browser.setPermission", denied | {"browserContextId": context})
    alice.reload()
    expect(bell(alice)).to_be_disabled()
    expect(settings(alice).get_by_text("This browser blocks notifications")).to_be_visible()
    bob = with_worker(new_person, house, allowed=True)
    bob.profile.forgive("404")
    bell(bob).click()
    expect(settings(bob).get_by_text("This server sends no notifications.")).to_be_visible()
    expect(bell(bob)).not_to_be_checked()


# A push service's part of the browser: no test may reach a real one. Kept over reloads, as a browser does.
PUSH_SERVICE = """
(() => {
  const kept = () => JSON.parse(localStorage.getItem("test-subscribed"));
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const subscription = () => kept() && {
    options: { applicationServerKey: bytes(kept()).buffer },
    toJSON: () => (SUBSCRIPTION),
    unsubscribe: async () => (localStorage.removeItem("test-subscribed"), true),
  };
  PushManager.prototype.getSubscription = async () => subscription();
  PushManager.prototype.subscribe = async ({ applicationServerKey: key }) => {
    const text = btoa(String.fromCharCode(...key)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    localStorage.setItem("test-subscribed", JSON.stringify(text));
    return subscription();
  };
})();
"""


@pytest.fixture
def pushing() -> Iterator[House]:
    environment = {"VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY, "MESSENGER_PUSH_LOOPBACK": "true"}
    with House(environment=environment) as house:
        yield house


def stored(house: House) -> list[Any]:
    with psycopg.connect(house.dsn) as connection:
        return connection.execute("SELECT endpoint FROM chat_pushsubscription").fetchall()


def test_notifications_are_switched_on_kept_on_and_off(pushing: House, new_profile: Callable[..., Profile]) -> None:
    with PushService() as service:
        subscribed = service.subscribe()
        alice = Person(new_profile(pushing, service_workers="allow"), pushing.enrol("alice")[0])
        script = PUSH_SERVICE.replace("SUBSCRIPTION", json.dumps(subscribed.subscription))
        alice.profile.context.add_init_script(script)
        alice.profile.context.grant_permissions(["notifications"], origin=pushing.address)
        alice.come_in()
        alice.page.evaluate("async () => { await navigator.serviceWorker.ready }")
        assert stored(pushing) == []
        with alice.page.expect_response("**/push/subscription") as answer:
            bell(alice).click()
        assert answer.value.status == 204
        expect(bell(alice)).to_be_checked()
        assert stored(pushing) == [(subscribed.endpoint,)]
        key = alice.page.evaluate("JSON.parse(localStorage.getItem('test-subscribed'))")
        assert key == public_key(VAPID_PRIVATE_KEY) and len(base64.urlsafe_b64decode(key + "=")) == 65
        # Lost on the server, and by another key than the server's: at the next start it is as it should be.
        with psycopg.connect(pushing.dsn) as connection:
            connection.execute("DELETE FROM chat_pushsubscription")
        alice.page.evaluate("localStorage.setItem('test-subscribed', JSON.stringify('AAAA'))")
        with alice.page.expect_response("**/push/subscription"):
            alice.reload()
        assert stored(pushing) == [(subscribed.endpoint,)]
        assert alice.page.evaluate("JSON.parse(localStorage.getItem('test-subscribed'))") == key
        expect(bell(alice)).to_be_checked()
        with alice.page.expect_response("**/push/subscription"):
            bell(alice).click()
        expect(bell(alice)).not_to_be_checked()
        assert stored(pushing) == []
        alice.page.wait_for_function("localStorage.getItem('test-subscribed') === null")
        alice.reload()
        expect(bell(alice)).not_to_be_checked()
        assert stored(pushing) == []
