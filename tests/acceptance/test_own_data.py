"""A download of one's own data, and the end of an account: what goes, what stays, what others are told."""

import asyncio
import io
import json
import zipfile
from typing import Any

import psycopg
import pytest

from tests.acceptance import club
from tests.acceptance.app import app, app_of, code_of
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance

LEFT = """
SELECT (SELECT count(*) FROM chat_device WHERE user_id = %(user)s), (SELECT count(*) FROM receipts_receipt WHERE
user_id = %(user)s), (SELECT count(*) FROM chat_hidden WHERE user_id = %(user)s), (SELECT count(*) FROM chat_message
WHERE sender_id = %(user)s), u.email, u.is_active, u.password LIKE '!%%' FROM chat_user u WHERE u.id = %(user)s
"""


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Any) -> House:
    return houses(request.param)  # type: ignore[no-any-return]


async def test_the_end_of_an_account(house: House, cast: Cast) -> None:
    async with (
        app_of(house, cast.alice) as phone,
        connect(house.addresses[0], cast.alice) as alice,
        connect(house.addresses[1], cast.bob) as bob,
    ):
        conv = await bob.open(cast.alice.username)
        await alice.hear("conversations", lambda frame: any(item["id"] == conv for item in frame["items"]))
        await alice.send(conv, "I was here")
        await bob.entry(conv, 1)
        await bob.send(conv, "and I")
        await alice.entry(conv, 2)
        await alice.delivered(conv, 2)
        await bob.tick(conv, "DELIVERED", 2)
        email = {"email": "alice@example.org", "password": PASSWORD}
        await phone.told("PUT", "/me/email", email, 204)
        # Not without the password.
        for body in ({}, {"password": 5}):
            assert (await phone.ask("POST", "/me/deletion", body)).status_code == 422
        assert await phone.refused("POST", "/me/deletion", {"password": "wrong"}) == (422, "INVALID_PASSWORD")
        assert (await phone.told("GET", "/me"))["email"] == "alice@example.org"
        await phone.told("POST", "/me/deletion", {"password": PASSWORD}, 204)
        # Her sockets end, wherever they are, and her tokens; others hear of it while they look.
        async with asyncio.timeout(10):
            assert await alice.closed() == 4401
        assert await phone.refused("GET", "/me") == (401, "AUTHENTICATION_FAILED")
        members = (await bob.hear("members", lambda frame: frame["conv"] == conv))["members"]
        [gone] = [member for member in members if member["id"] == cast.alice.user]
        assert gone["name"] == "Deleted account" and gone["username"] == f"deleted-{cast.alice.user.replace('-', '')}"
        # What she wrote stays, and bob's tick stays true.
        page = await bob.ask({"t": "fetch", "conv": conv, "from": 1, "to": 2}, "page")
        assert [entry["body"] for entry in page["entries"]] == ["I was here", "and I"]
        assert gone["delivered"] == 2
    with psycopg.connect(house.dsn) as connection:
        row = connection.execute(LEFT, {"user": cast.alice.user}).fetchone()
    assert row == (0, 0, 0, 1, "", False, True)
    async with app(house.addresses[0]) as nobody:
        known = {"username": cast.alice.username, "password": PASSWORD}
        assert await nobody.refused("POST", "/devices", known) == (401, "AUTHENTICATION_FAILED")
        # Nobody gets the name, in which others would see the one they knew.
        assert (await nobody.refused("POST", "/accounts", known))[0] in (409, 422)


async def test_the_last_admin_of_a_group_is_gone_and_another_becomes_one(house: House, cast: Cast) -> None:
    async with app_of(house, cast.alice) as phone, connect(house.addresses[0], cast.bob) as bob:
        conv = await club.found(house, cast.alice, cast.bob)
        await bob.hear("conversations", lambda frame: any(item["id"] == conv for item in frame["items"]))
        await phone.told("POST", "/me/deletion", {"password": PASSWORD}, 204)
        frame = await bob.hear("members", lambda frame: frame["conv"] == conv)
        assert [(member["id"], member["role"]) for member in frame["members"]] == [(cast.bob.user, "owner")]


async def test_the_download_holds_what_is_ones_own_and_nothing_of_others(house: House, cast: Cast) -> None:
    async with app_of(house, cast.alice) as alice, app_of(house, cast.bob) as bob:
        conv = await alice.open(cast.bob.username)
        for n in range(3):
            await alice.send(conv, f"a_{n}_{cast.alice.device[:8]}", f"mine {n}")
        await bob.send(conv, f"b_{cast.bob.device[:8]}", "a secret of bob's")
        answer = await alice.ask("GET", "/me/export")
        assert answer.headers["Content-Type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert json.loads(files["account.json"])["username"] == cast.alice.username
    lines = [json.loads(line) for line in files["messages.jsonl"].splitlines()]
    assert [(line["conversation_id"], line["seq"], line["body"]) for line in lines] == [
        (conv, n + 1, f"mine {n}") for n in range(3)
    ]
    [told] = json.loads(files["conversations.json"])
    assert [each["user__username"] for each in told["with"]] == [cast.bob.username]
    whole = "".join(files.values())
    assert "a secret of bob's" not in whole and "argon2" not in whole and alice.token not in whole


async def test_nobody_downloads_anothers(house: House, cast: Cast) -> None:
    async with app(house.addresses[0]) as nobody:
        assert code_of(await nobody.ask("GET", "/me/export")) == (401, "AUTHENTICATION_FAILED")
        assert code_of(await nobody.ask("POST", "/me/deletion", {"password": PASSWORD}))[0] == 401
