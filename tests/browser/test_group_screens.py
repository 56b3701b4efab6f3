"""Groups by their screens: made, named, joined by link, muted, left; and one of more members than the list tells."""

from collections.abc import Callable

import psycopg
from playwright.sync_api import Locator, expect

from tests import groups
from tests.acceptance.servers import House
from tests.browser.person import Person
from tests.browser.test_axe import grave
from tests.browser.test_groups import act, actor, user
from tests.crowd import PEOPLE

CABIN = "Cabin in May"


def cabin(person: Person) -> Locator:
    return person.page.locator(".conversation").filter(has_text=CABIN)


def info(person: Person) -> Locator:
    """The group's own screen, opened."""
    person.page.get_by_role("button", name="Chat info").click()
    return person.page.get_by_role("dialog", name="Group info")


def confirm(person: Person, title: str, button: str) -> None:
    person.page.get_by_role("dialog", name=title).get_by_role("button", name=button).click()


def do(person: Person, screen: Locator, whom: Person, what: str) -> None:
    screen.get_by_role("button", name=f"What to do with {whom.name}").click()
    person.page.get_by_role("menuitem", name=what).click()


def test_a_group_from_its_making_to_its_leaving(
    house: House, friend: Callable[..., Person], new_person: Callable[..., Person]
) -> None:
    alice, bob, carol, dave = (friend(name) for name in ("alice", "bob", "carol", "dave"))
    for each in (alice, carol):
        # Somebody, and a link, that are not there.
        each.profile.forgive("404")
    alice.start_chat(bob)
    alice.page.get_by_role("button", name="New chat").click()
    alice.page.get_by_role("button", name="New group").click()
    making = alice.page.get_by_role("dialog", name="New group")
    making.get_by_role("button", name="Create group").click()
    expect(making.get_by_role("alert")).to_have_text("The group needs a name.")
    making.get_by_label("Name of the group").fill(CABIN)
    # He is the only one known who may be meant.
    making.get_by_label("People").fill(bob.username[:-1])
    making.get_by_label("People").press("Enter")
    expect(making.get_by_role("button", name=f"Take {bob.name} out")).to_be_visible()
    for each in (carol, dave):
        making.get_by_label("People").fill(each.username)
        making.get_by_label("People").press("Enter")
        expect(making.get_by_role("button", name=f"Take {each.name} out")).to_be_visible()
    making.get_by_label("People").fill("nobody-at-all")
    making.get_by_label("People").press("Enter")
    expect(making.get_by_role("alert")).to_have_text("Nobody here has that username.")
    found = grave(alice.page, "new group")
    making.get_by_role("button", name="Create group").click()
    expect(alice.page.locator("#peer-name")).to_have_text(CABIN)

    # Whoever is mentioned sees it in the list, and in the text.
    field = alice.page.locator("#body")
    field.press_sequentially("Hello @bob")
    expect(alice.page.get_by_role("option", name=bob.name)).to_have_attribute("aria-selected", "true")
    found += grave(alice.page, "mentioning")
    field.press("Enter")
    field.press_sequentially("and all")
    field.press("Enter")
    said = f"Hello @{bob.username} and all"
    alice.expect_tick(said, "delivered")
    expect(cabin(bob).get_by_label("You were mentioned")).to_be_visible()
    expect(cabin(carol).locator(".badge")).to_have_text("1")
    expect(cabin(carol).get_by_label("You were mentioned")).to_have_count(0)
    for each in (bob, carol, dave):
        cabin(each).click()
        expect(each.message(said).locator(".mention")).to_have_text(f"@{bob.username}")
    expect(cabin(bob).get_by_label("You were mentioned")).to_have_count(0)
    alice.expect_tick(said, "seen")

    # An admin has what an owner gives; whoever is removed has nothing left.
    screen = info(alice)
    do(alice, screen, bob, "Make an admin")
    expect(screen.get_by_role("listitem").filter(has_text=bob.name)).to_contain_text("Admin")
    screen.get_by_label("Name of the group").fill(f"{CABIN} or June")
    screen.get_by_role("button", name="Save").click()
    for each in (alice, bob, carol):
        expect(each.page.locator("#peer-name")).to_have_text(f"{CABIN} or June")
    found += grave(alice.page, "group info")
    alice.page.keyboard.press("Escape")
    screen = info(bob)
    do(bob, screen, carol, "Remove from the group")
    confirm(bob, f"Remove {carol.name}?", "Remove")
    expect(carol.page.get_by_text(f"You are no longer in “{CABIN} or June”.")).to_be_visible()
    expect(carol.page.locator("#composer")).to_be_hidden()
    expect(cabin(carol)).to_have_count(0)

    # By a link that lets in one: who is not signed in yet comes back to it.
    screen.get_by_label("How many may join").select_option("1")
    screen.get_by_role("button", name="Create a link").click()
    link = screen.get_by_label("The new link")
    expect(screen.get_by_text("0 of 1 joined")).to_be_visible()
    path = link.input_value().removeprefix(house.address)
    erin = new_person("erin")
    erin.goto(path)
    expect(erin.page.get_by_role("heading")).to_have_text("You are invited to a group")
    erin.page.get_by_role("link", name="Sign in").click()
    erin.fill_sign_in()
    joining = erin.page.get_by_role("dialog", name=f"{CABIN} or June")
    expect(joining.get_by_text("3 members")).to_be_visible()
    found += grave(erin.page, "joining")
    joining.get_by_role("button", name="Join group").click()
    expect(erin.page.locator("#peer-name")).to_have_text(f"{CABIN} or June")
    erin.send("here I am")
    erin.expect_tick("here I am", "seen")
    carol.goto(path)
    expect(carol.page.get_by_role("dialog", name="This link does not work any more")).to_be_visible()
    bob.page.keyboard.press("Escape")

    # Muted, and left.
    screen = info(dave)
    for chosen, shown in (("hours", "until"), ("on", "on"), ("always", "always")):
        screen.get_by_label("New messages").select_option(chosen)
        expect(screen.get_by_label("New messages")).to_have_value(shown)
    expect(cabin(dave).get_by_label("Muted")).to_be_visible()
    dave.page.set_viewport_size({"width": 360, "height": 740})
    found += grave(dave.page, "group info on a phone")
    dave.profile.forgive("ERR_INTERNET_DISCONNECTED")
    dave.profile.context.set_offline(True)
    screen.get_by_role("button", name="Leave group").click()
    confirm(dave, f"Leave “{CABIN} or June”?", "Leave group")
    expect(screen.get_by_text("You are offline")).to_be_visible()
    dave.profile.context.set_offline(False)
    screen.get_by_role("button", name="Leave group").click()
    confirm(dave, f"Leave “{CABIN} or June”?", "Leave group")
    expect(cabin(dave)).to_have_count(0)
    expect(screen).to_be_hidden()
    # Who left is still called by their name, also on the next visit.
    for _ in range(2):
        expect(alice.page.locator(".event").last).to_have_text(f"{dave.name} left")
        alice.reload()
    assert found == []


