"""Signing in as an app: one token, good alone; what ends it, and what it is not good for."""

import asyncio

import psycopg
import pytest

from tests.acceptance.app import App, app, apps, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance

REFUSED = (401, "AUTHENTICATION_FAILED")


async def is_good(who: App, token: str) -> bool:
    answer = await who.ask("GET", "/devices", headers={"Authorization": f"Bearer {token}"})
    if answer.status_code == 200:
        return True
    assert code_of(answer) == REFUSED
    assert answer.headers["www-authenticate"] == "Bearer"
    return False


async def test_signing_up_and_in_gives_a_device_and_its_token(house: House, cast: Cast) -> None:
    async with app(house.address) as dora:
        username = cast.alice.username.replace("alice", "dora")
        await dora.sign_up(username, name="Dora Doe", device="phone")
        assert (dora.username, [d["name"] for d in await _devices(dora)]) == (username, ["phone"])
        assert await dora.refused("POST", "/accounts", {"username": username.upper(), "password": PASSWORD}) == (
            409,
            "USERNAME_TAKEN",
        )
        async with app(house.address, username, name="tablet") as tablet:
            assert {d["id"]: d["is_this"] for d in await _devices(tablet)} == {dora.device: False, tablet.device: True}
            assert tablet.token != dora.token


async def _devices(who: App) -> list[dict[str, object]]:
    return list((await who.told("GET", "/devices"))["devices"])


async def test_what_makes_no_account_is_told_field_by_field(house: House, cast: Cast) -> None:
    async with app(house.address) as nobody:
        answer = await nobody.ask("POST", "/accounts", {"username": "x y", "password": "12345678"})
        assert code_of(answer) == (422, "INVALID_ACCOUNT")
        assert set(answer.json()["errors"]) == {"username", "password"}
        for body in ({}, {"username": 1, "password": PASSWORD}, {"username": "dora\0", "password": PASSWORD}, [], None):
            assert await nobody.refused("POST", "/accounts", body) == (422, "INVALID_REQUEST")


async def test_a_wrong_name_and_a_wrong_password_are_answered_alike(house: House, cast: Cast) -> None:
    """The same to the letter; that it takes as long is tested by counting hashes (tests/chat/api/test_accounts.py)."""
    async with app(house.addresses[0]) as nobody:
        texts = set()
        for username in (cast.alice.username, "nobody-of-that-name"):
            answer = await nobody.ask("POST", "/devices", {"username": username, "password": "wrong wrong wrong"})
            assert code_of(answer) == REFUSED
            texts.add(answer.text)
        assert len(texts) == 1


async def test_who_guesses_passwords_is_slowed_down(house: House, cast: Cast) -> None:
    async with app(house.addresses[1]) as nobody:
        wrong = {"username": cast.carol.username, "password": "wrong wrong wrong"}
        codes = [await nobody.refused("POST", "/devices", wrong) for _ in range(11)]
        assert codes == [REFUSED] * 10 + [(429, "RATE_LIMITED")]
        answer = await nobody.ask("POST", "/devices", wrong)
        assert 0 < int(answer.headers["retry-after"]) <= 301
        # Someone else is not.
        await nobody.sign_in(cast.bob.username)


async def test_the_kinds_of_device_are_told_apart(house: House, cast: Cast) -> None:
    """A browser's secret is no token, an app's token no cookie, also with the person's own session."""
    async with app(house.address, cast.alice.username) as alice:
        assert not await is_good(alice, cast.alice.cookies["device"])
        cookies = f"sessionid={cast.alice.cookies['sessionid']}; device={alice.token}"
        async with connect(house.addresses[0], cookies=cookies, hello=False) as nobody:
            assert await nobody.closed() == 4401
        async with connect(house.addresses[0], bearer=cast.alice.cookies["device"], hello=False) as nobody:
            assert await nobody.closed() == 4401
        # A bad token is not made good by good cookies.
        async with connect(house.addresses[0], cast.alice, bearer="guess", hello=False) as nobody:
            assert await nobody.closed() == 4401


async def test_a_socket_by_token_in_a_header_or_as_a_subprotocol(house: House, cast: Cast) -> None:
    async with app(house.address, cast.alice.username) as alice:
        async with connect(house.addresses[0], bearer=alice.token, origin=None) as wire:
            assert (wire.welcome["device"], wire.welcome["user"]["id"]) == (alice.device, cast.alice.user)
            assert await wire.still_works()
        async with connect(house.addresses[1], also=[f"bearer.{alice.token}"]) as wire:
            assert wire.welcome["device"] == alice.device
            assert wire.socket.subprotocol == "messenger.v1.json"
        for wrong in ({"also": ["bearer.guess"]}, {"also": [f"bearer.{alice.token}", "bearer.other"]}):
            async with connect(house.addresses[1], hello=False, **wrong) as nobody:  # type: ignore[arg-type]
                assert await nobody.closed() == 4401
        async with connect(house.addresses[1], query=f"?token={alice.token}", hello=False) as nobody:
            assert await nobody.closed() == 4401
        for name in ("web-1", "web-2"):
            assert alice.token not in house.log(name)


