"""Messages with files, from one person's device to another's: through cuts, reloads, refusals and other tabs."""

import re
import time
from collections.abc import Callable

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Route, expect

from tests.acceptance.servers import House
from tests.browser.person import PATIENCE_MS, Person
from tests.browser.pictures import Payload, document, expect_tray, photo, pick, tray
from tests.browser.test_outbox import Line, stored

GRAVE = ("serious", "critical")
UPLOADS = re.compile(r"/api/v1/uploads")
SIZES = "(images) => images.map((image) => image.naturalWidth)"
FOCUSED = "() => document.activeElement.dataset.name ?? document.activeElement.className"
WITHHOLD = "UPDATE chat_inbox SET media_horizon_seq = 1000 WHERE device_id = %s"


@pytest.fixture
def talking(alice: Person, bob: Person) -> tuple[Person, Person]:
    """In the chat they have. A thumbnail that is not made yet, and what a test cuts, is in the console."""
    for each in (alice, bob):
        each.profile.forgive("Failed to load resource")
    alice.start_chat(bob)
    alice.send("hello")
    bob.open_chat(alice)
    return alice, bob


def send_files(person: Person, text: str, *files: Payload) -> None:
    pick(person, *files)
    expect_tray(person, *(each["name"] for each in files))
    person.write(text)
    expect(person.message(text)).to_be_visible()


def expect_pictures(message: Locator, count: int) -> None:
    """So many, and each of them is there."""
    images = message.locator("img:visible")
    expect(images).to_have_count(count)
    end = time.monotonic() + PATIENCE_MS / 1000
    while not all(images.evaluate_all(SIZES)) and time.monotonic() < end:
        message.page.wait_for_timeout(50)
    assert all(images.evaluate_all(SIZES))


class Cut:
    """The way of uploads. `after`: so many chunks arrive, the next ones are lost until it is mended."""

    def __init__(self, person: Person, after: int) -> None:
        self.person, self.left = person, after
        self.is_mended = False
        self.lost = 0
        self.chunks: list[int] = []
        self.asked = 0
        person.profile.context.route(UPLOADS, self._take)

    def _take(self, route: Route) -> None:
        request = route.request
        self.asked += request.method == "HEAD"
        if request.method == "PATCH":
            if self.left == 0 and not self.is_mended:
                self.lost += 1
                route.abort()
                return
            self.left -= 1
            self.chunks.append(int(request.headers["upload-offset"]))
        route.continue_()

    def mend(self) -> None:
        self.is_mended = True

    def await_loss(self) -> None:
        end = time.monotonic() + PATIENCE_MS / 1000
        while not self.lost and time.monotonic() < end:
            self.person.page.wait_for_timeout(50)
        assert self.lost


