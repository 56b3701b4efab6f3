"""What is one's own altogether, in the settings; and that the page keeps to its content policy."""

import zipfile

from playwright.sync_api import Locator, expect

from tests.acceptance.servers import PASSWORD
from tests.browser.person import Person

# Trusted Types are enforced: a text as HTML is refused, whoever tries it; and so is a script of somewhere else.
UNTRUSTED = """
() => {
  const fails = (act) => { try { act(); return false; } catch (error) { return error instanceof TypeError; } };
  return [
    fails(() => { document.createElement("div").innerHTML = "<b>x</b>"; }),
    fails(() => { document.createElement("script").src = "https://evil.example/x.js"; }),
    fails(() => new Worker("/static/js/pulse.js")),
    fails(() => trustedTypes.createPolicy("other", {})),
  ];
}
"""


def settings(person: Person) -> Locator:
    person.page.get_by_role("button", name="Settings").click()
    dialog = person.page.get_by_role("dialog", name="Settings")
    expect(dialog.locator("#profile-help")).to_contain_text(person.username)
    return dialog


def test_trusted_types_are_enforced(alice: Person) -> None:
    alice.profile.forgive("Content Security Policy|TrustedTypePolicy|TrustedHTML|TrustedScriptURL|trusted-types")
    assert alice.page.evaluate(UNTRUSTED) == [True] * 4


def test_an_address_is_stored_with_the_password_only(alice: Person) -> None:
    alice.profile.forgive("422")
    form = settings(alice).locator("#email-form")
    form.get_by_label("E-mail address").fill("alice@example.org")
    form.get_by_label("Your password").fill("wrong")
    form.get_by_role("button", name="Set address").click()
    expect(form.get_by_text("That is not your password.")).to_be_visible()
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Set address").click()
    expect(form.get_by_text("Saved.")).to_be_visible()
    expect(form.get_by_label("Your password")).to_have_value("")


def test_ones_data_is_downloaded(alice: Person) -> None:
    dialog = settings(alice)
    with alice.page.expect_download() as download:
        dialog.get_by_role("link", name="Download my data").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert alice.username in archive.read("account.json").decode()


def test_an_account_ends_here_and_is_told_there(alice: Person, bob: Person) -> None:
    alice.profile.forgive("422|401|4401|WebSocket")
    alice.start_chat(bob)
    alice.send("I was here")
    bob.open_chat(alice)
    expect(bob.message("I was here")).to_be_visible()
    form = settings(alice).locator("#deletion-form")
    form.get_by_role("button", name="Delete my account").click()
    expect(form.get_by_text("That is not your password.")).to_be_visible()
    form.get_by_label("Your password").fill(PASSWORD)
    form.get_by_role("button", name="Delete my account").click()
    alice.page.wait_for_url("**/sign-in/")
    assert alice.page.evaluate("async () => (await indexedDB.databases()).length") == 0
    expect(bob.page.locator("#peer-name")).to_have_text("Deleted account")
    expect(bob.page.locator(".conversation").filter(has_text="Deleted account")).to_be_visible()
    expect(bob.message("I was here")).to_be_visible()
    alice.page.get_by_label("Username").fill(alice.username)
    alice.page.get_by_label("Password").fill(PASSWORD)
    alice.page.get_by_role("button", name="Sign in").click()
    expect(alice.page.locator(".form-error")).to_be_visible()
