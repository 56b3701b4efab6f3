"""What axe finds on each page, light and dark, at a desk and on a phone: nothing that is serious or critical."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.acceptance.servers import House
from tests.browser.expiry import expire, leave
from tests.browser.person import Person, Profile

GRAVE = ("serious", "critical")
LONG = "\n".join(f"line {n} of a long message" for n in range(40))
STILL = {"reduced_motion": "reduce"}
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True}


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[DESK, PHONE], ids=["desk", "phone"])
def looks(request: pytest.FixtureRequest, scheme: str) -> dict[str, object]:
    return {"color_scheme": scheme, **request.param, **STILL}


def grave(page: Page, where: str) -> list[str]:
    """The findings, each with where it is."""
    found = Axe().run(page).response
    assert found["passes"], "axe has looked at nothing"
    return [
        f"{where}: {each['id']} ({each['impact']}) {node['target']}: {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def talk(alice: Person, bob: Person) -> None:
    """Rows of all kinds, for alice."""
    bob.start_chat(alice)
    bob.send("hello", "to be deleted", "look at https://example.org/x")
    alice.open_chat(bob)
    alice.send("one", "to be edited")
    alice.choose("to be edited", "Edit")
    alice.write("edited")
    expect(alice.message("edited")).to_be_visible()
    alice.choose("hello", "Reply")
    alice.send("an answer")
    alice.send("👍")
    bob.remove("to be deleted", "Delete for everyone")
    alice.write(LONG)
    expect(alice.page.get_by_role("button", name="Read more")).to_be_visible()
    expect(alice.page.locator(".text.deleted")).to_have_count(1)


def test_pages_before_signing_in_and_of_errors(
    house: House, new_profile: Callable[..., Profile], looks: dict[str, object]
) -> None:
    guest = Person(new_profile(house, **looks), "guest")
    guest.profile.forgive("404|403")
    found = []
    for path in ("/sign-in/", "/sign-up/", "/nothing/", "/api/v1/docs"):
        guest.goto(path)
        found += grave(guest.page, path)
    guest.goto("/sign-up/")
    guest.page.get_by_role("button", name="Create account").click()
    expect(guest.page.get_by_role("alert").first).to_be_visible()
    found += grave(guest.page, "/sign-up/ refused")
    # Without its token the form is a stranger's.
    guest.goto("/sign-in/")
    guest.page.locator("[name=csrfmiddlewaretoken]").evaluate("field => field.remove()")
    guest.page.get_by_role("button", name="Sign in").click()
    expect(guest.page.get_by_role("heading", name="Please try again")).to_be_visible()
    found += grave(guest.page, "CSRF")
    assert found == []


def test_the_chats(bob: Person, friend: Callable[..., Person], scheme: str) -> None:
    alice = friend("alice", color_scheme=scheme, **DESK, **STILL)
    page = alice.page
    found = grave(page, "no chats")
    talk(alice, bob)
    found += grave(page, "thread")
    alice.open_menu("one")
    found += grave(page, "menu")
    page.keyboard.press("Escape")
    dialog = alice.open_info("one")
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    found += grave(page, "info")
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("nobody")
    found += grave(page, "search")
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="New chat").click()
    found += grave(page, "new chat")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    expect(page.locator("#profile-help")).to_contain_text(alice.username)
    found += grave(page, "settings")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 780})
    found += grave(page, "thread on a phone")
    alice.message("one").locator(".bubble").click()
    alice.open_menu("one")
    found += grave(page, "menu on a phone")
    page.get_by_role("menuitem", name="Message info").click()
    expect(dialog.get_by_role("listitem")).to_have_count(1)
    found += grave(page, "info on a phone")
    page.keyboard.press("Escape")
    page.locator("#back").click()
    found += grave(page, "list on a phone")
    page.get_by_role("button", name="Settings").click()
    for heading in page.locator("#settings-dialog h3").all():
        # Only what is in view has colours that can be judged.
        heading.scroll_into_view_if_needed()
        found += grave(page, f"settings on a phone: {heading.inner_text()}")
    assert found == []


def test_what_has_gone_wrong(house: House, bob: Person, friend: Callable[..., Person], scheme: str) -> None:
    alice = friend("alice", color_scheme=scheme, **DESK, **STILL)
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    leave(bob)
    alice.send("one")
    alice.expect_tick("one", "sent")
    expire(house, alice, bob, 2, 2)
    alice.expect_tick("one", "failed")
    found = grave(alice.page, "failed")
    alice.profile.forgive("WebSocket|ERR_|500")
    house.kill("postgres")
    try:
        alice.write("while it is away")
        alice.expect_tick("while it is away", "pending")
        found += grave(alice.page, "pending")
        alice.goto("/")
        expect(alice.page.get_by_role("heading", name="Something broke")).to_be_visible()
        found += grave(alice.page, "500")
    finally:
        house.restart("postgres")
    alice.visit()
    alice.open_chat(bob)
    alice.expect_tick("while it is away", "sent")
    assert found == []
