"""Groups on real processes: removals in the midst of a burst, changes that collide, answers that are lost."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.acceptance.app import App, apps, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.wire import Wire, connect

pytestmark = pytest.mark.acceptance

EACH = 60
ROUNDS = 8
EVENTS = "SELECT seq, event FROM chat_message WHERE conversation_id = %s AND event IS NOT NULL ORDER BY seq"
STAYS = """
SELECT visible_from_seq, left_seq FROM chat_membership WHERE conversation_id = %s AND user_id = %s ORDER BY id
"""
GROUPS_OF = "SELECT count(*) FROM chat_conversation WHERE kind = 'group' AND title = %s"


def rows(house: House, query: str, *parameters: Any) -> list[Any]:
    with psycopg.connect(house.dsn) as connection:
        return connection.execute(query, parameters).fetchall()


async def found(who: App, *others: str, title: str = "Picnic", key: str = "made_1") -> str:
    body = {"client_id": key, "title": title, "users": list(others)}
    answer = await who.ask("POST", "/groups", body)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


def seqs(wire: Wire, conv: str) -> list[int]:
    return [entry["seq"] for frame in wire.of("messages") if frame["conv"] == conv for entry in frame["entries"]]


async def test_who_is_removed_in_a_burst_gets_nothing_of_later(deaf_house: House, deaf_cast: Cast) -> None:
    """V11, with a layer that drops everything: not on live sockets at either process, not by sync, not by history."""
    house, cast = deaf_house, deaf_cast
    tablet = house.sign_in(cast.bob.username)
    async with (
        apps(house, cast.alice.username, cast.carol.username, cast.bob.username) as (alice, carol, bob),
        connect(house.addresses[0], cast.bob) as here,
        connect(house.addresses[1], tablet) as there,
        connect(house.addresses[1], cast.carol) as reader,
    ):
        group = await found(alice, cast.bob.user, cast.carol.user)
        # The other process hears of it by reconcile alone.
        for wire in (here, there, reader):
            await wire.hear("conversations", lambda frame: any(item["id"] == group for item in frame["items"]))

        async def burst(who: App) -> None:
            for n in range(EACH):
                assert (await who.send(group, f"{who.device[-12:]}_{n}_0")).status_code == 201

        async def removal() -> None:
            await asyncio.sleep(0)
            while (await alice.told("GET", f"/conversations/{group}"))["head"] < EACH // 2:
                pass
            await alice.told("DELETE", f"/conversations/{group}/members/{cast.bob.user}")

        await asyncio.gather(burst(alice), burst(carol), removal())
        ((_, left),) = rows(house, STAYS, group, cast.bob.user)
        head = (await alice.told("GET", f"/conversations/{group}"))["head"]
        assert EACH // 2 < left < head == 2 * EACH + 2
        for wire in (here, there):
            ending = await wire.hear("left")
            assert (ending["entry"]["seq"], ending["entry"]["event"]["users"]) == (left, [cast.bob.user])
        await reader.entry(group, head)
        for wire in (here, there):
            assert await wire.still_works()
            assert max(seqs(wire, group)) <= left
        answer = await bob.told("POST", "/sync", {"positions": [{"conv": group, "received": 1}]})
        assert (answer["gone"], answer["messages"]) == ([group], [])
        assert code_of(await bob.ask("GET", f"/conversations/{group}/messages")) == (404, "NOT_FOUND")
        assert code_of(await bob.send(group, "late")) == (404, "NOT_FOUND")


async def test_people_added_and_removed_at_once_from_two_processes(house: House, cast: Cast) -> None:
    """One after the other, in the order of the log: each stay begins and ends with its entry, and none overlap."""
    async with apps(house, cast.alice.username, cast.alice.username) as (alice, tablet):
        group = await found(alice, cast.bob.user)
        path = f"/conversations/{group}/members"
        for _ in range(ROUNDS):
            answers = await asyncio.gather(
                alice.ask("POST", path, {"users": [cast.carol.user]}),
                tablet.ask("DELETE", f"{path}/{cast.carol.user}"),
                tablet.ask("POST", path, {"users": [cast.carol.user]}),
                alice.ask("DELETE", f"{path}/{cast.carol.user}"),
            )
            assert {answer.status_code for answer in answers} == {200}
    events = [(seq, event["type"]) for seq, event in rows(house, EVENTS, group)][1:]
    assert [kind for _, kind in events] == (["added", "removed"] * len(events))[: len(events)]
    stays = rows(house, STAYS, group, cast.carol.user)
    edges = [seq for stay in stays for seq in stay if seq is not None]
    assert edges == [seq for seq, _ in events]


async def test_a_group_whose_answer_was_lost_is_made_once(house: House, cast: Cast) -> None:
    """Asked for on sockets that are gone before the answer, and then at both processes at once."""
    title = f"Once {cast.alice.user[-6:]}"
    frame = {"t": "create", "client_id": "once", "title": title, "users": [cast.bob.user]}
    for address in house.addresses[:2]:
        async with connect(address, cast.alice) as wire:
            await wire.say(frame)
    async with apps(house, cast.alice.username, cast.alice.username) as (alice, tablet):
        made = [found(who, cast.bob.user, title=title, key="once") for who in (alice, tablet) * 4]
        assert len(set(await asyncio.gather(*made))) == 1
        other = {"client_id": "once", "title": "another", "users": []}
        assert code_of(await alice.ask("POST", "/groups", other)) == (409, "IDEMPOTENCY_CONFLICT")
    assert rows(house, GROUPS_OF, title) == [(1,)]


async def test_who_joins_by_a_link_reads_from_there_on(house: House, cast: Cast) -> None:
    """The link is good for one: the other one, and mallory who guesses, get nowhere."""
    names = (cast.alice.username, cast.bob.username, cast.carol.username, cast.mallory.username)
    async with apps(house, *names) as (alice, bob, carol, mallory):
        group = await found(alice)
        await alice.send(group, "before", "not for newcomers")
        link = await alice.told("POST", f"/conversations/{group}/invites", {"max_uses": 1}, 201)
        answers = await asyncio.gather(
            *(who.ask("POST", "/invites/join", {"token": link["token"]}) for who in (bob, carol))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 404]
        joined = bob if answers[0].status_code == 200 else carol
        await alice.send(group, "after", "for all")
        history = await joined.told("GET", f"/conversations/{group}/messages")
        assert [entry.get("body", entry.get("event")) for entry in history["entries"]] == [
            {"type": "joined"},
            "for all",
        ]
        assert history["absent"] == [{"from": 1, "to": 2, "why": "no_access"}]
        for token in (link["token"], "guessed"):
            assert await mallory.refused("POST", "/invites/preview", {"token": token}) == (404, "NOT_FOUND")
            assert await mallory.refused("POST", "/invites/join", {"token": token}) == (404, "NOT_FOUND")
    assert link["token"] not in house.log("web-1") + house.log("web-2")