def test_written_offline_with_pictures_reloaded_and_there_once_in_order(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    line = Line(alice)
    alice.open_chat(bob)
    line.cut()
    alice.expect_state("waiting")
    alice.send("before")
    send_files(alice, "two pictures", photo("lake.jpg"), photo("hill.jpg", (300, 600)))
    alice.send("after")
    alice.page.reload()
    expect_pictures(alice.message("two pictures"), 2)
    alice.expect_tick("two pictures", "pending")
    line.mend()
    alice.reload()
    alice.expect_tick("after", "seen")
    for each in (alice, bob):
        each.expect_texts("hello", "before", "two pictures", "after")
        expect_pictures(each.message("two pictures"), 2)
    assert (stored(alice), stored(alice, "blobs")) == ([], [])
    bob.reload()
    expect_pictures(bob.message("two pictures"), 2)


def test_an_upload_that_is_cut_goes_on_where_the_server_has_it(
    talking: tuple[Person, Person], friend: Callable[..., Person]
) -> None:
    alice, bob = talking
    carol = friend("carol")
    cut = Cut(alice, after=2)
    large = photo("large.png", noise=1_300_000)
    send_files(alice, "large", large)
    cut.await_loss()
    alice.send("text behind it")
    alice.expect_tick("text behind it", "pending")
    bar = alice.message("large").get_by_role("progressbar", name="Uploading")
    assert 0 < int(bar.evaluate("bar => bar.value")) < len(large["buffer"])
    # No other chat waits for it.
    alice.start_chat(carol)
    alice.send("meanwhile")
    alice.expect_tick("meanwhile", "delivered")
    alice.open_chat(bob)
    tab = alice.another_tab()
    tab.open_chat(bob)
    expect(tab.message("large").get_by_role("progressbar")).to_be_visible()
    cut.mend()
    for each in (alice, tab):
        each.expect_tick("text behind it", "seen")
        each.expect_texts("hello", "large", "text behind it")
    bob.expect_texts("hello", "large", "text behind it")
    expect_pictures(bob.message("large"), 1)
    # Nothing that had arrived went up again.
    assert cut.asked and len(cut.chunks) == len(set(cut.chunks))


def test_a_tab_closed_in_the_midst_of_an_upload(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    cut = Cut(alice, after=1)
    send_files(alice, "large", photo("large.png", noise=1_300_000))
    cut.await_loss()
    alice.page.close()
    cut.mend()
    tab = alice.another_tab()
    tab.open_chat(bob)
    tab.expect_tick("large", "seen")
    expect_pictures(bob.message("large"), 1)
    assert len(cut.chunks) == len(set(cut.chunks))


def test_a_file_that_the_server_refuses_says_so_and_what_is_behind_it_goes(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    broken = photo("broken.jpg")
    broken["buffer"] = broken["buffer"][:600]
    send_files(alice, "look", broken)
    alice.send("next")
    alice.expect_tick("next", "seen")
    failed = alice.message("look")
    expect(failed.get_by_role("alert")).to_contain_text("Not sent.")
    expect(failed.get_by_role("button", name="Retry")).to_have_count(0)
    failed.get_by_role("button", name="Discard").click()
    alice.expect_texts("hello", "next")
    bob.expect_texts("hello", "next")
    assert stored(alice, "blobs") == []


def test_an_upload_that_is_cancelled_is_gone_everywhere(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    cut = Cut(alice, after=1)
    send_files(alice, "never mind", photo("large.png", noise=1_300_000))
    cut.await_loss()
    with alice.page.expect_request(lambda request: request.method == "DELETE") as deleted:
        alice.message("never mind").get_by_role("button", name="Cancel").click()
    assert UPLOADS.search(deleted.value.url)
    alice.send("something else")
    alice.expect_tick("something else", "seen")
    bob.expect_texts("hello", "something else")
    assert (stored(alice), stored(alice, "blobs")) == ([], [])


def test_files_and_their_names_in_the_thread_the_list_and_quotes(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    pick(alice, document("Protokoll \u05e9\u05dc\u05d5\u05dd.txt"))
    expect(tray(alice)).to_have_count(1)
    alice.page.get_by_role("button", name="Send").click()
    expect(bob.row(alice)).to_contain_text("Protokoll")
    row = bob.page.locator(".file-row")
    expect(row).to_contain_text("8 bytes")
    with bob.page.expect_download() as download:
        row.get_by_role("button", name=re.compile("Download .*Protokoll")).click()
    assert download.value.path().read_bytes() == b"We met.\n"
    pick(alice, photo("a.jpg"), photo("b.jpg"), photo("c.jpg"))
    expect(tray(alice)).to_have_count(3)
    alice.page.get_by_role("button", name="Send").click()
    expect(bob.row(alice)).to_contain_text("3 photos")
    grid = bob.page.get_by_role("group", name="3 photos")
    expect(grid.get_by_role("button", name="Photo: ")).to_have_count(3)
    article = bob.page.get_by_role("article").filter(has=bob.page.get_by_label("3 photos"))
    expect(article).to_have_accessible_name(re.compile(r"Alice\d+ 3 photos"))
    article.hover()
    bob.page.locator(".message").filter(has=grid).get_by_role("button", name="Reply").click()
    expect(bob.page.locator("#quote-text")).to_have_text("3 photos")
    bob.send("lovely")
    expect(alice.message("lovely").locator(".quoted-text")).to_have_text("3 photos")


def test_boxes_have_their_size_before_their_pictures_come(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    bob.page.close()
    send_files(alice, "wide", photo("wide.jpg", (1600, 800)))
    alice.expect_tick("wide", "sent")
    held: list[Route] = []
    bob.profile.context.route(re.compile(r"/api/v1/attachments/"), lambda route: held.append(route))
    tab = bob.another_tab()
    tab.open_chat(alice)
    box = tab.message("wide").locator(".picture")
    expect(box).to_be_visible()
    before = box.bounding_box()
    assert before is not None
    assert before["width"] == pytest.approx(2 * before["height"], rel=0.02)
    expect(box.locator("img")).to_be_hidden()
    while not held:
        tab.page.wait_for_timeout(20)
    held[0].continue_()
    expect_pictures(tab.message("wide"), 1)
    assert box.bounding_box() == before


def test_pictures_as_large_as_the_window_by_keyboard(talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    send_files(alice, "three", photo("a.jpg"), photo("b.jpg", (2400, 1800)), photo("c.jpg"))
    page = bob.page
    expect_pictures(bob.message("three"), 3)
    page.get_by_role("button", name="Photo: b.jpg").focus()
    page.keyboard.press("Enter")
    light = page.get_by_role("dialog", name="Pictures")
    expect(light.get_by_role("img", name="b.jpg")).to_be_visible()
    expect(light).to_contain_text("2 of 3")
    page.keyboard.press("ArrowRight")
    expect(light.get_by_role("img", name="c.jpg")).to_be_visible()
    expect(light.get_by_role("button", name="Next picture")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    expect(light.get_by_role("img", name="b.jpg")).to_be_visible()
    fitted = light.get_by_role("img", name="b.jpg").bounding_box()
    light.get_by_role("button", name="Actual size").click()
    actual = light.get_by_role("img", name="b.jpg").bounding_box()
    assert fitted is not None and actual is not None
    assert (fitted["width"] < 1280, actual["width"]) == (True, 2400)
    with page.expect_download() as download:
        light.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "b.jpg"
    found = Axe().run(page).response
    assert [each["id"] for each in found["violations"] if each["impact"] in GRAVE] == []
    page.keyboard.press("Escape")
    expect(light).to_be_hidden()
    assert page.evaluate(FOCUSED) == "b.jpg"


def test_withheld_files_come_when_they_are_wanted(house: House, talking: tuple[Person, Person]) -> None:
    alice, bob = talking
    bob.page.close()
    send_files(alice, "from the lake", photo("lake.jpg"))
    alice.expect_tick("from the lake", "sent")
    assert bob.signed_in is not None
    with psycopg.connect(house.dsn) as connection:
        assert connection.execute(WITHHOLD, [bob.signed_in.device]).rowcount
    tab = bob.another_tab()
    tab.open_chat(alice)
    message = tab.message("from the lake")
    expect(message.locator(".file-row")).to_contain_text("lake.jpg")
    expect(message.locator(".picture")).to_have_count(0)
    message.get_by_role("button", name="Load").click()
    expect_pictures(message, 1)
    tab.reload()
    expect_pictures(message, 1)


def test_what_is_deleted_goes_and_nobody_else_gets_it(
    house: House, talking: tuple[Person, Person], friend: Callable[..., Person]
) -> None:
    alice, bob = talking
    mallory = friend("mallory")
    mallory.profile.forgive("Failed to load resource")
    send_files(alice, "secret", photo("secret.jpg"))
    expect_pictures(bob.message("secret"), 1)
    known = bob.message("secret").locator(".picture").get_attribute("data-picture")
    fetch = "async (path) => { const found = await fetch(path); return [found.status, await found.json()] }"
    status, told = bob.page.evaluate(fetch, f"/api/v1/attachments/{known}")
    assert status == 200
    status, problem = mallory.page.evaluate(fetch, f"/api/v1/attachments/{known}")
    assert (status, problem["code"]) == (404, "NOT_FOUND")
    status, problem = mallory.page.evaluate(fetch, f"/files/{known}?key=forged")
    assert (status, problem["code"]) == (404, "NOT_FOUND")
    bob.page.evaluate("() => { document.hasFocus = () => false }")
    bob.profile.context.set_offline(True)
    alice.remove("secret", "Delete for everyone")
    expect(alice.page.locator(".text.deleted")).to_have_count(1)
    # Shown still, since bob has not heard of it; what is asked for is not there any more.
    bob.profile.context.set_offline(False)
    status, problem = bob.page.evaluate(fetch, told["url"])
    assert (status, problem["code"]) == (404, "NOT_FOUND")
    expect(bob.page.locator(".text.deleted")).to_have_count(1)
    expect(bob.page.locator(".picture")).to_have_count(0)


def test_axe_finds_nothing_grave_in_a_thread_with_files(talking: tuple[Person, Person]) -> None:
    alice, _ = talking
    send_files(alice, "all kinds", photo("a.jpg"), photo("b.jpg"), document())
    alice.expect_tick("all kinds", "seen")
    expect_pictures(alice.message("all kinds"), 2)
    pick(alice, photo("c.jpg"), document("d.pdf", b"%PDF-1.4", "application/pdf"))
    expect_tray(alice, "c.jpg", "d.pdf")
    for scheme in ("light", "dark"):
        alice.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(alice.page).response
        assert [each["id"] for each in found["violations"] if each["impact"] in GRAVE] == []
