"""Searching on real processes: by requests, frames and both encodings, and who finds what of whom."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chat.protocol.frames import PROTO_SUBPROTOCOL, SUBPROTOCOL
from tests.acceptance.app import App, app_of, apps
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.wire import connect
from tests.messenger_client.people import program
from tests.waiting import until

pytestmark = pytest.mark.acceptance

NOWHERE = "0190aaaa-0000-7000-8000-000000000000"


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


async def bodies(who: App, query: str, **more: Any) -> list[str]:
    found = await who.told("GET", "/search", params={"q": query} | more)
    return [hit["entry"]["body"] for hit in found["messages"]]


async def group_of(who: App, *others: str) -> str:
    made = await who.told("POST", "/groups", {"client_id": "made_1", "title": "Picnic", "users": others}, 201)
    return str(made["id"])


async def test_one_finds_what_one_may_see_and_nothing_else(house: House, cast: Cast) -> None:
    """mallory, who is in nothing; carol, who comes late, goes, and comes again; bob, who hides and is deleted from."""
    names = (cast.alice.username, cast.bob.username, cast.carol.username, cast.mallory.username)
    async with apps(house, *names) as (alice, bob, carol, mallory):
        group = await group_of(alice, bob.user)
        members = f"/conversations/{group}/members"

        async def say(word: str, n: int) -> int:
            return int((await alice.send(group, f"w_{n}_0", f"the {word} picnic")).json()["seq"])

        early = await say("early", 1)
        assert await bodies(bob, "picn EARLY") == ["the early picnic"]
        assert await bodies(carol, "picnic") == await bodies(mallory, "picnic") == []
        await alice.told("POST", members, {"users": [carol.user]})
        await say("common", 2)
        assert await bodies(carol, "picnic") == ["the common picnic"]
        await alice.told("DELETE", f"{members}/{carol.user}")
        assert await bodies(carol, "picnic") == []
        await say("secret", 3)
        await alice.told("POST", members, {"users": [carol.user]})
        late = await say("late", 4)
        assert await bodies(carol, "picnic") == ["the late picnic", "the common picnic"]
        await bob.told("DELETE", f"/conversations/{group}/messages/{early}?for=me")
        await alice.told("DELETE", f"/conversations/{group}/messages/{late}?for=all")
        assert await bodies(bob, "the picnic") == ["the secret picnic", "the common picnic"]
        assert await bodies(alice, "picnic", conversation=group) == [
            f"the {word} picnic" for word in ("secret", "common", "early")
        ]
        for conv in (group, NOWHERE):
            refusal = await mallory.refused("GET", "/search", params={"q": "picnic", "conversation": conv})
            assert refusal == (404, "NOT_FOUND")


async def test_pages_go_on_where_the_last_one_ended(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        conv = await alice.open(cast.bob.username)
        for n in range(7):
            await alice.send(conv, f"n_{n}_0", f"lunch number {n}")
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await alice.told("GET", "/search", params={"q": "lunch", "limit": 3} | cursor)
            found += [hit["entry"]["body"] for hit in page["messages"]]
            if page["next"] is None:
                break
            # What is written meanwhile comes above, and is not told.
            await alice.send(conv, f"more_{len(found)}_0", "another lunch")
            cursor = {"cursor": page["next"]}
        assert found == [f"lunch number {n}" for n in reversed(range(7))]


async def test_people_are_found_by_who_knows_them(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.mallory.username) as (alice, mallory):
        await alice.open(cast.bob.username)

        async def found(who: App, query: str) -> list[str]:
            told = await who.told("GET", "/search", params={"q": query, "kind": "people"})
            return [person["username"] for person in told["people"]]

        part = cast.bob.username[1:]
        assert await found(alice, part) == [cast.bob.username]
        assert await found(mallory, part) == []
        assert await found(mallory, f"@{cast.bob.username.upper()}") == [cast.bob.username]
        assert await found(mallory, "%") == await found(mallory, "_") == []
        await asyncio.to_thread(_suspend, house, cast.bob.username)
        assert await found(alice, part) == await found(mallory, cast.bob.username) == []


def _suspend(house: House, username: str) -> None:
    with psycopg.connect(house.dsn) as connection:
        connection.execute("UPDATE chat_user SET is_active = false WHERE username = %s", [username])


@pytest.mark.parametrize("subprotocol", [SUBPROTOCOL, PROTO_SUBPROTOCOL])
async def test_by_frames(house: House, cast: Cast, subprotocol: str) -> None:
    async with (
        app_of(house, cast.alice) as alice,
        connect(house.addresses[1], cast.bob, subprotocol=subprotocol) as bob,
    ):
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "f_1_0", "Grüße aus Köln")
        found = await bob.ask({"t": "search", "q": "köln grü"}, "found")
        [hit] = found["messages"]
        assert (found["q"], found["kind"]) == ("köln grü", "messages")
        assert (hit["conv"], hit["entry"]["seq"], hit["entry"]["body"]) == (conv, 1, "Grüße aus Köln")
        found = await bob.ask({"t": "search", "q": cast.alice.username, "kind": "people"}, "found")
        assert [person["id"] for person in found["people"]] == [cast.alice.user]
        for asked, code in (
            ({"conv": NOWHERE}, "NOT_FOUND"),
            ({"cursor": "none"}, "BAD_POINT"),
            ({"q": " "}, "BAD_FRAME"),
            ({"q": "a " * 11}, "BAD_FRAME"),
            ({"limit": 51}, "BAD_FRAME"),
        ):
            error = await bob.ask({"t": "search", "q": "hi"} | asked, "error")
            assert (error["code"], error["ref"]["t"]) == (code, "search")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "INVALID_REQUEST"),
        ({"q": ""}, "INVALID_REQUEST"),
        ({"q": "\0"}, "INVALID_REQUEST"),
        ({"q": "x" * 201}, "INVALID_REQUEST"),
        ({"q": "hi", "kind": "files"}, "INVALID_REQUEST"),
        ({"q": "hi", "limit": "0"}, "INVALID_REQUEST"),
        ({"q": "hi", "cursor": "%%%"}, "BAD_POINT"),
    ],
)
async def test_bad_questions_are_refused(house: House, cast: Cast, asked: dict[str, str], code: str) -> None:
    async with app_of(house, cast.alice) as alice:
        assert await alice.refused("GET", "/search", params=asked) == (422, code)


async def test_what_is_typed_is_no_language(house: House, cast: Cast) -> None:
    async with app_of(house, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "odd_1_0", "100% sure: 'a' | \"b\" & !c <-> d:* \\ ;--")
        for query in ("100%", "'a'", '"b"', "& !c", "<->", "d:*", "\\", ";--", "| sure"):
            assert len(await bodies(alice, query)) == 1, query
        assert await bodies(alice, "%x") == await bodies(alice, "!sure") == []


async def test_the_python_client_finds(house: House, cast: Cast, tmp_path: Path) -> None:
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        chat = await alice.client.open(cast.bob.username)
        for n in range(3):
            await alice.client.send(chat, f"supper {n}")
        await until(lambda: len(alice.bodies) == 3)
        first, people = await asyncio.gather(
            alice.client.search.messages("supper", limit=2), alice.client.search.people(cast.bob.username)
        )
        second = await alice.client.search.messages("supper", cursor=first.next, conversation=chat)
        assert [message.body for message in first.messages + second.messages] == ["supper 2", "supper 1", "supper 0"]
        assert second.next is None and first.messages[0].is_mine
        assert [person.id for person in people] == [cast.bob.user]


async def test_who_searches_too_much_waits(tmp_path: Path) -> None:
    with House(environment={"LIMIT_SEARCHES": "5"}) as house:
        [person] = house.enrol("eager")
        async with app_of(house, person) as eager:
            answers = [await eager.ask("GET", "/search", params={"q": "hi"}) for _ in range(8)]
            refused = [answer for answer in answers if answer.status_code == 429]
            assert refused and refused[-1].json()["code"] == "RATE_LIMITED"
            assert int(refused[-1].headers["retry-after"]) > 0
