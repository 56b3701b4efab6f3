"""Whole processes: a block in the midst of a burst with all hints lost, and every door as mallory finds it."""

import asyncio
from typing import Any

import psycopg
import pytest

from tests.acceptance.app import apps, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.wire import Frame, connect

pytestmark = pytest.mark.acceptance

EACH = 80
NOBODY = "0199c1f0-0000-7000-8000-00000000dead"
LOG = "SELECT seq, client_id FROM chat_message WHERE conversation_id = %s AND sender_id = %s ORDER BY seq"
REPORTS = "SELECT reporter_id::text, subject_id::text, seq, reason FROM chat_report WHERE subject_id = %s"


def rows(house: House, query: str, *parameters: Any) -> list[Any]:
    with psycopg.connect(house.dsn) as connection:
        return connection.execute(query, parameters).fetchall()


def _seqs(frames: list[Frame]) -> list[int]:
    return [entry["seq"] for frame in frames for entry in frame["entries"]]


async def test_a_block_in_a_burst_cuts_it_in_two(deaf_house: House, deaf_cast: Cast) -> None:
    """With a layer that drops everything: what was accepted is delivered, all after it is refused, in both processes
    and by both doors."""
    house, cast = deaf_house, deaf_cast
    async with (
        apps(house, cast.alice.username, cast.bob.username) as (alice, bob),
        connect(house.addresses[0], cast.alice) as phone,
        connect(house.addresses[1], cast.alice) as tablet,
        connect(house.addresses[1], cast.bob) as pest,
    ):
        conv = await alice.open(cast.bob.username)
        for wire in (phone, tablet, pest):
            await wire.hear("conversations", lambda frame: any(item["id"] == conv for item in frame["items"]))

        async def burst() -> list[int]:
            return [(await bob.send(conv, f"{bob.device[-12:]}_{n}_0")).status_code for n in range(EACH)]

        async def blocking() -> None:
            while (await alice.told("GET", f"/conversations/{conv}"))["head"] < EACH // 4:
                pass
            assert (await alice.ask("PUT", f"/blocks/{cast.bob.user}")).status_code == 204

        statuses, _ = await asyncio.gather(burst(), blocking())
        accepted = statuses.count(201)
        assert EACH // 4 <= accepted < EACH
        assert statuses == [201] * accepted + [403] * (EACH - accepted), "one block, one cut"
        assert [seq for seq, _ in rows(house, LOG, conv, cast.bob.user)] == list(range(1, accepted + 1))
        for wire in (phone, tablet):
            last = await wire.hear("messages", lambda frame: frame["conv"] == conv and accepted in _seqs([frame]))
            assert await wire.still_works()
            pushed = [frame for frame in wire.of("messages") if frame["conv"] == conv]
            assert sorted(_seqs([*pushed, last])) == list(range(1, accepted + 1))
            told = await wire.hear("conversations", lambda frame: frame["items"][0].get("blocked"))
            assert told["items"][0]["id"] == conv
        # By the socket too, with what was on its way to be edited.
        await pest.say({"t": "edit", "conv": conv, "seq": 1, "body": "and another thing"})
        assert (await pest.hear("error"))["code"] == "USER_BLOCKED"
        assert not any(item.get("blocked") for frame in pest.of("conversations") for item in frame["items"])
        # And back.
        assert (await alice.ask("DELETE", f"/blocks/{cast.bob.user}")).status_code == 204
        assert (await bob.send(conv, "peace")).status_code == 201
        for wire in (phone, tablet):
            await wire.entry(conv, accepted + 1)


async def test_mallory_at_every_door(house: House, cast: Cast) -> None:
    """What is not hers looks like what is not there, and nothing is left behind."""
    async with apps(house, cast.alice.username, cast.mallory.username) as (alice, mallory):
        conv = await alice.open(cast.bob.username)
        assert (await alice.send(conv, "first", "for bob")).status_code == 201
        report = {"client_id": "r1", "reason": "spam"}
        for where in (conv, NOBODY):
            for more in ({}, {"seq": 1}, {"user": cast.bob.user}):
                asked = report | {"conv": where} | more
                assert await mallory.refused("POST", "/reports", asked) == (404, "NOT_FOUND")
        for whom in (NOBODY, cast.mallory.user, "nobody"):
            assert await mallory.refused("PUT", f"/blocks/{whom}") == (404, "NOT_FOUND")
        bad: list[dict[str, Any]] = [
            {"reason": "because"},
            {"reason": "spam", "note": "x" * 1_001},
            {"reason": "spam", "note": "\x00"},
            {"reason": "spam", "seq": 0},
            {"reason": "spam", "client_id": ""},
        ]
        for each in bad:
            answer = await mallory.ask("POST", "/reports", {"client_id": "r2", "conv": conv} | each)
            assert code_of(answer) == (422, "INVALID_REQUEST"), each
        # Blocks are of who makes them.
        assert (await alice.ask("PUT", f"/blocks/{cast.bob.user}")).status_code == 204
        assert (await mallory.ask("DELETE", f"/blocks/{cast.bob.user}")).status_code == 204
        assert (await mallory.told("GET", "/blocks"))["people"] == []
        assert [person["id"] for person in (await alice.told("GET", "/blocks"))["people"]] == [cast.bob.user]
        for method, path in (("GET", "/blocks"), ("PUT", f"/blocks/{cast.bob.user}"), ("POST", "/reports")):
            answer = await mallory.ask(method, path, headers={"Authorization": "Bearer guessed"})
            assert code_of(answer) == (401, "AUTHENTICATION_FAILED")
    assert rows(house, REPORTS, cast.bob.user) == rows(house, REPORTS, cast.alice.user) == []


async def test_a_report_is_kept_once_and_its_text_not_logged(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await bob.send(conv, "threat", "a thing nobody should say")
        body = {"client_id": "r1", "conv": conv, "seq": 1, "reason": "abuse", "note": "a note for moderators"}
        answers = await asyncio.gather(*(alice.ask("POST", "/reports", body) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {204}
        assert await alice.refused("POST", "/reports", body | {"reason": "spam"}) == (409, "IDEMPOTENCY_CONFLICT")
    assert rows(house, REPORTS, cast.bob.user) == [(cast.alice.user, cast.bob.user, 1, "abuse")]
    logs = house.log("web-1") + house.log("web-2")
    assert "a thing nobody" not in logs and "a note for" not in logs


async def test_strangers_are_kept_out_by_a_setting_that_looks_like_a_block(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username, cast.carol.username) as (alice, bob, carol):
        assert (await alice.told("PATCH", "/me", {"writers": "acquainted"}))["writers"] == "acquainted"
        assert (await carol.ask("PUT", f"/blocks/{cast.bob.user}")).status_code == 204
        refusals = [
            await bob.ask("POST", "/conversations/direct", {"username": who.username})
            for who in (cast.alice, cast.carol)
        ]
        assert refusals[0].json() == refusals[1].json()
        assert code_of(refusals[0]) == (403, "NOT_REACHABLE")
        group = {"client_id": "g1", "title": "club", "users": [cast.alice.user]}
        assert code_of(await bob.ask("POST", "/groups", group)) == (403, "NOT_REACHABLE")
        # She may write to him, and then they talk.
        conv = await alice.open(cast.bob.username)
        assert code_of(await bob.send(conv, "b1")) == (403, "NOT_REACHABLE")
        assert (await alice.send(conv, "a1")).status_code == 201
        assert (await bob.send(conv, "b2")).status_code == 201
        assert await alice.refused("PATCH", "/me", {"writers": "friends"}) == (422, "INVALID_REQUEST")
