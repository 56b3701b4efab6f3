"""Long threads: only a part of one is drawn, whatever it is scrolled, jumped and written to."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.person import Person

MOST_ROWS = 300
SCROLL = "(by) => { document.getElementById('thread-scroll').scrollTop += by }"
# The first message inside the window, and where it is.
TOP_ROW = """
(by) => {
  const box = document.getElementById("thread-scroll");
  box.scrollTop += by;
  const edge = box.getBoundingClientRect().top;
  const rows = [...document.querySelectorAll("#thread [data-seq]")];
  const row = rows.find((each) => each.getBoundingClientRect().bottom > edge);
  return [Number(row.dataset.seq), row.getBoundingClientRect().top];
}
"""


def top_row(page: Page, by: int = 0) -> tuple[int, float]:
    """After scrolling `by` so many pixels."""
    seq, top = page.evaluate(TOP_ROW, by)
    return seq, top


def talk(alice: Person, bob: Person, count: int) -> None:
    alice.start_chat(bob)
    alice.write_many("line", count)
    alice.expect_tick(f"line {count - 1}", "delivered")
    bob.open_chat(alice)
    if count > 20:
        bob.page.locator("#jump").click()
    alice.expect_tick(f"line {count - 1}", "seen")


def test_only_a_part_is_drawn_and_all_of_it_can_be_read(alice: Person, bob: Person) -> None:
    talk(alice, bob, 700)
    for person in (alice, bob):
        assert person.drawn_rows <= MOST_ROWS
        expect(person.message("line 699")).to_be_in_viewport()
        assert person.read_down("line 0", "line 699") == [f"line {n}" for n in range(700)]
        assert person.drawn_rows <= MOST_ROWS


def test_what_is_looked_at_never_jumps(alice: Person, bob: Person) -> None:
    talk(alice, bob, 500)
    bob.scroll_to("line 250")
    drawn = set()
    for by in [-150] * 40 + [150] * 80:
        seq, top = top_row(bob.page, by)
        # Rows come and go meanwhile.
        bob.page.wait_for_timeout(25)
        found = bob.page.locator(f'[data-seq="{seq}"]').bounding_box()
        assert found is not None and abs(found["y"] - top) < 2
        assert bob.drawn_rows <= MOST_ROWS
        drawn.add(bob.page.locator("[data-seq]").first.get_attribute("data-seq"))
    assert len(drawn) > 4
    # Nor when news come at the end, which is not drawn.
    bob.scroll_to("line 20")
    bob.page.wait_for_timeout(200)
    before = top_row(bob.page)
    alice.send("news")
    expect(bob.page.locator("#jump-count")).to_have_text("1")
    assert top_row(bob.page) == before
    expect(bob.message("news")).to_have_count(0)
    alice.expect_tick("news", "delivered")
    bob.page.locator("#jump").click()
    expect(bob.message("news")).to_be_in_viewport()
    alice.expect_tick("news", "seen")
    alice.send("more news")
    expect(bob.message("more news")).to_be_in_viewport()


def test_a_jump_far_up_loads_what_is_around_it_and_leads_down_again(alice: Person, bob: Person) -> None:
    talk(alice, bob, 400)
    alice.scroll_to("line 3")
    alice.message("line 3").hover()
    alice.message("line 3").get_by_role("button", name="Reply").click()
    alice.write("about that")
    # Who writes is at the end again.
    expect(alice.message("about that")).to_be_in_viewport()
    expect(bob.message("about that")).to_be_in_viewport()
    bob.reload()
    bob.message("about that").locator(".quoted").click()
    expect(bob.message("line 3")).to_be_in_viewport()
    # Nothing in between was needed.
    expect(bob.message("line 200")).to_have_count(0)
    expect(bob.page.locator("#jump")).to_be_visible()
    assert bob.read_down("line 3", "about that")[-397:] == [*(f"line {n}" for n in range(4, 400)), "about that"]
    expect(bob.page.locator("#jump")).to_be_visible()
    bob.message("about that").scroll_into_view_if_needed()
    bob.page.evaluate(SCROLL, 1000)
    expect(bob.page.locator("#jump")).to_be_hidden()


def test_it_opens_where_reading_goes_on_however_much_is_unread(
    alice: Person, bob: Person, new_person: Callable[..., Person]
) -> None:
    carol = new_person("carol")
    talk(alice, bob, 5)
    bob.start_chat(carol)
    alice.write_many("unread", 650)
    bob.expect_unread(alice, 650)
    bob.open_chat(alice)
    expect(bob.page.locator(".unread-line")).to_be_in_viewport()
    expect(bob.message("line 4")).to_be_in_viewport()
    expect(bob.message("unread 0")).to_be_in_viewport()
    assert bob.drawn_rows <= MOST_ROWS
    expect(alice.message("unread 649")).to_be_visible()
    alice.expect_tick("unread 649", "delivered")
    assert bob.read_down("unread 0", "unread 649")[-650:] == [f"unread {n}" for n in range(650)]
    bob.page.locator("#jump").click()
    alice.expect_tick("unread 649", "seen")
    bob.expect_unread(alice, 0)


def test_a_jump_to_what_is_not_here_says_so(alice: Person, bob: Person) -> None:
    talk(alice, bob, 3)
    alice.message("line 1").hover()
    alice.message("line 1").get_by_role("button", name="Reply").click()
    alice.send("about that")
    expect(bob.message("about that")).to_be_visible()
    bob.remove("line 1", "Delete for me")
    expect(bob.message("line 1")).to_have_count(0)
    bob.message("about that").locator(".quoted").click()
    expect(bob.page.locator("#notice")).to_have_text("This message is not available here.")
