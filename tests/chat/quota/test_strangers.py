"""Whoever asks for usernames one by one finds few of those they have nothing to do with, and is told so."""

import asyncio
from typing import Any

import psycopg
import pytest
from pytest_django import Settings

from chat.delivery import searching
from chat.delivery.runtime import Runtime
from chat.log.refusal import Later, Refusal
from chat.policy.rate import Rate
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Search
from tests.cast import Cast, Person, make_person
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]

WAITING = """
SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'chat_user'::regclass AND NOT granted)
"""


@pytest.fixture(autouse=True)
def limits(settings: Settings) -> None:
    settings.LIMITS = settings.LIMITS | {"strangers": (Rate(2.0, 100_000.0), None)}


async def found(runtime: Runtime, who: Person, query: str, **more: Any) -> list[str]:
    asked = Search(t="search", q=query, kind="people", **more)
    return [person["username"] for person in (await searching.search(runtime, who.actor, asked))["people"]]


async def test_strangers_are_found_so_often_and_no_more(runtime: Runtime, people_and_conv: Cast) -> None:
    cast = people_and_conv
    # Nobody, and who one knows, costs nothing.
    for _ in range(5):
        assert await found(runtime, cast.alice, "nobody-here") == []
        assert await found(runtime, cast.alice, "bob") == ["bob"]
    assert await found(runtime, cast.alice, "carol") == ["carol"]
    assert await found(runtime, cast.alice, "@Mallory") == ["mallory"]
    # From here on nobody is told whether there is a stranger of that name.
    for query in ("carol", "mallory", "nobody-here"):
        with pytest.raises(Later) as late:
            await found(runtime, cast.alice, query)
        assert late.value.code is ErrorCode.RATE_LIMITED and late.value.after_ms > 1_000
    assert await found(runtime, cast.alice, "bob") == ["bob"]
    # To others that is nothing.
    assert await found(runtime, cast.mallory, "carol") == ["carol"]


async def test_who_is_known_by_a_part_of_their_name_is_found_all_the_same(
    runtime: Runtime, people_and_conv: Cast, settings: Settings
) -> None:
    """bo is a stranger, bob is not."""
    cast = people_and_conv
    runtime.quotas.spend(searching.What.STRANGERS, cast.alice.id, "", 2.0)
    assert await found(runtime, cast.alice, "bo") == ["bob"]


async def test_a_search_that_failed_costs_nothing(runtime: Runtime, people_and_conv: Cast, dsn: str) -> None:
    cast = people_and_conv
    with psycopg.connect(dsn) as other:
        other.execute("LOCK TABLE chat_user")
        for _ in range(2):
            with pytest.raises(Refusal) as slow:
                await found(runtime, cast.alice, "carol")
            assert slow.value.code is ErrorCode.SEARCH_TOO_BROAD
        hangs_up = asyncio.create_task(found(runtime, cast.alice, "carol"))
        await until(lambda: other.execute(WAITING).fetchone() == (True,))
        hangs_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hangs_up
    assert await found(runtime, cast.alice, "carol") == ["carol"]
    assert await found(runtime, cast.alice, "mallory") == ["mallory"]
    with pytest.raises(Later):
        await found(runtime, cast.alice, "carol")


@pytest.fixture
def people_and_conv(people: Cast, conv: str) -> Cast:
    make_person("bo")
    return people
