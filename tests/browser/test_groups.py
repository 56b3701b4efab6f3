"""Stays in a group, as far as there are screens for it: its name, who writes, and what is left when one is removed."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from playwright.sync_api import expect

from chat.log.access import Actor
from tests import groups
from tests.acceptance.servers import House
from tests.browser.person import Person
from tests.browser.test_outbox import Line, stored


def act(house: House, use_case: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """One use case in a transaction of its own, in a thread: Playwright's loop runs in this one."""

    async def run() -> Any:
        async with await psycopg.AsyncConnection.connect(house.dsn) as connection:
            return await use_case(connection, *arguments)

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, run()).result()


def user(person: Person) -> str:
    assert person.signed_in is not None
    return person.signed_in.user


def actor(person: Person) -> Actor:
    assert person.signed_in is not None
    return person.signed_in.actor


def test_a_group_comes_and_goes(house: House, friend: Callable[..., Person]) -> None:
    alice, bob, carol = friend("alice"), friend("bob"), friend("carol")
    conv = act(house, groups.create, actor(alice), "Cabin in May", [user(bob), user(carol)])
    for person in (alice, bob, carol):
        person.page.locator(".conversation").filter(has_text="Cabin in May").click()
        expect(person.page.locator("#peer-name")).to_have_text("Cabin in May")
    alice.send("hello all")
    bob.send("hello alice")
    # All have to have it.
    alice.expect_tick("hello all", "seen")
    expect(carol.message("hello alice").locator(".sender")).to_have_text(bob.name)
    act(house, groups.remove, actor(alice), conv, user(bob))
    # The open chat goes from list and screen, and stays away.
    for _ in range(2):
        expect(bob.page.locator(".conversation")).to_have_count(0)
        expect(bob.page.locator("#thread-pane")).to_be_hidden()
        bob.reload()
    expect(alice.page.locator("#peer-note")).not_to_contain_text(bob.name)
    alice.send("without bob")
    alice.expect_tick("without bob", "seen")
    # Back again: what was said meanwhile is not for bob, and he is not asked for it.
    act(house, groups.add, actor(alice), conv, user(bob))
    bob.page.locator(".conversation").filter(has_text="Cabin in May").click()
    alice.send("with bob")
    alice.expect_tick("with bob", "seen")
    expect(bob.message("with bob")).to_be_visible()
    bob.scroll_to("hello all")
    bob.expect_texts("hello all", "hello alice", "with bob")
    alice.expect_tick("without bob", "seen")


def test_the_ticks_of_a_group_of_five(house: House, friend: Callable[..., Person]) -> None:
    """One check while one of them lacks it, two when all have it, blue when all have read it; and who, by name."""
    alice, *others = [friend(name) for name in ("alice", "bob", "carol", "dave", "erin")]
    last = others[-1]
    last.page.close()
    act(house, groups.create, actor(alice), "Choir of five", [user(person) for person in others])
    for person in (alice, *others[:-1]):
        person.page.locator(".conversation").filter(has_text="Choir of five").click()
    alice.send("at eight")
    for person in others[:-1]:
        expect(person.message("at eight")).to_be_visible()
    info = alice.open_info("at eight")
    for person in others[:-1]:
        expect(info.get_by_role("listitem").filter(has_text=person.name)).not_to_contain_text("Not yet")
    expect(info.get_by_role("listitem").filter(has_text=last.name)).to_contain_text("DeliveredNot yet")
    alice.page.keyboard.press("Escape")
    alice.expect_tick("at eight", "sent")
    back = last.another_tab()
    alice.expect_tick("at eight", "delivered")
    back.page.locator(".conversation").filter(has_text="Choir of five").click()
    alice.expect_tick("at eight", "seen")


def test_what_was_not_sent_stays_when_one_is_removed(house: House, friend: Callable[..., Person]) -> None:
    alice, bob = friend("alice"), friend("bob")
    conv = act(house, groups.create, actor(alice), "Cabin in May", [user(bob)])
    line = Line(bob)
    cabin = bob.page.locator(".conversation").filter(has_text="Cabin in May")
    cabin.click()
    bob.send("before")
    bob.expect_tick("before", "delivered")
    line.cut()
    bob.expect_state("waiting")
    bob.send("one", "two")
    bob.page.locator("#body").fill("half a thought")
    act(house, groups.remove, actor(alice), conv, user(bob))
    line.mend()
    # At once on the open page, and after a reload.
    for _ in range(2):
        expect(bob.message("half a thought").get_by_role("alert")).to_contain_text("You were no longer in this chat.")
        bob.expect_texts("one", "two", "half a thought")
        expect(bob.page.locator("#left-note")).to_be_visible()
        expect(bob.page.locator("#composer")).to_be_hidden()
        expect(bob.message("one").get_by_role("button", name="Retry")).to_have_count(0)
        expect(cabin).to_contain_text("half a thought")
        bob.reload()
    tab = bob.another_tab()
    tab.page.locator(".conversation").click()
    tab.expect_texts("one", "two", "half a thought")
    for text in ("one", "two"):
        tab.message(text).get_by_role("button", name="Discard").click()
    for each in (tab, bob):
        each.expect_texts("half a thought")
    bob.message("half a thought").get_by_role("button", name="Discard").click()
    for each in (tab, bob):
        expect(each.page.locator(".conversation")).to_have_count(0)
        expect(each.page.locator("#thread-pane")).to_be_hidden()
    assert stored(bob) == stored(bob, "conversations") == stored(bob, "drafts") == []
    alice.page.locator(".conversation").click()
    alice.expect_texts("before")
