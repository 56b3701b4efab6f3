"""Back after a long time: what expired, what was withdrawn, what is still on its way."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import WebSocketRoute, expect

from bench import absence
from tests.acceptance.servers import House
from tests.browser.books import expect_received
from tests.browser.expiry import expire, leave
from tests.browser.person import Person

GAP = "Messages before this point were not kept for this device"


def test_what_expired_has_failed_and_can_be_sent_anew(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("zero")
    alice.expect_tick("zero", "delivered")
    leave(bob)
    alice.send("one", "two", "three")
    alice.expect_tick("three", "sent")
    expire(house, alice, bob, 2, 3)
    for text in ("one", "two"):
        alice.expect_tick(text, "failed")
        expect(alice.message(text).get_by_role("alert")).to_contain_text("Not delivered")
    alice.expect_tick("three", "sent")
    expect(alice.open_info("one").get_by_text("Expired")).to_be_visible()
    alice.page.keyboard.press("Escape")
    alice.reload()
    alice.expect_tick("one", "failed")
    alice.message("one").get_by_role("button", name="Retry").click()
    # The old one is gone, the new one is the newest.
    alice.expect_tick("one", "sent")
    alice.expect_texts("zero", "two", "three", "one")
    bob.visit()
    alice.expect_tick("one", "delivered")
    alice.expect_tick("two", "failed")
    bob.open_chat(alice)
    expect(bob.page.locator(".gap-line")).to_have_text(GAP)
    bob.expect_texts("zero", "three", "one")
    alice.expect_tick("one", "seen")
    alice.expect_tick("two", "failed")
    bob.reload()
    bob.expect_texts("zero", "three", "one")
    expect(bob.page.locator(".gap-line")).to_have_text(GAP)
    alice.reload()
    alice.expect_texts("zero", "two", "three", "one")


class LostAnswers:
    """A connection on which, while it is `cut`, nothing comes back."""

    def __init__(self) -> None:
        self.cut = False
        self.ids: list[str] = []

    def connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def up(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["t"] == "resend":
                self.ids.append(frame["client_id"])
            server.send(text)

        socket.on_message(up)
        server.on_message(lambda text: None if self.cut else socket.send(text))


def test_a_retry_whose_answer_is_lost_is_done_once(house: House, alice: Person, bob: Person) -> None:
    line = LostAnswers()
    alice.profile.context.route_web_socket("**/ws/v1", line.connect)
    alice.profile.forgive("WebSocket")
    alice.reload()
    leave(bob)
    alice.start_chat(bob)
    alice.send("one", "two")
    alice.expect_tick("two", "sent")
    expire(house, alice, bob, 1, 1)
    alice.expect_tick("one", "failed")
    line.cut = True
    alice.message("one").get_by_role("button", name="Retry").click()
    alice.expect_tick("one", "pending")
    while not line.ids:
        alice.page.wait_for_timeout(20)
    house.end("web-1")
    alice.expect_state("waiting")
    line.cut = False
    house.restart("web-1")
    alice.expect_connected()
    alice.expect_tick("one", "sent")
    alice.expect_texts("two", "one")
    assert len(line.ids) == 2 and len(set(line.ids)) == 1
    bob.visit()
    bob.open_chat(alice)
    expect(bob.message("one")).to_be_visible()
    bob.expect_texts("two", "one")


def test_a_device_is_told_what_was_not_kept_for_it(house: House, alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("early", 3)
    bob.open_chat(alice)
    alice.expect_tick("early 2", "seen")
    leave(bob)
    alice.write_many("lost", 160)
    alice.write_many("kept", 40)
    alice.expect_tick("kept 39", "sent")
    expire(house, alice, bob, 4, 163)
    alice.expect_tick("lost 159", "failed")
    bob.visit()
    bob.expect_unread(alice, 40)
    bob.open_chat(alice)
    alice.expect_tick("kept 0", "seen")
    bob.scroll_to("early 0")
    expect(bob.page.locator(".gap-line")).to_have_text(GAP)
    bob.expect_texts(*(f"early {n}" for n in range(3)), *(f"kept {n}" for n in range(40)))
    assert bob.top_of("early 2") < bob.page.locator(".gap-line").bounding_box()["y"] < bob.top_of("kept 0")  # type: ignore[index]


class Tap:
    """A connection that lets a number of pushes through, and pages always."""

    def __init__(self) -> None:
        self.left = 0
        self.held: list[str] = []
        self.socket: WebSocketRoute | None = None

    def connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self.socket, self.held = socket, []

        def down(text: str | bytes) -> None:
            if json.loads(text)["t"] in ("messages", "sync_done") and (self.left <= 0 or self.held):
                self.held.append(str(text))
            else:
                self.left -= json.loads(text)["t"] == "messages"
                socket.send(text)

        server.on_message(down)

    def open(self, count: int) -> None:
        assert self.socket is not None
        for text in self.held[:count]:
            self.socket.send(text)
        del self.held[:count]
        self.left = 10_000 if not self.held else 0


def test_six_hundred_waiting(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    carol = new_person("carol")
    alice.start_chat(bob)
    alice.send("first")
    bob.open_chat(alice)
    alice.expect_tick("first", "seen")
    leave(bob)
    alice.write_many("line", 600)
    alice.expect_tick("line 599", "sent")
    tap = Tap()
    bob.profile.context.route_web_socket("**/ws/v1", tap.connect)
    bob.visit()
    syncing = bob.page.locator("#syncing")
    expect(syncing).to_have_text("Syncing 0 of 600")
    bob.expect_unread(alice, 600)
    bob.open_chat(alice)
    # The newest are there, below what is not.
    expect(bob.message("line 599")).to_be_in_viewport()
    gap = bob.page.locator(".gap-line")
    expect(gap).to_have_text("550 messages on their way…")
    assert bob.texts[-50:] == [f"line {n}" for n in range(550, 600)]
    # Neither delivered nor seen, whatever is looked at.
    alice.expect_tick("line 599", "sent")
    # Some come, and what is looked at stays where it is.
    bob.page.locator("#thread-scroll").evaluate("box => box.scrollTop -= 200")
    top = bob.top_of("line 585")
    while not tap.held:
        bob.page.wait_for_timeout(20)
    tap.open(1)
    expect(syncing).not_to_have_text("Syncing 0 of 600")
    expect(syncing).to_have_text(re.compile(r"^\s*Syncing \d+ of 600\s*$"))
    expect(gap).not_to_have_text("550 messages on their way…")
    expect(gap).to_have_text(re.compile(r"^\d+ messages on their way…$"))
    assert abs(bob.top_of("line 585") - top) < 2
    # The page is of use meanwhile.
    bob.start_chat(carol)
    bob.send("hello carol")
    bob.expect_tick("hello carol", "sent")
    bob.open_chat(alice)
    expect(gap).to_have_text(re.compile(r"^\d+ messages on their way…$"))
    expect(bob.message("line 599")).to_be_in_viewport()
    bob.page.locator("#thread-scroll").evaluate("box => box.scrollTop -= 200")
    top = bob.top_of("line 585")
    tap.open(1000)
    expect(syncing).to_be_hidden()
    expect(gap).to_have_count(0)
    assert abs(bob.top_of("line 585") - top) < 2
    # As far as bob has looked.
    alice.expect_tick("line 580", "seen")
    alice.expect_tick("line 599", "delivered")
    bob.page.locator("#jump").click()
    alice.expect_tick("line 599", "seen")
    bob.expect_unread(alice, 0)
    assert bob.read_down("first", "line 599") == ["first", *(f"line {n}" for n in range(600))]


PROGRESS = re.compile(r"^\s*Syncing (?!0 )[\d,]+ of 10,000\s*$")


def test_ten_thousand_waiting(house: House, bob: Person, new_person: Callable[..., Person]) -> None:
    """In twenty chats. How far it has come is told, and the page is of use all the while."""
    carol = new_person("carol")
    assert bob.signed_in is not None
    leave(bob)
    absence.talk(house, bob.signed_in, 20, 500)
    tap = Tap()
    tap.left = 20
    bob.profile.context.route_web_socket("**/ws/v1", tap.connect)
    bob.visit()
    syncing = bob.page.locator("#syncing")
    expect(syncing).to_have_text(PROGRESS)
    while not tap.held:
        bob.page.wait_for_timeout(20)
    bob.start_chat(carol)
    bob.page.locator("#body").press_sequentially("written meanwhile")
    bob.page.locator("#body").press("Enter")
    bob.expect_tick("written meanwhile", "sent")
    bob.page.locator("#body").press_sequentially("and some more")
    expect(syncing).to_have_text(PROGRESS)
    tap.open(1_000)
    expect(syncing).to_be_hidden()
    expect(bob.page.locator("#body")).to_have_value("and some more")
    expect(bob.page.locator(".conversation .badge")).to_have_text(["500"] * 20)
    expect_received(house, bob, lambda found: sum(found) >= 10_000)
