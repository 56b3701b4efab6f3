"""The page in another language, and in a script that runs from the right."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.servers import House
from tests.browser.person import Person, Profile
from tests.browser.test_install import NOTIFICATIONS, expect_found, installed, pusher

# What is wider than its box and not meant to be scrolled, or hangs out of the window.
OVERFLOWS = """
() => [...document.querySelectorAll("body *")].filter((element) => {
  const { left, right, width, height } = element.getBoundingClientRect();
  const isDrawn = element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const isSeen = width > 1 && height > 1 && isDrawn;
  return isSeen && !element.closest("svg") && (left < -0.5 || right > document.documentElement.clientWidth + 0.5);
}).map((element) => element.outerHTML.slice(0, 120))
"""
KEPT_CHATS = """
async () => {
  const [{ name }] = await indexedDB.databases();
  const { result } = await new Promise((resolve) => (indexedDB.open(name).onsuccess = ({ target }) => resolve(target)));
  const store = result.transaction("conversations").objectStore("conversations");
  const count = await new Promise((resolve) => (store.count().onsuccess = ({ target }) => resolve(target.result)));
  result.close();
  return count;
}
"""
UPDATED = """
async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  await registration.update();
  const { installing, waiting } = registration;
  const next = installing ?? waiting;
  const isOver = () => !next || next.state === "activated" || next.state === "redundant";
  while (!isOver()) await new Promise((resolve) => next.addEventListener("statechange", resolve, { once: true }));
}
"""
WIDTH = "() => document.documentElement.scrollWidth <= innerWidth"


def speak_german(person: Person) -> None:
    """By the settings; the page comes anew."""
    person.page.get_by_role("button", name="Settings").click()
    expect(person.page.locator("#profile-help")).to_contain_text(person.username)
    with person.page.expect_navigation():
        person.page.get_by_label("Language").select_option("Deutsch")
    expect(person.page.locator("html")).to_have_attribute("lang", "de")


def test_everything_is_said_in_the_chosen_language(
    house: House, new_person: Callable[..., Person], bob: Person
) -> None:
    # With the worker, which has what is asked for while the server is away.
    alice = installed(new_person, "alice")
    alice.start_chat(bob)
    alice.send("one", "two")
    bob.open_chat(alice)
    alice.expect_tick("two", "seen")
    speak_german(alice)
    alice.expect_connected()
    page = alice.page
    expect(page.locator("#body")).to_have_attribute("placeholder", "Nachricht")
    expect(page.locator(".day")).to_have_text("Heute")
    # Who hears the page: who, what, when (in hours of 24), and the tick.
    expect(page.get_by_role("article", name=re.compile(r"^Du one \d\d:\d\d Gelesen$"))).to_have_count(1)
    menu = alice.message("one")
    menu.hover()
    menu.get_by_role("button", name="Mehr").click()
    items = page.get_by_role("menuitem")
    expect(items).to_have_text(["Antworten", "Text kopieren", "Bearbeiten", "Nachrichteninfo", "Löschen…"])
    items.get_by_text("Nachrichteninfo").click()
    dialog = page.get_by_role("dialog", name="Nachrichteninfo")
    expect(dialog.locator("dt")).to_have_text(["Zugestellt", "Gelesen"])
    expect(dialog.locator("#info-sent")).to_have_text(re.compile(r"^Gesendet: \d\d\.\d\d\.\d{4}, \d\d:\d\d:\d\d$"))
    dialog.get_by_role("button", name="Schließen").click()
    house.pause("web-1")
    try:
        alice.send("three")
        expect(alice.message("three").get_by_role("img", name="Wartet")).to_be_visible()
        page.get_by_role("button", name="Abmelden").click()
        expect(page.get_by_text("Eine Nachricht ist noch nicht gesendet.")).to_be_visible()
        page.get_by_role("button", name="Bleiben").click()
    finally:
        house.resume("web-1")
    expect(alice.message("three").get_by_role("img", name=re.compile("^(Zugestellt|Gelesen)$"))).to_be_visible()
    # What the server refuses has its reason in German, too.
    page.get_by_role("button", name="Neuer Chat").click()
    page.get_by_label("Benutzername").fill("nobody.at.all")
    page.get_by_role("button", name="Öffnen", exact=True).click()
    expect(page.get_by_text("Diesen Benutzernamen hat hier niemand.")).to_be_visible()


def test_what_has_failed_says_why_in_the_language_it_is_read_in(alice: Person, bob: Person) -> None:
    """The reason was stored while the page was English."""
    alice.start_chat(bob)
    # Refused: characters that cannot be stored, which the page itself never lets through.
    send = """
    async () => {
      const files = performance.getEntriesByType("resource").map(({ name }) => name);
      const { openDatabase } = await import(files.find((name) => /\\/database\\.[^/]*js$/.test(name)));
      const { device } = JSON.parse(document.getElementById("boot").textContent);
      const { outbox } = await openDatabase(device, () => {});
      const item = { client_id: "refused-1", conv: location.hash.slice(1), body: "a\\u0000b", state: "pending" };
      await outbox.add({ ...item, at: Date.now(), made: Date.now() });
    }
    """
    alice.page.evaluate(send)
    alice.reload()
    failed = alice.page.locator(".failure-reason")
    expect(failed).to_have_text(re.compile("^Not sent. The message is empty, too long"))
    speak_german(alice)
    expect(failed).to_have_text(re.compile("^Nicht gesendet. Die Nachricht ist leer, zu lang"))
    expect(alice.page.get_by_role("button", name="Verwerfen")).to_be_visible()


def test_without_a_network_the_language_stays(bob: Person, new_person: Callable[..., Person]) -> None:
    alice = installed(new_person, "alice")
    alice.profile.forgive("ERR_INTERNET_DISCONNECTED|WebSocket")
    alice.start_chat(bob)
    alice.send("one")
    expect_found(alice, KEPT_CHATS, 1)
    speak_german(alice)
    alice.expect_connected()
    # Another worker has taken over.
    alice.page.evaluate(UPDATED)
    chat = alice.page.url.partition("#")[2]
    pusher(alice, chat)()
    expect_found(alice, NOTIFICATIONS, [["Bob", "Neue Nachricht", chat]])
    # Without the worker, the browser's own cache would do for a while.
    alice.profile.context.new_cdp_session(alice.page).send("Network.clearBrowserCache")
    alice.profile.context.set_offline(True)
    alice.page.reload()
    expect(alice.page.locator("html")).to_have_attribute("lang", "de")
    expect(alice.page.locator("#banner")).to_contain_text("Offline seit")
    alice.write("im Tunnel")
    expect(alice.message("im Tunnel").get_by_role("img", name="Wartet")).to_be_visible()
    # Choosing another one needs the server; until then all stays as it is.
    alice.page.get_by_role("button", name="Einstellungen").click()
    alice.page.get_by_label("Sprache").select_option("English")
    expect(alice.page.locator("#language-said")).to_have_text("Du bist offline: Das geht nur mit Verbindung.")
    expect(alice.page.get_by_label("Sprache")).to_have_value("de")


def test_a_browser_that_asks_for_german_gets_it(house: House, new_profile: Callable[..., Profile]) -> None:
    newcomer = Person(new_profile(house, locale="de-AT"), "newcomer")
    newcomer.goto("/sign-in/")
    expect(newcomer.page.get_by_role("heading", name="Willkommen zurück")).to_be_visible()
    newcomer.page.get_by_label("Benutzername").fill("nobody")
    newcomer.page.get_by_label("Passwort").fill("wrong")
    newcomer.page.get_by_role("button", name="Anmelden").click()
    expect(newcomer.page.get_by_role("alert")).to_contain_text("Benutzername und Passwort eingeben")


# From the right to the left


def turn(page: Page) -> None:
    page.evaluate("document.documentElement.dir = 'rtl'")


def expect_nothing_hangs_out(page: Page) -> None:
    page.wait_for_function(WIDTH)
    assert page.evaluate(OVERFLOWS) == []


@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_on_a_narrow_phone_nothing_hangs_out_in_either_direction(
    house: House, bob: Person, new_profile: Callable[..., Profile], locale: str
) -> None:
    [signed_in] = house.enrol(f"{bob.username}-{locale.lower()}")
    profile = new_profile(house, locale=locale, viewport={"width": 360, "height": 740})
    alice = Person(profile, signed_in)
    alice.goto("/sign-up/")
    for _ in range(2):
        expect_nothing_hangs_out(alice.page)
        turn(alice.page)
    alice.come_in()
    for direction in ("ltr", "rtl"):
        if direction == "rtl":
            turn(alice.page)
        expect_nothing_hangs_out(alice.page)
        alice.page.locator("#new-chat").click()
        expect_nothing_hangs_out(alice.page)
        alice.page.locator("#username").fill(bob.username)
        alice.page.locator("#new-chat-form [type=submit]").click()
        alice.expect_open(bob)
        alice.send(f"{direction} " + "long" * 60, f"{direction} שלום, a short one")
        alice.expect_tick(f"{direction} שלום, a short one", "delivered")
        expect_nothing_hangs_out(alice.page)
        alice.message(f"{direction} שלום, a short one").locator(".bubble").focus()
        alice.page.keyboard.press("Enter")
        expect(alice.page.locator("#message-menu")).to_be_visible()
        expect_nothing_hangs_out(alice.page)
        alice.page.keyboard.press("Escape")
        # A username begins with its sign, and stands where reading begins.
        note = alice.page.locator("#peer-note")
        assert note.evaluate("note => getComputedStyle(note).direction") == "ltr"
        expect(note).to_have_css("text-align", "left" if direction == "ltr" else "right")
        alice.page.locator("#back").click()
        alice.page.locator("#open-settings").click()
        expect(alice.page.locator("#profile-help")).to_contain_text(alice.username)
        expect_nothing_hangs_out(alice.page)
        alice.page.locator("#settings-dialog [data-close]").first.click()
