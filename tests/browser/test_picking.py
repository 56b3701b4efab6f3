"""Files on their way into a draft: picked, pasted, dropped, taken out again, kept."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.browser.pictures import document, drag, drop, expect_tray, paste, photo, pick, remove, tray
from tests.browser.test_outbox import Line, stored


def notice(person: Person, text: str) -> None:
    expect(person.page.locator("#notice")).to_contain_text(text)


def test_picked_pasted_and_dropped_files_stay_with_the_draft_of_their_chat(
    alice: Person, bob: Person, friend: Callable[..., Person]
) -> None:
    carol = friend("carol")
    alice.start_chat(carol)
    alice.start_chat(bob)
    pick(alice, photo("one.jpg"), document())
    expect_tray(alice, "one.jpg", "minutes.txt")
    paste(alice, photo("two.png"))
    drop(alice, photo("three.jpg"), photo("four.jpg"))
    expect_tray(alice, "one.jpg", "minutes.txt", "two.png", "three.jpg", "four.jpg")
    expect(tray(alice).locator("img:visible")).to_have_count(4)
    remove(alice, "two.png")
    expect_tray(alice, "one.jpg", "minutes.txt", "three.jpg", "four.jpg")
    assert len(stored(alice, "blobs")) == 4
    alice.open_chat(carol)
    expect(tray(alice)).to_have_count(0)
    expect(alice.row(bob)).to_contain_text("Draft:4 files")
    alice.reload()
    alice.open_chat(bob)
    expect_tray(alice, "one.jpg", "minutes.txt", "three.jpg", "four.jpg")
    expect(tray(alice).locator("img:visible")).to_have_count(3)
    expect(alice.page.get_by_role("button", name="Send")).to_be_enabled()
    for name in ("one.jpg", "minutes.txt", "three.jpg", "four.jpg"):
        remove(alice, name)
    expect(alice.page.locator("#tray")).to_be_hidden()
    expect(alice.page.locator("#body")).to_be_focused()
    expect(alice.page.get_by_role("button", name="Send")).to_be_disabled()


def test_too_many_too_large_and_unreadable_files_are_said_at_once(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    pick(alice, *(photo(f"{n}.jpg") for n in range(12)))
    expect_tray(alice, *(f"{n}.jpg" for n in range(10)))
    notice(alice, "At most 10 files go with a message.")
    pick(alice, document())
    notice(alice, "At most 10 files go with a message.")
    expect(tray(alice)).to_have_count(10)
    alice.page.evaluate(
        """() => {
          Object.defineProperty(File.prototype, "size", { get() { return this.name === "film.mov" ? 2e9 : 1; } });
        }"""
    )
    for n in range(10):
        remove(alice, f"{n}.jpg")
    pick(alice, document("film.mov", b"x", "video/quicktime"), document())
    notice(alice, "film.mov\u2069 is larger than")
    expect_tray(alice, "minutes.txt")


def test_a_file_that_cannot_be_read_is_said_and_harms_nothing_else(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.page.evaluate(
        """() => {
          const { stream } = Blob.prototype;
          Blob.prototype.stream = function () {
            const gone = () => Promise.reject(new DOMException("changed", "NotReadableError"));
            return this.name === "gone.txt" ? new ReadableStream({ pull: gone }) : stream.call(this);
          };
        }"""
    )
    pick(alice, document("gone.txt"), document("here.txt"))
    notice(alice, "gone.txt\u2069 could not be read.")
    expect_tray(alice, "here.txt")
    alice.expect_connected()
    alice.write("all is well")
    expect(alice.message("all is well")).to_be_visible()


def test_while_a_message_is_edited_no_file_is_taken_and_none_is_lost(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    alice.send("a message")
    pick(alice, document())
    expect_tray(alice, "minutes.txt")
    alice.choose("a message", "Edit")
    expect(alice.page.locator("#tray")).to_be_hidden()
    paste(alice, photo("late.jpg"))
    notice(alice, "Finish editing before you attach files.")
    alice.page.get_by_role("button", name="Cancel", exact=True).click()
    expect_tray(alice, "minutes.txt")


def test_a_drop_beside_the_thread_is_no_drop(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    drag(alice, "dragenter", alice.page.locator("#thread"), document())
    expect(alice.page.locator("#drop")).to_be_visible()
    drag(alice, "dragleave", alice.page.locator("#drop"), document())
    expect(alice.page.locator("#drop")).to_be_hidden()
    drag(alice, "drop", alice.page.locator("#conversations"), document())
    expect(tray(alice)).to_have_count(0)
    alice.expect_open(bob)


def test_another_tab_has_the_same_files(alice: Person, bob: Person) -> None:
    alice.start_chat(bob)
    tab = alice.another_tab()
    tab.open_chat(bob)
    pick(alice, photo("one.jpg"), document())
    expect_tray(tab, "one.jpg", "minutes.txt")
    remove(tab, "minutes.txt")
    expect_tray(alice, "one.jpg")


def test_sent_offline_with_a_picture_it_shows_at_once_and_after_a_reload(alice: Person, bob: Person) -> None:
    line = Line(alice)
    alice.start_chat(bob)
    line.cut()
    alice.expect_state("waiting")
    pick(alice, photo("lake.jpg", (800, 600)), photo("hill.jpg", (600, 800)), document())
    alice.write("from the lake")
    message = alice.message("from the lake")
    expect(message.locator("img:visible")).to_have_count(2)
    alice.expect_tick("from the lake", "pending")
    expect(message.get_by_role("progressbar", name="Uploading")).to_be_visible()
    expect(tray(alice)).to_have_count(0)
    alice.page.reload()
    expect(message.locator("img:visible")).to_have_count(2)
    assert [len(item["files"]) for item in stored(alice)] == [3]
    assert len(stored(alice, "blobs")) == 3
    message.get_by_role("button", name="Cancel").click()
    expect(alice.page.locator(".message")).to_have_count(0)
    assert (stored(alice), stored(alice, "blobs")) == ([], [])
