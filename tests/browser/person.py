"""People as they use the page: by what they see and press."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import PASSWORD

# How long anything may take that depends on the servers; a busy machine is slow.
PATIENCE_MS = 60_000.0

expect.set_options(timeout=PATIENCE_MS)

WRITE_MANY = """
([prefix, count]) => {
  const field = document.getElementById("body");
  for (let number = 0; number < count; number += 1) {
    field.value = `${prefix} ${number}`;
    field.form.requestSubmit();
  }
}
"""

DRAWN = """
() => {
  const rows = [...document.querySelectorAll("#thread [data-seq]")];
  return rows.map((row) => [row.dataset.seq, row.querySelector(".body").textContent]);
}
"""


def wait_until(page: Page, script: str) -> None:
    """Until it says so. Page.wait_for_function evaluates texts inside the page from its second look on, which a page
    of ours forbids."""
    end = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(script):
        assert time.monotonic() < end, f"waited in vain for {script}"
        page.wait_for_timeout(20)


# Each would spoil the console of every test.
ALWAYS_FORGIVEN = ["Service Worker registration blocked"]


class Profile:
    """A browser profile: cookies and storage of its own. Collects what its pages complain about."""

    def __init__(self, browser: Browser, address: str, **options: Any) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.is_plain = not options
        self._forgiven = ALWAYS_FORGIVEN
        # Its worker would fetch every file once more for each profile: only where it is what is tested.
        usual = {"viewport": {"width": 1280, "height": 800}, "service_workers": "block"}
        self._context = browser.new_context(**(usual | options))
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.on("console", self._console)
        self._context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    @property
    def context(self) -> BrowserContext:
        """For those who change it: nobody else gets it after them."""
        self.is_plain = False
        return self._context

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def forgive(self, pattern: str) -> None:
        """An error that belongs to what the test does, such as a connection that fails."""
        self._forgiven = [*self._forgiven, pattern]

    @property
    def errors(self) -> list[str]:
        return [each for each in self.complaints if not any(re.search(known, each) for known in self._forgiven)]

    def new_page(self) -> Page:
        return self._context.new_page()

    def add_cookies(self, cookies: Mapping[str, str]) -> None:
        known: Any = [{"name": name, "value": value, "url": self.address} for name, value in cookies.items()]
        self._context.add_cookies(known)

    def forget(self) -> None:
        """All who were here, but not the files that the browser has fetched: whoever comes next has them already."""
        for page in self._context.pages:
            page.close()
        # Nothing of theirs runs any more that could write.
        blank = self._context.new_page()
        session = self._context.new_cdp_session(blank)
        session.send("Storage.clearDataForOrigin", {"origin": self.address, "storageTypes": "all"})
        blank.close()
        self._context.clear_cookies()
        self.complaints.clear()
        self._forgiven = ALWAYS_FORGIVEN

    def close(self) -> None:
        self._context.close()


class Person:
    """One person at one page."""

    def __init__(self, profile: Profile, who: SignedIn | str) -> None:
        self.profile = profile
        self.signed_in = who if isinstance(who, SignedIn) else None
        self.username = who if isinstance(who, str) else who.username
        self.name = self.username.capitalize()
        self.page = profile.new_page()

    def another_tab(self) -> "Person":
        """The same profile in a second tab, at the chats."""
        tab = Person(self.profile, self.username)
        tab.visit()
        return tab

    # Getting there

    def goto(self, path: str) -> None:
        self.page.goto(f"{self.profile.address}{path}")

    def sign_in(self, password: str = PASSWORD) -> None:
        self.goto("/sign-in/")
        self.fill_sign_in(password)
        self.expect_connected()

    def come_in(self) -> None:
        """With the cookies of the sign-in page."""
        assert self.signed_in is not None
        self.profile.add_cookies(self.signed_in.cookies)
        self.visit()

    def fill_sign_in(self, password: str = PASSWORD) -> None:
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(f"{self.profile.address}/")

    def visit(self) -> None:
        self.goto("/")
        self.expect_connected()

    def reload(self) -> None:
        self.page.reload()
        self.expect_connected()

    def expect_state(self, state: str) -> None:
        expect(self.page.locator("#app")).to_have_attribute("data-connection", state)

    def expect_connected(self) -> None:
        self.expect_state("ready")

    # Chats

    def start_chat(self, other: "Person") -> None:
        self.page.get_by_role("button", name="New chat").click()
        self.page.get_by_label("Username").fill(other.username)
        self.page.get_by_role("button", name="Open", exact=True).click()
        self.expect_open(other)

    def expect_open(self, other: "Person") -> None:
        expect(self.page.locator("#peer-name")).to_have_text(other.name)

    def open_chat(self, other: "Person") -> None:
        self.row(other).click()
        self.expect_open(other)

    def row(self, other: "Person") -> Locator:
        """The chat in the list."""
        return self.page.locator(".conversation").filter(has_text=other.name)

    def expect_unread(self, other: "Person", count: int) -> None:
        badge = self.row(other).locator(".badge")
        if count:
            expect(badge).to_have_text(str(count))
        else:
            expect(self.row(other)).to_have_count(1)
            expect(badge).to_have_count(0)

    # Messages

    def write(self, text: str) -> None:
        self.page.locator("#body").fill(text)
        self.page.locator("#body").press("Enter")

    def send(self, *texts: str) -> None:
        """Writes them and sees each appear."""
        for text in texts:
            self.write(text)
            expect(self.message(text)).to_be_visible()

    def write_many(self, prefix: str, count: int) -> None:
        """ "line 0", "line 1"… faster than anyone types."""
        self.page.evaluate(WRITE_MANY, [prefix, count])

    def message(self, text: str) -> Locator:
        body = self.page.locator(".body").filter(has_text=re.compile(f"^{re.escape(text)}$"))
        return self.page.locator(".message").filter(has=body)

    @property
    def texts(self) -> list[str]:
        """What the thread shows, from top to bottom."""
        return self.page.locator(".message .body").all_inner_texts()

    def expect_texts(self, *texts: str) -> None:
        """Exactly these, in this order."""
        expect(self.page.locator(".message .body")).to_have_text(list(texts))

    @property
    def raw_texts(self) -> list[str]:
        """The same, to the last blank."""
        return self.page.locator(".message .body").all_text_contents()

    def scroll_to(self, text: str) -> None:
        """Upwards until it is there."""
        scroll = self.page.locator("#thread-scroll")
        for _ in range(100):
            if self.message(text).count():
                break
            scroll.evaluate("box => box.scrollTop = 0")
            self.page.wait_for_timeout(50)
        self.message(text).scroll_into_view_if_needed()

    def read_down(self, first: str, last: str) -> list[str]:
        """What the thread shows on the way from one message down to another, each message once, in their order."""
        self.scroll_to(first)
        found: dict[str, str] = {}
        for _ in range(300):
            found |= dict(self.page.evaluate(DRAWN))
            if last in found.values():
                break
            self.page.locator("#thread-scroll").evaluate("box => box.scrollTop += box.clientHeight - 50")
            self.page.wait_for_timeout(30)
        return [found[seq] for seq in sorted(found, key=int)]

    @property
    def drawn_rows(self) -> int:
        return self.page.locator("#thread > li").count()

    def top_of(self, text: str) -> float:
        box = self.message(text).bounding_box()
        assert box is not None
        return box["y"]

    def choose(self, text: str, what: str) -> None:
        """Something of the message's menu."""
        self.open_menu(text).get_by_role("menuitem", name=what, exact=True).click()

    def remove(self, text: str, how: str) -> None:
        """ "Delete for me" or "Delete for everyone"."""
        self.choose(text, "Delete…")
        self.page.get_by_role("dialog", name="Delete this message?").get_by_role("button", name=how).click()

    def open_menu(self, text: str) -> Locator:
        self.message(text).hover()
        self.message(text).get_by_role("button", name="More").click()
        return self.page.get_by_role("menu")

    def open_info(self, text: str) -> Locator:
        self.choose(text, "Message info")
        return self.page.get_by_role("dialog", name="Message info")

    def exact_time(self) -> re.Pattern[str]:
        """Today, to the second."""
        return re.compile(rf"{datetime.now(UTC):%b} \d+, \d{{4}}, \d+:\d\d:\d\d")

    def expect_tick(self, text: str, tick: str) -> None:
        """ "pending", "sent", "delivered", "seen" or "failed"."""
        expect(self.message(text).locator(".tick")).to_have_attribute("data-tick", tick)
