"""Reading and writing: what text may hold, replies, scrolling, failed messages."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.browser.person import Person

HTML = '<img src=x onerror="alert(1)"><b>bold</b> &amp; </script><script>alert(2)</script>'
TEXTS = [
    HTML,
    "שלום עולם, איך הולך?",
    "مرحبا كيف حالك",
    "日本語のテキスト、句読点も。",
    "👩‍👩‍👧‍👦 🇪🇺 e\u0301 \u200b zero width",
    "w" * 300,
    "two\nlines\n\n\tand a tab",
]


def test_any_text_is_shown_as_it_was_written(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    for text in TEXTS:
        alice.write(text)
    alice.expect_tick(TEXTS[-2], "delivered")
    bob.open_chat(alice)
    expect(bob.page.locator(".message")).to_have_count(len(TEXTS))
    for person in (alice, bob):
        assert person.raw_texts == TEXTS
        # Nothing of it became markup.
        assert person.page.locator(".message img, .message b, .message script").count() == 0
        # And nothing sticks out of the window.
        assert person.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert person.page.locator("#thread-scroll").evaluate("box => box.scrollWidth <= box.clientWidth")
    expect(bob.row(alice).locator(".conversation-last")).to_have_text("two lines and a tab")


def test_links_are_links_and_nothing_else_is(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write("see https://example.org/a?b=c&d=(e)). and javascript:alert(1)")
    link = alice.page.locator(".message a")
    expect(link).to_have_attribute("href", "https://example.org/a?b=c&d=(e)")
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_the_limit_is_4096_characters_as_the_server_counts(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    send = alice.page.get_by_role("button", name="Send")
    alice.page.locator("#body").fill("😀" * 4097)
    expect(send).to_be_disabled()
    expect(alice.page.locator("#limit")).to_have_text("-1")
    alice.page.locator("#body").press("Enter")
    assert alice.page.locator(".message").count() == 0
    text = "😀" * 4096
    alice.write(text)
    expect(alice.page.locator(".message .tick")).to_have_attribute("data-tick", "delivered")
    bob.open_chat(alice)
    expect(bob.page.locator(".message")).to_have_count(1)
    assert bob.raw_texts == [text]
    alice.page.locator("#body").fill("   \n ")
    expect(send).to_be_disabled()


def test_reply_and_jump(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("line", 70)
    alice.expect_tick("line 69", "delivered")
    bob.open_chat(alice)
    bob.page.locator("#jump").click()
    alice.expect_tick("line 69", "seen")
    bob.reload()
    # What is answered is far above what is loaded at first.
    alice.scroll_to("line 0")
    alice.message("line 0").hover()
    alice.message("line 0").get_by_role("button", name="Reply").click()
    expect(alice.page.locator("#quote")).to_contain_text("line 0")
    alice.send("about that")
    reply = bob.message("about that")
    expect(reply.locator(".quoted-name")).to_have_text(alice.name)
    expect(reply.locator(".quoted-text")).to_have_text("line 0")
    expect(bob.message("line 0")).to_have_count(0)
    reply.locator(".quoted").click()
    expect(bob.message("line 0")).to_be_in_viewport()
    # Escape takes a reply back.
    bob.message("line 0").hover()
    bob.message("line 0").get_by_role("button", name="Reply").click()
    bob.page.locator("#body").press("Escape")
    expect(bob.page.locator("#quote")).to_be_hidden()


def test_the_thread_keeps_its_place(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.write_many("line", 120)
    alice.expect_tick("line 119", "delivered")
    bob.open_chat(alice)
    # It opens where the unread ones begin, and what is below the window has not been seen.
    expect(bob.page.locator(".unread-line")).to_be_in_viewport()
    expect(bob.message("line 0")).to_be_in_viewport()
    alice.expect_tick("line 0", "seen")
    alice.expect_tick("line 119", "delivered")
    bob.page.locator("#jump").click()
    alice.expect_tick("line 119", "seen")
    bob.expect_unread(alice, 0)
    # A fresh page has the end only; older ones come in above without moving what is looked at.
    bob.reload()
    expect(bob.message("line 119")).to_be_in_viewport()
    expect(bob.message("line 0")).to_have_count(0)
    bob.scroll_to("line 75")
    # Those above are there already, so that there is somewhere to go.
    expect(bob.message("line 40")).to_have_count(1)
    top = bob.top_of("line 75")
    bob.page.locator("#thread-scroll").evaluate("box => box.scrollTop -= 100")
    assert abs(bob.top_of("line 75") - top - 100) < 2
    # A new one at the end does not move it either, and is not seen.
    alice.send("news")
    expect(bob.page.locator("#jump-count")).to_have_text("1")
    assert abs(bob.top_of("line 75") - top - 100) < 2
    alice.expect_tick("news", "delivered")
    bob.page.locator("#jump").click()
    expect(bob.message("news")).to_be_in_viewport()
    alice.expect_tick("news", "seen")
    # At the end it stays at the end.
    alice.send("more news")
    expect(bob.message("more news")).to_be_in_viewport()


def test_a_refused_message_says_why_and_can_be_discarded(alice: Person, bob: Person) -> None:
    alice.profile.context.route_web_socket("**/ws/v1", spoil)
    alice.reload()
    alice.start_chat(bob)
    alice.send("good", "spoiled", "better")
    alice.expect_tick("better", "delivered")
    failed = alice.message("spoiled")
    alice.expect_tick("spoiled", "failed")
    expect(failed.get_by_role("alert")).to_contain_text("The message is empty, too long")
    expect(failed.get_by_role("button", name="Retry")).to_have_count(0)
    failed.get_by_role("button", name="Discard").click()
    expect(failed).to_have_count(0)
    bob.open_chat(alice)
    expect(bob.message("better")).to_be_visible()
    for each in (bob, alice):
        each.expect_texts("good", "better")


def spoil(socket: WebSocketRoute) -> None:
    """The network between: a message is emptied on its way."""
    server = socket.connect_to_server()
    socket.on_message(lambda text: server.send(str(text).replace('"spoiled"', '" "')))


@pytest.mark.parametrize("arrived", [True, False])
def test_a_message_without_an_answer_fails_and_is_sent_once(alice: Person, bob: Person, arrived: bool) -> None:
    """Whether its sends were lost or only the answers to them: Retry uses the same id, and it is there once."""
    line = Line(arrived)
    alice.profile.context.route_web_socket("**/ws/v1", line.connect)
    alice.profile.context.clock.install()
    alice.reload()
    alice.start_chat(bob)
    line.cut = True
    alice.send("hello")
    for _ in range(60):
        alice.profile.context.clock.run_for(20_000)
    alice.expect_tick("hello", "failed")
    expect(alice.message("hello").get_by_role("alert")).to_contain_text("The server did not answer.")
    line.cut = False
    alice.message("hello").get_by_role("button", name="Retry").click()
    alice.expect_tick("hello", "delivered")
    bob.open_chat(alice)
    expect(bob.message("hello")).to_have_count(1)
    for each in (alice, bob):
        each.expect_texts("hello")
    assert len(set(line.ids)) == 1 and len(line.ids) > 5


class Line:
    """A connection on which, while it is `cut`, sends get no answer."""

    def __init__(self, arrives: bool) -> None:
        self.arrives = arrives
        self.cut = False
        self.ids: list[str] = []

    def connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def up(text: str | bytes) -> None:
            frame = json.loads(text)
            if frame["t"] == "send":
                self.ids.append(frame["client_id"])
            if frame["t"] != "send" or self.arrives or not self.cut:
                server.send(text)

        def down(text: str | bytes) -> None:
            frame = json.loads(text)
            if not self.cut or not (frame["t"] == "messages" or '"ACCEPTED"' in str(text)):
                socket.send(text)

        socket.on_message(up)
        server.on_message(down)


def test_a_draft_and_a_reply_wait_in_their_chat(alice: Person, bob: Person, new_person: Callable[..., Person]) -> None:
    carol = new_person("carol")
    alice.start_chat(bob)
    alice.send("one")
    alice.message("one").hover()
    alice.message("one").get_by_role("button", name="Reply").click()
    alice.page.locator("#body").fill("half a")
    alice.start_chat(carol)
    expect(alice.page.locator("#body")).to_have_value("")
    expect(alice.page.locator("#quote")).to_be_hidden()
    alice.open_chat(bob)
    expect(alice.page.locator("#body")).to_have_value("half a")
    expect(alice.page.locator("#quote-text")).to_have_text("one")
