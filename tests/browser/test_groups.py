"""Stays in a group, as far as there are screens for it: its name, who writes, and that it goes when one is removed."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from playwright.sync_api import expect

from chat.log import groups
from chat.log.access import Actor
from tests.acceptance.servers import House
from tests.browser.person import Person


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
