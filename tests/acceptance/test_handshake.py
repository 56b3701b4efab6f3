"""The handshake: only from our origins, only with cookies that belong together, never by a URL."""

import asyncio
import contextlib
from datetime import UTC, datetime

import httpx
import psycopg
import pytest
import websockets

from tests.acceptance.conftest import Cast, revoke
from tests.acceptance.servers import House
from tests.acceptance.wire import connect

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

UPGRADE = "GET /ws/v1 HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"


async def test_a_foreign_origin_is_refused(house: House, cast: Cast) -> None:
    address = house.addresses[0]
    host, port = address.removeprefix("http://").split(":")
    prefixed = (f"http://{host}.evil.example:{port}", f"http://{host}@evil.example")
    for origin in ("https://evil.example", *prefixed, "null"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(address, cast.alice, origin=origin):
                pass
        assert refused.value.response.status_code == 403, origin
    # No browser has these; autobahn refuses them before we do.
    for origin in (f"{address}.evil.example", "http://", "file://"):
        with pytest.raises(websockets.InvalidStatus) as refused:
            async with connect(address, cast.alice, origin=origin):
                pass
        assert refused.value.response.status_code in (400, 403), origin
    async with connect(address, cast.alice, origin=address) as alice:
        assert alice.welcome["user"]["id"] == cast.alice.user
    # What names no origin is not a browser: it is whoever its cookies say, and nobody without them.
    async with connect(address, cast.alice, origin=None) as alice:
        assert alice.welcome["device"] == cast.alice.device
    async with connect(address, origin=None, hello=False) as nobody:
        assert await nobody.closed() == 4401


async def test_cookies_must_be_good_and_belong_together(house: House, cast: Cast) -> None:
    alice, bob = cast.alice.cookies, cast.bob.cookies
    wrong = {
        "none": None,
        "only the session": f"sessionid={alice['sessionid']}",
        "only the device": f"device={alice['device']}",
        "another's device": f"sessionid={alice['sessionid']}; device={bob['device']}",
        "another's session": f"sessionid={bob['sessionid']}; device={alice['device']}",
        "no such session": f"sessionid={'0' * 32}; device={alice['device']}",
        "no such device": f"sessionid={alice['sessionid']}; device=guess",
        "NUL and quotes": f'sessionid="a\\000b"; device={alice["device"]}',
        "device with NUL": f'sessionid={alice["sessionid"]}; device="\\000"',
        "rubbish": ';;;=;";a=b=c; [] device',
        "long": f"sessionid={'a' * 3000}; device={'b' * 3000}",
    }
    for name, cookies in wrong.items():
        async with connect(house.addresses[0], cookies=cookies, hello=False) as nobody:
            assert await nobody.closed() == 4401, name
            assert nobody.heard == [], name


async def test_a_url_signs_nobody_in(house: House, cast: Cast) -> None:
    session, device = cast.alice.cookies["sessionid"], cast.alice.cookies["device"]
    for query in (
        f"?sessionid={session}&device={device}",
        f"?token={device}&access_token={device}&user={cast.alice.user}",
        f"?Cookie=sessionid%3D{session}%3B%20device%3D{device}",
    ):
        async with connect(house.addresses[0], query=query, hello=False) as nobody:
            assert await nobody.closed() == 4401
    for name in ("web-1", "web-2"):
        log = house.parts[name].log.read_text(errors="replace")
        assert session not in log and device not in log


async def test_who_may_not_any_more(house: House, cast: Cast) -> None:
    """A revoked device, an expired session, a changed password, a suspended person."""
    await asyncio.to_thread(revoke, house, cast.alice)
    with psycopg.connect(house.dsn) as connection:
        expire = "UPDATE django_session SET expire_date = %s WHERE session_key = %s"
        connection.execute(expire, [datetime.now(UTC), cast.bob.cookies["sessionid"]])
        connection.execute("UPDATE chat_user SET password_rev = password_rev + 1 WHERE id = %s", [cast.carol.user])
        connection.execute("UPDATE chat_user SET is_active = false WHERE id = %s", [cast.mallory.user])
    for who in (cast.alice, cast.bob, cast.carol, cast.mallory):
        async with connect(house.addresses[1], who, hello=False) as wire:
            assert await wire.closed() == 4401, who.username


async def test_half_a_handshake_and_half_a_frame_disturb_nobody(house: House, cast: Cast) -> None:
    """Connections that stop in the middle, open beside one that works, and then are gone without a word."""
    host, port = house.addresses[0].removeprefix("http://").split(":")
    cookie = f"Cookie: {cast.carol.cookie_header}\r\n"
    whole = f"{UPGRADE.format(host=f'{host}:{port}')}{KEY}Origin: {house.addresses[0]}\r\n{cookie}\r\n"
    beginnings = [
        b"",
        b"GET /ws",
        UPGRADE.format(host=host).encode(),
        whole[:-2].encode(),
        whole.encode(),
        # A text frame that announces 4 MiB, and one that announces 100 bytes and brings 4.
        whole.encode() + b"\x81\xff\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00\x00\x00",
        whole.encode() + b"\x81\xe4\x00\x00\x00\x00half",
        # Not masked, a reserved opcode, a ping that is too long.
        whole.encode() + b"\x81\x02{}",
        whole.encode() + b"\x87\x80\x00\x00\x00\x00",
        whole.encode() + b"\x89\xfe\x01\x00\x00\x00\x00\x00",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    ]
    before = house.log_size("web-1")
    async with contextlib.AsyncExitStack() as stack:
        for beginning in beginnings:
            _, writer = await asyncio.open_connection(host, int(port))
            stack.callback(writer.transport.abort)
            writer.write(beginning)
            await writer.drain()
        alice = await stack.enter_async_context(connect(house.addresses[0], cast.alice))
        bob = await stack.enter_async_context(connect(house.addresses[0], cast.bob))
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "undisturbed")
        assert (await bob.entry(conv, 1))["body"] == "undisturbed"
    async with connect(house.addresses[0], cast.alice) as again:
        assert await again.still_works()
    assert "Traceback" not in house.log("web-1", before)


