"""A moderator at work in the admin of running processes: what is removed goes from open sockets, and who is suspended
is out of all of them, at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import psycopg
import pytest

from tests.acceptance.app import app, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.uploading import address, picture, upload
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance

PROMOTE = "UPDATE chat_user SET is_staff = true WHERE id = %s"
JOIN = "INSERT INTO chat_user_groups (user_id, group_id) SELECT %s, id FROM auth_group WHERE name = 'moderators'"
MESSAGE = "SELECT id::text FROM chat_message WHERE conversation_id = %s AND seq = %s"
# Web processes look every second for what has changed; and the machine is busy.
SOON_S = 30.0
REFUSED = (401, "AUTHENTICATION_FAILED")


def appoint(house: House, who: SignedIn) -> None:
    with psycopg.connect(house.dsn) as connection:
        connection.execute(PROMOTE, [who.user])
        assert connection.execute(JOIN, [who.user]).rowcount == 1


@asynccontextmanager
async def moderating(house: House, who: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    await asyncio.to_thread(appoint, house, who)
    async with httpx.AsyncClient(base_url=house.addresses[1], cookies=who.cookies, timeout=60) as browser:
        yield browser


async def act(browser: httpx.AsyncClient, noun: str, name: str, key: str) -> None:
    """As the page does it: it asks for a reason, and is sent."""
    url = f"/admin/chat/{noun}/acts/{name}/?id={key}"
    form = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', (await browser.get(url)).text)
    assert form is not None
    answer = await browser.post(url, data={"reason": "a test", "csrfmiddlewaretoken": form[1]})
    assert answer.status_code == 302, answer.text


async def test_suspending_closes_sockets_and_ends_tokens(house: House, cast: Cast) -> None:
    """Browser and app, at both processes; restored, they sign in anew."""
    bob = cast.bob
    async with moderating(house, cast.carol) as browser, app(house.addresses[0], bob.username) as phone:
        async with (
            connect(house.addresses[0], bob) as here,
            connect(house.addresses[1], bearer=phone.token) as there,
            connect(house.addresses[0], cast.alice) as alice,
        ):
            conv = await here.open(cast.alice.username)
            assert (await here.send(conv, "before"))["type"] == "ACCEPTED"
            await act(browser, "user", "suspend", bob.user)
            # From this moment on, whatever is still open.
            assert await phone.refused("GET", "/conversations") == REFUSED
            assert await here.closed(SOON_S) == await there.closed(SOON_S) == 4401
            assert await alice.still_works()
        sign_in = {"username": bob.username, "password": PASSWORD}
        assert await phone.refused("POST", "/devices", sign_in) == REFUSED
        await act(browser, "user", "restore", bob.user)
        assert await phone.refused("GET", "/conversations") == REFUSED
        async with connect(house.addresses[0], bob, hello=False) as again:
            assert await again.closed() == 4401
        await phone.sign_in(bob.username)
        assert code_of(await phone.ask("GET", "/conversations/" + bob.user))[0] == 404
    assert re.match(r"\d+:[0-9a-f]{64}\n", await asyncio.to_thread(house.manage, "verify_audit"))


async def test_a_removed_message_is_gone_like_any_other(house: House, cast: Cast) -> None:
    """For its author and its reader, connected or not; nobody is told who did it."""
    async with (
        moderating(house, cast.carol) as browser,
        connect(house.addresses[0], cast.alice) as alice,
        connect(house.addresses[1], cast.bob) as bob,
        app(house.addresses[0], cast.alice.username) as phone,
    ):
        conv = await alice.open(cast.bob.username)
        assert (await alice.send(conv, "vile"))["seq"] == 1
        await bob.hear("messages")
        with psycopg.connect(house.dsn) as connection:
            row = connection.execute(MESSAGE, [conv, 1]).fetchone()
        assert row is not None
        await act(browser, "message", "remove", row[0])
        for socket in (alice, bob):
            told = await socket.hear("changes", lambda frame: frame["conv"] == conv, SOON_S)
            assert cast.carol.user not in str(told) and cast.carol.username not in str(told)
            [change] = told["changes"]
            assert (change["seq"], change["type"]) == (1, "delete")
        synced = await phone.told("POST", "/sync", {"positions": [{"conv": conv, "received": 1}]})
        assert [each["changes"] for each in synced["changes"]] == [[{"seq": 1, "rev": 1, "type": "delete"}]]
        page = await phone.told("GET", f"/conversations/{conv}/messages")
        assert page["entries"][0]["deleted"] is True and "body" not in page["entries"][0]


async def test_the_picture_of_a_group_is_gone_for_all_who_are_in_it(house: House, cast: Cast) -> None:
    """Also with an address that was good a moment ago; sockets are told that there is none, and not by whom."""
    async with (
        moderating(house, cast.carol) as browser,
        connect(house.addresses[0], cast.alice) as alice,
        connect(house.addresses[1], cast.bob) as bob,
        app(house.addresses[0], cast.alice.username) as phone,
        app(house.addresses[1], cast.bob.username) as other,
    ):
        made = {"client_id": "made_shown", "title": "Picnic", "users": [cast.bob.user]}
        group = (await phone.told("POST", "/groups", made, 201))["id"]
        shown = (await upload(phone, picture(), "us.png"))["id"]
        rev = (await phone.told("PATCH", f"/groups/{group}", {"picture": shown}))["members_rev"]
        urls = [(who, (await address(who, shown))["url"]) for who in (phone, other)]
        for socket in (alice, bob):
            await socket.hear_any(lambda frame: group in str(frame) and shown in str(frame))
        await act(browser, "conversation", "remove_picture", group)
        for who, url in urls:
            assert (await who.http.get(url)).status_code == 404
            assert await who.refused("GET", f"/attachments/{shown}") == (404, "NOT_FOUND")
        for socket in (alice, bob):
            told = await socket.hear(
                "members", lambda frame: (frame["conv"], frame["members_rev"]) == (group, rev + 1), SOON_S
            )
            assert told["picture"] is None
            assert cast.carol.user not in str(told) and cast.carol.username not in str(told)
        assert (await other.told("GET", f"/conversations/{group}"))["picture"] is None
