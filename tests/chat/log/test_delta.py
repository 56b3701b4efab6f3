"""What changed since a revision: nothing twice, nothing skipped, whatever the limit."""

import pytest

from chat.log import delta, revise
from chat.log.pool import Database
from chat.policy.revise import Windows
from tests.cast import Cast, Person
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

WINDOWS = Windows(10**9, 10**9)


async def change(database: Database, conv: str, person: Person, *changes: tuple[str, int]) -> None:
    actor = person.actor
    for kind, seq in changes:
        async with database.transaction() as connection:
            if kind == "edit":
                await revise.edit(connection, actor, conv, seq, f"better {seq}", WINDOWS)
            elif kind == "delete":
                await revise.delete(connection, actor, conv, seq, WINDOWS)
            else:
                await revise.hide(connection, actor, conv, seq)


@pytest.fixture
async def changed(database: Database, people: Cast, conv: str) -> str:
    """Revisions: alice edits 1 (1), bob hides 2 (2), alice hides 2 (3), deletes 3 (4), edits 4 (5) and 1 (6: deleted),
    bob hides 5 (7)."""
    await in_thread(write, conv, people.alice, 6)
    await change(database, conv, people.alice, ("edit", 1))
    await change(database, conv, people.bob, ("hide", 2))
    await change(database, conv, people.alice, ("hide", 2), ("delete", 3), ("edit", 4), ("delete", 1))
    await change(database, conv, people.bob, ("hide", 5))
    return conv


async def told(database: Database, conv: str, rev: int, users: list[str], limit: int) -> tuple[list[str], int]:
    found = await delta.since(database, conv, rev, users, limit)
    return [f"{each.told['rev']} {each.told['type']} {each.seq}" for each in found.changes], found.upto


async def test_an_entry_changed_twice_is_in_it_once_as_it_is_now(
    database: Database, people: Cast, changed: str
) -> None:
    assert await told(database, changed, 0, [people.alice.id], 100) == (
        ["3 hide 2", "4 delete 3", "5 edit 4", "6 delete 1"],
        7,
    )
    found = await delta.since(database, changed, 4, [people.alice.id], 1)
    edit = found.changes[0].told
    assert edit["body"] == "better 4" and edit["edited_at"] > 1_700_000_000_000
    assert found.changes[0].user is None


async def test_what_is_hidden_is_for_those_asked_for_alone(database: Database, people: Cast, changed: str) -> None:
    assert (await told(database, changed, 0, [people.bob.id], 100))[0] == [
        "2 hide 2",
        "4 delete 3",
        "5 edit 4",
        "6 delete 1",
        "7 hide 5",
    ]
    both = await delta.since(database, changed, 0, [people.alice.id, people.bob.id], 100)
    hidden = [each for each in both.changes if each.told["type"] == "hide"]
    assert [(each.told["rev"], each.user) for each in hidden] == [
        (2, people.bob.id),
        (3, people.alice.id),
        (7, people.bob.id),
    ]
    assert (await told(database, changed, 0, [], 100))[0] == ["4 delete 3", "5 edit 4", "6 delete 1"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
async def test_page_by_page_all_is_told_once_and_upto_ends_at_the_newest(
    database: Database, people: Cast, changed: str, limit: int
) -> None:
    whole = (await told(database, changed, 0, [people.bob.id], 100))[0]
    met: list[str] = []
    upto = 0
    for _ in range(10):
        page, after = await told(database, changed, upto, [people.bob.id], limit)
        assert len(page) <= limit and after >= upto
        assert page == [] or after >= int(page[-1].split()[0])
        met += page
        if after == upto:
            break
        upto = after
    assert (met, upto) == (whole, 7)


async def test_revisions_that_are_not_ones_own_are_passed(database: Database, people: Cast, changed: str) -> None:
    """Nothing for alice above 6, and she is told that 7 has been."""
    assert await told(database, changed, 6, [people.alice.id], 100) == ([], 7)
    assert await told(database, changed, 7, [people.alice.id], 100) == ([], 7)


async def test_a_conversation_that_is_not_there_has_no_changes(database: Database, people: Cast) -> None:
    found = await delta.since(database, "0190aaaa-0000-7000-8000-000000000000", 0, [people.alice.id], 9)
    assert (found.changes, found.upto, found.members_rev) == ([], 0, 0)