async def test_who_does_not_say_hello_is_not_waited_for(house: House, cast: Cast) -> None:
    """One says nothing at all, another something else: they are told to come back, and nothing else waits for them."""
    async with (
        connect(house.addresses[0], cast.alice, hello=False) as silent,
        connect(house.addresses[0], cast.bob, hello=False) as chatty,
        connect(house.addresses[0], cast.carol) as carol,
    ):
        await chatty.ask({"t": "ping"}, "error")
        assert await silent.closed() == await chatty.closed() == 4505
        assert silent.heard == []
        assert await carol.still_works()


async def test_revoking_closes_and_refuses_at_once(house: House, cast: Cast) -> None:
    """Sockets of the device end within a second or two; what it sends before that is refused by the committer."""
    tablet = house.sign_in(cast.alice.username)
    async with (
        connect(house.addresses[0], cast.alice) as alice,
        connect(house.addresses[1], tablet) as other,
        connect(house.addresses[1], cast.bob) as bob,
    ):
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "before")
        await bob.entry(conv, 1)
        await asyncio.to_thread(revoke, house, cast.alice)
        with contextlib.suppress(websockets.ConnectionClosed):
            await alice.say({"t": "send", "conv": conv, "client_id": "too-late", "body": "after"})
        assert await alice.closed() == 4401
        assert not [frame for frame in alice.of("ack") if "too-late" in str(frame)]
        # The person's other device goes on, and the log has nothing of it.
        assert (await other.send(conv, "from the other"))["seq"] == 2
        assert (await bob.entry(conv, 2))["body"] == "from the other"


async def test_a_revoked_device_is_refused_before_its_socket_is_closed(house: House, cast: Cast) -> None:
    """The row alone, without the change that closes sockets: the facts of the next batch bind."""
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "before")
        with psycopg.connect(house.dsn) as connection:
            connection.execute("UPDATE chat_device SET revoked_at = now() WHERE id = %s", [cast.alice.device])
        await alice.say({"t": "send", "conv": conv, "client_id": "too-late", "body": "after"})
        assert await alice.closed() == 4401
        with psycopg.connect(house.dsn) as connection:
            query = "SELECT count(*) FROM chat_message WHERE conversation_id = %s"
            assert connection.execute(query, [conv]).fetchone() == (1,)


async def test_a_session_that_ends_closes_the_sockets_it_opened(house: House, cast: Cast) -> None:
    """Signed out in one tab, the others' end too, whatever process they are at."""
    async with (
        connect(house.addresses[0], cast.alice) as one,
        connect(house.addresses[1], cast.alice) as other,
        connect(house.addresses[0], cast.bob) as bob,
        httpx.AsyncClient(base_url=house.addresses[1], cookies=cast.alice.cookies) as browser,
    ):
        token = (await browser.get("/")).cookies["csrftoken"]
        answer = await browser.post("/sign-out/", headers={"X-CSRFToken": token, "Accept": "application/json"})
        assert answer.status_code == 204
        async with asyncio.timeout(10):
            assert (await one.closed(), await other.closed()) == (4401, 4401)
        assert await bob.still_works()


async def test_a_socket_lives_no_longer_than_its_session(house: House, cast: Cast) -> None:
    query = "UPDATE django_session SET expire_date = now() + interval '4 s' WHERE session_key = %s"
    async with await psycopg.AsyncConnection.connect(house.dsn, autocommit=True) as connection:
        await connection.execute(query, [cast.carol.cookies["sessionid"]])
    async with connect(house.addresses[0], cast.carol) as carol, connect(house.addresses[0], cast.bob) as bob:
        async with asyncio.timeout(20):
            assert await carol.closed() == 4401
        assert await bob.still_works()
