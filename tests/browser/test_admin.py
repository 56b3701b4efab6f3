"""The admin's own pages in a browser: its content policy breaks none of them, and they fit a desk and a phone."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.browser.person import Profile
from tests.browser.test_axe import GRAVE

PROMOTE = "UPDATE chat_user SET is_staff = true WHERE id = %s"
JOIN = "INSERT INTO chat_user_groups (user_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'moderators'"
# Two people who have talked, and what was reported of it.
TALK = """
from datetime import timedelta
from django.utils import timezone
from chat.models import Device, Inbox, Message, User
from tests.cast import Person, make_direct
from tests.log import attach, write
from tests.moderation import report
one, two = (Person(d.user, d, "") for d in (Device.objects.get(id=each) for each in {devices}))
conv = make_direct(one, two)
at = timezone.now() - timedelta(days=2)
said = ["Is the bicycle still there?", "It is. 120, and it is yours.", "I saw it for 80 elsewhere."]
said += ["Then buy it there, you cheap idiot. I know where you live. " * 3, "Excuse me?"]
for number, body in enumerate(said):
    write(conv, (one, two)[number % 2], 1, body, at + timedelta(minutes=3 * number))
attach(conv, 2, name="bicycle-in-the-yard-with-a-rather-long-name.jpg")
Message.objects.filter(conversation_id=conv, seq=3).update(deleted_at=at, body="")
report(one, two, conv, 4, reason="abuse", note="He threatens me.")
report(None, two, reason="spam", note="40 new conversations in an hour")
Inbox.objects.create(device=two.device, conversation_id=conv, received_seq=1, attempts=10)
print(conv)
"""
DESK = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 360, "height": 780}, "has_touch": True, "is_mobile": True}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def appoint(house: House, who: SignedIn) -> None:
    with psycopg.connect(house.dsn) as connection:
        connection.execute(PROMOTE, [who.user])
        connection.execute(JOIN, [who.user])


def grave(page: Page, part: str) -> list[str]:
    """What axe finds in our part of the page; the rest is Django's."""
    found = Axe().run(page, context=part).response
    assert found["passes"], "axe has looked at nothing"
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found["violations"] if each["impact"] in GRAVE]


@dataclass
class Desk:
    """A moderator's page. `SHOTS`: a folder for pictures of all that was looked at."""

    page: Page
    address: str
    name: str
    number: int = 0

    def look(self, path: str = "", part: str = "") -> None:
        """At an address, or at what is there. It fits, and axe finds nothing grave in `part`."""
        if path:
            self.page.goto(self.address + path)
        self.number += 1
        if shots := os.environ.get("SHOTS"):
            self.page.screenshot(path=f"{shots}/{self.name}-{self.number}.png", full_page=True)
        assert self.page.evaluate(OVERFLOW) <= 0, path
        if part:
            assert grave(self.page, part) == [], path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("looks", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_moderating(
    house: House,
    new_profile: Callable[..., Profile],
    scheme: str,
    looks: dict[str, object],
    request: pytest.FixtureRequest,
) -> None:
    name = request.node.callspec.id
    mo, one, two = house.enrol(*(f"{each}-{name}" for each in ("mo", "ann", "max")))
    appoint(house, mo)
    conv = house.manage("shell", "-v", "0", "-c", TALK.format(devices=[one.device, two.device])).strip()
    profile = new_profile(house, color_scheme=scheme, **looks)
    profile.add_cookies(mo.cookies)
    page = profile.new_page()
    desk = Desk(page, house.address, name)
    desk.look("/admin/")
    desk.look(f"/admin/chat/report/?q={two.username}")
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    page.locator("#result_list tbody tr").first.locator("a").first.click()
    expect(page.locator("ol.entries > li")).to_have_count(4)
    expect(page.locator("li.reported")).to_contain_text("cheap idiot")
    desk.look()
    page.get_by_role("link", name="Suspend person").click()
    expect(page.get_by_label("Reason")).to_be_visible()
    desk.look()
    desk.look(f"/admin/chat/conversation/{conv}/change/?upto=5#seq-4")
    expect(page.locator("ol.entries > li")).to_have_count(5)
    desk.look(f"/admin/chat/user/{two.user}/change/")
    desk.look("/admin/chat/inbox/?backlog=stuck")
    desk.look("/admin/chat/message/rates/")
    desk.look("/admin/chat/message/")
    assert profile.errors == []
    # axe tries styles of its own, which the policy forbids.
    profile.forgive("inline style|preload assets")
    desk.look(f"/admin/chat/conversation/{conv}/change/", ".thread")
    desk.look("/admin/chat/message/rates/", "#content-main")