async def test_rotation_loses_nobody(house: House, cast: Cast) -> None:
    """The new token takes over when it is first used; until then the old one is good, however often it was asked."""
    async with app(house.address, cast.alice.username) as alice:
        old = alice.token
        lost = (await alice.told("POST", "/devices/self/token", status=201))["token"]
        new = (await alice.told("POST", "/devices/self/token", status=201))["token"]
        assert await is_good(alice, old)
        assert not await is_good(alice, lost)
        assert await is_good(alice, new)
        assert not await is_good(alice, old)
        assert await is_good(alice, new)
        # Also by a socket, and by several at once.
        alice.token = new
        newest = (await alice.told("POST", "/devices/self/token", status=201))["token"]
        async with asyncio.TaskGroup() as group:
            found = [group.create_task(is_good(alice, newest)) for _ in range(8)]
        assert all(task.result() for task in found)
        async with connect(house.addresses[0], bearer=newest) as wire:
            assert wire.welcome["device"] == alice.device
        async with connect(house.addresses[0], bearer=new, hello=False) as wire:
            assert await wire.closed() == 4401


async def test_a_device_signs_in_again_and_stays_the_same(house: House, cast: Cast) -> None:
    """The old token ends, and what it had opened; another's device, and a browser's, cannot be signed in."""
    async with app(house.addresses[0], cast.alice.username) as alice, app(house.addresses[1]) as again:
        async with connect(house.addresses[0], bearer=alice.token) as wire:
            await again.sign_in(cast.alice.username, device_id=alice.device)
            assert (again.device, again.token == alice.token) == (alice.device, False)
            assert await wire.closed() == 4401
        assert not await is_good(again, alice.token)
        assert await is_good(again, again.token)
        for device in (cast.alice.device, cast.bob.device, "0199c1f0-5b00-7de0-81ce-0000000de51c"):
            body = {"username": cast.alice.username, "password": PASSWORD, "device_id": device}
            assert await again.refused("POST", "/devices", body) == (404, "NOT_FOUND")
        await again.told("DELETE", "/devices/self", status=204)
        body |= {"device_id": alice.device}
        assert await again.refused("POST", "/devices", body) == (404, "NOT_FOUND")


async def test_revoking_ends_token_and_sockets_at_once(house: House, cast: Cast) -> None:
    """By another device, at another process; a second at most, and here without waiting for the reconciling."""
    async with apps(house, cast.alice.username, cast.alice.username, cast.alice.username) as (phone, tablet, third):
        async with connect(house.addresses[0], bearer=phone.token) as wire:
            conv = await phone.open(cast.bob.username)
            assert (await phone.send(conv, "before")).status_code == 201
            await tablet.told("DELETE", f"/devices/{phone.device}", status=204)
            # That it has just been looked up lets nothing in.
            assert code_of(await phone.send(conv, "after")) == REFUSED
            assert code_of(await phone.send(conv, "before")) == REFUSED
            assert not await is_good(tablet, phone.token)
            assert await wire.closed() == 4401
        # Again, and somebody else's.
        await tablet.told("DELETE", f"/devices/{phone.device}", status=204)
        for device in (cast.bob.device, "nonsense"):
            assert await tablet.refused("DELETE", f"/devices/{device}") == (404, "NOT_FOUND")
        await tablet.told("DELETE", "/devices", status=204)
        assert [await is_good(tablet, each.token) for each in (tablet, third)] == [True, False]
        async with connect(house.addresses[0], cast.alice, hello=False) as browser:
            assert await browser.closed() == 4401


async def test_a_changed_password_ends_every_token(house: House, cast: Cast) -> None:
    """As `devices.end_sessions` does it; the device signs in again and is the same."""
    async with app(house.address, cast.carol.username) as carol:
        house_code = (
            "from chat.log import devices; from chat.models import User;"
            f"devices.end_sessions(User.objects.get(id='{cast.carol.user}'))"
        )
        await asyncio.to_thread(house.manage, "shell", "-c", house_code)
        assert not await is_good(carol, carol.token)
        before = carol.device
        await carol.sign_in(cast.carol.username, device_id=before)
        assert carol.device == before and await is_good(carol, carol.token)


async def test_a_suspended_person_is_nobody(house: House, cast: Cast) -> None:
    async with app(house.address, cast.mallory.username) as mallory:
        with psycopg.connect(house.dsn) as connection:
            connection.execute("UPDATE chat_user SET is_active = false WHERE id = %s", [cast.mallory.user])
        assert not await is_good(mallory, mallory.token)
        body = {"username": cast.mallory.username, "password": PASSWORD}
        assert await mallory.refused("POST", "/devices", body) == REFUSED


async def test_that_a_device_asked_is_noted(house: House, cast: Cast) -> None:
    """Its person looks at it, in the settings; to the others it is not online by that."""
    async with app(house.address, cast.bob.username) as bob:
        async with asyncio.timeout(20):
            while not next(d for d in await _devices(bob) if d["is_this"])["last_seen_at"]:
                await asyncio.sleep(0.05)


async def test_only_hashes_are_stored(house: House, cast: Cast) -> None:
    async with app(house.address, cast.bob.username) as bob:
        new = (await bob.told("POST", "/devices/self/token", status=201))["token"]
        with psycopg.connect(house.dsn) as connection:
            query = "SELECT d::text FROM chat_device d WHERE id = %s"
            row = str(connection.execute(query, [bob.device]).fetchone())
        assert bob.token not in row and new not in row