def test_in_a_large_group_everybody_is_known_as_soon_as_it_is_open(house: House, friend: Callable[..., Person]) -> None:
    alice, zoe = friend("alice"), friend("zoe")
    with psycopg.connect(house.dsn) as connection:
        connection.execute(PEOPLE, {"people": 120})
        crowd = "SELECT id::text FROM chat_user WHERE username LIKE 'crowd%%' ORDER BY username"
        rows = connection.execute(crowd).fetchall()
    everybody = [row[0] for row in rows]
    conv = act(house, groups.create, actor(alice), CABIN, [user(zoe), *everybody])
    for each in (alice, zoe):
        cabin(each).click()
    alice.send("hello all")
    # Nobody of the crowd has a device.
    alice.expect_tick("hello all", "sent")
    expect(alice.page.locator("#peer-note")).to_have_text("122 members")
    screen = info(alice)
    expect(screen.get_by_role("listitem")).to_have_count(50)
    for count in (100, 122):
        screen.get_by_role("button", name="Show more").click()
        expect(screen.get_by_role("listitem")).to_have_count(count)
    screen.get_by_label("Search members").fill("zoe")
    expect(screen.get_by_role("listitem")).to_have_count(1)
    alice.page.keyboard.press("Escape")
    alice.page.keyboard.press("Escape")
    told = alice.open_info("hello all")
    expect(told.get_by_role("listitem")).to_have_count(100)
    told.get_by_role("button", name="Show more").click()
    expect(told.get_by_role("listitem")).to_have_count(121)
    expect(told.get_by_role("button", name="Show more")).to_be_hidden()
    alice.page.keyboard.press("Escape")
    # When somebody goes, everybody else is known all the while.
    act(house, groups.remove, actor(alice), conv, everybody[0])
    expect(alice.page.locator("#peer-note")).to_have_text("121 members")
    alice.expect_tick("hello all", "sent")
    screen = info(alice)
    expect(screen.get_by_role("button", name="Create a link")).to_be_visible()
    expect(screen.get_by_label("New messages")).to_have_value("on")
    alice.page.keyboard.press("Escape")
    zoe.page.locator("#body").press_sequentially("@crowd60")
    expect(zoe.page.get_by_role("option")).to_have_count(1)
    zoe.page.locator("#body").press("Escape")
    # Once all have it, all ticks say so.
    with psycopg.connect(house.dsn) as connection:
        connection.execute(
            "UPDATE receipts_watermark SET delivered_seq = 2, seen_seq = 2"
            " WHERE conversation_id = %s::uuid AND user_id = ANY(%s::uuid[])",
            [conv, everybody],
        )
    alice.reload()
    alice.expect_tick("hello all", "seen")
