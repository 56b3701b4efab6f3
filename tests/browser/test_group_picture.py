"""The picture of a group: chosen by an admin, seen by everyone wherever the group has a face."""

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests import groups
from tests.acceptance.servers import House
from tests.acceptance.uploading import picture
from tests.browser.person import Person
from tests.browser.test_axe import grave
from tests.browser.test_group_screens import info
from tests.browser.test_groups import act, actor, user

PICTURED = re.compile("pictured")


def face(person: Person, title: str) -> Locator:
    return person.page.locator(".conversation").filter(has_text=title).locator(".avatar")


def choose(person: Person, screen: Locator, file: Path) -> None:
    with person.page.expect_file_chooser() as chooser:
        screen.get_by_role("button", name="Change picture").click()
    chooser.value.set_files(file)


def test_everyone_sees_it_until_it_is_removed(house: House, alice: Person, bob: Person, tmp_path: Path) -> None:
    shown = tmp_path / "us.png"
    shown.write_bytes(picture((900, 500)))
    title = "Picnic Club"
    for person in (alice, bob):
        # The small one is made a moment after.
        person.profile.forgive("404")
    act(house, groups.create, actor(alice), title, [user(bob)])
    for person in (alice, bob):
        person.page.locator(".conversation").filter(has_text=title).click()
        expect(face(person, title)).to_have_text("PC")
    screen = info(alice)
    choose(alice, screen, shown)
    for each in (screen.locator("#group-avatar"), *(face(person, title) for person in (alice, bob))):
        expect(each).to_have_class(PICTURED)
    for person in (alice, bob):
        expect(person.page.locator("#peer-avatar")).to_have_class(PICTURED)
    expect(bob.page.locator("#thread")).to_contain_text(f"{alice.name} changed the picture of the group")
    assert grave(alice.page, "group with a picture") == []
    # There again after a reload, and asked for once.
    bob.reload()
    expect(face(bob, title)).to_have_class(PICTURED)

    screen.get_by_role("button", name="Remove picture").click()
    for person in (alice, bob):
        expect(face(person, title)).not_to_have_class(PICTURED)
    expect(screen.get_by_role("button", name="Remove picture")).to_be_hidden()
    expect(screen.get_by_role("button", name="Change picture")).to_be_focused()


def test_what_is_no_picture_is_refused_here(house: House, alice: Person, bob: Person, tmp_path: Path) -> None:
    notes = tmp_path / "notes.png"
    notes.write_text("no picture at all")
    title = "Choir"
    act(house, groups.create, actor(alice), title, [user(bob)])
    alice.page.locator(".conversation").filter(has_text=title).click()
    screen = info(alice)
    choose(alice, screen, notes)
    expect(screen.get_by_role("status").first).to_have_text("This picture cannot be read.")
    # A member has nothing to change.
    bob.page.locator(".conversation").filter(has_text=title).click()
    assert info(bob).get_by_role("button", name="Change picture").count() == 0
