"""Limits of a running messenger with two web processes: what is too much is told when to come again, at every door;
with Redis away the limits are each process's own."""

import asyncio
import re
from collections.abc import Iterator

import httpx
import pytest
from websockets import ConnectionClosed

from tests.acceptance.app import app, app_of, code_of
from tests.acceptance.conftest import Cast, enrol_cast, one_server
from tests.acceptance.servers import PASSWORD, Celery, House
from tests.acceptance.wire import Frame, connect

pytestmark = pytest.mark.acceptance

FORWARDED = {"X-Forwarded-For": "203.0.113.7"}
LIMITS = {
    "LIMIT_SENDS": "20",
    "LIMIT_CONVERSATIONS": "2",
    "LIMIT_ACTS": "6",
    "LIMIT_CONNECTS": "6",
    "LIMIT_SYNC_MEGABYTES": "1",
    "LIMIT_SIGN_UPS_ADDRESS": "2",
    "LIMIT_SIGN_INS_ADDRESS": "40",
    "SIGN_IN_FAILURES": "3",
    "TRUSTED_PROXIES": "127.0.0.1",
}


@pytest.fixture(scope="module", params=one_server("abuse"))
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with House(web=2, server=request.param, celery=Celery.NONE, environment=LIMITS) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


async def test_sends_are_counted_over_all_processes_and_doors(house: House, cast: Cast) -> None:
    one, other = house.addresses
    async with (
        connect(one, cast.alice) as alice,
        connect(other, cast.alice) as again,
        app_of(house, cast.alice) as phone,
    ):
        conv = await alice.open(cast.bob.username)
        told = [await alice.send(conv, "hi") for _ in range(24)]
        accepted = [each for each in told if each.get("type") == "ACCEPTED"]
        refused = [each for each in told if each.get("t") == "retry"]
        assert 20 <= len(accepted) <= 22 and refused
        assert {each["error_code"] for each in refused} == {"RATE_LIMITED"}
        assert all(0 < each["retry_after_ms"] <= 60_100 for each in refused)
        # Elsewhere there is nothing left either, once that process has heard of it.
        told = [await again.send(conv, "hi") for _ in range(12)]
        assert told[-1].get("t") == "retry"
        for _ in range(12):
            answer = await phone.send(conv, phone.device + str(_))
        assert code_of(answer) == (429, "RATE_LIMITED") and int(answer.headers["Retry-After"]) >= 1
        # Nobody else is slowed down, and nothing is closed.
        async with connect(one, cast.bob) as bob:
            assert (await bob.send(conv, "hello"))["type"] == "ACCEPTED"
        # Three seconds later there is one more.
        await asyncio.sleep(refused[0]["retry_after_ms"] / 1000)
        async with asyncio.timeout(30):
            while (await alice.send(conv, "later")).get("t") == "retry":
                await asyncio.sleep(0.5)


async def test_new_conversations_are_counted_known_ones_are_not(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, app_of(house, cast.alice) as phone:
        for _ in range(5):
            await alice.open(cast.bob.username)
        await alice.open(cast.carol.username)
        error = await alice.ask({"t": "open", "username": cast.mallory.username}, "error")
        assert (error["code"], error["retryable"]) == ("RATE_LIMITED", True) and error["retry_after_ms"] > 1_000
        answer = await phone.ask("POST", "/conversations/direct", {"username": cast.mallory.username})
        assert code_of(answer) == (429, "RATE_LIMITED")


async def test_acts_upon_groups_blocks_and_deletions_are_counted_at_every_door(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, app_of(house, cast.alice) as phone:
        made = await phone.told("POST", "/groups", {"client_id": "g1", "title": "club", "users": [cast.bob.user]}, 201)
        group = made["id"]
        refused: list[Frame] = []
        for n in range(12):
            frame = (
                {"t": "block", "user": cast.mallory.user} if n % 2 else {"t": "group", "conv": group, "title": str(n)}
            )
            await alice.say(frame)
            answer = await alice.hear_any(lambda heard: heard["t"] in ("done", "error"))
            refused += [answer] if answer["t"] == "error" else []
        assert 5 <= len(refused) <= 7
        assert {each["code"] for each in refused} == {"RATE_LIMITED"}
        assert all(1_000 < each["retry_after_ms"] <= 60_100 for each in refused)
        for method, path, body in (
            ("PATCH", f"/groups/{group}", {"title": "late"}),
            ("POST", f"/conversations/{group}/members", {"users": [cast.carol.user]}),
            ("DELETE", f"/conversations/{group}/members/{cast.bob.user}", None),
            ("PUT", f"/conversations/{group}/members/{cast.bob.user}/role", {"role": "admin"}),
            ("POST", f"/conversations/{group}/leave", None),
            ("POST", f"/conversations/{group}/invites", {}),
            ("DELETE", f"/conversations/{group}/invites/{group}", None),
            ("POST", "/invites/join", {"token": "x" * 43}),
            ("DELETE", f"/conversations/{group}/messages/1?for=me", None),
            ("DELETE", f"/conversations/{group}/messages/1?for=all", None),
            ("PUT", f"/blocks/{cast.carol.user}", None),
            ("DELETE", f"/blocks/{cast.mallory.user}", None),
        ):
            answer = await phone.ask(method, path, body)
            assert code_of(answer) == (429, "RATE_LIMITED"), path
            assert 1 <= int(answer.headers["Retry-After"]) <= 61
        now = await phone.told("GET", f"/conversations/{group}")
        assert now["count"] == 2 and now["title"] != "late"
        assert [each["id"] for each in (await phone.told("GET", "/blocks"))["people"]] == [cast.mallory.user]


async def test_what_is_read_is_counted_in_bytes(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice, app_of(house, cast.alice) as phone:
        conv = await alice.open(cast.bob.username)
        for _ in range(10):
            assert (await alice.send(conv, "x" * 4_096))["type"] == "ACCEPTED"
        pages = 0
        while (await phone.ask("GET", f"/conversations/{conv}/messages")).is_success:
            pages += 1
            assert pages < 60
        assert pages >= 15
        assert await phone.refused("POST", "/sync", {}) == (429, "RATE_LIMITED")
        assert await phone.refused("GET", "/search", params={"q": "anything"}) == (429, "RATE_LIMITED")
        for path in (
            *("/conversations", "/blocks"),
            *(f"/conversations/{conv}/members", f"/conversations/{conv}/messages/1/info"),
        ):
            assert await phone.refused("GET", path) == (429, "RATE_LIMITED"), path
        error = await alice.ask({"t": "fetch", "conv": conv, "from": 1, "to": 10}, "error")
        assert (error["code"], error["ref"]["conv"]) == ("RATE_LIMITED", conv)


async def test_what_is_found_is_counted_in_bytes_too(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.bob) as bob, app_of(house, cast.bob) as phone:
        conv = await bob.open(cast.carol.username)
        for _ in range(10):
            assert (await bob.send(conv, "word " * 800))["type"] == "ACCEPTED"
        pages = 0
        while (await phone.ask("GET", "/search", params={"q": "word"})).is_success:
            pages += 1
            assert pages < 60
        assert pages >= 15
        error = await bob.ask({"t": "search", "q": "word"}, "error")
        assert (error["code"], error["ref"]["t"]) == ("RATE_LIMITED", "search")


async def test_who_connects_again_and_again_is_told_to_come_back(house: House, cast: Cast) -> None:
    codes = []
    for _ in range(10):
        async with connect(house.addresses[0], cast.carol, hello=False) as socket:
            try:
                await socket.greet()
            except ConnectionClosed as closed:
                codes.append(closed.rcvd.code if closed.rcvd else None)
    assert 2 <= len(codes) <= 4 and set(codes) == {4529}


async def test_accounts_are_counted_by_address_on_the_page_and_in_the_api(house: House, cast: Cast) -> None:
    name = cast.alice.username.replace("alice", "d")
    page = f"{house.address}/sign-up/"
    async with httpx.AsyncClient(headers=FORWARDED) as browser:
        form = await browser.get(page)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert csrf is not None
        fields = {"password1": PASSWORD, "password2": PASSWORD, "csrfmiddlewaretoken": csrf[1]}
        answer = await browser.post(page, data=fields | {"username": f"{name}1"})
        assert answer.status_code == 302
    async with app(house.addresses[1]) as phone:
        account = {"username": f"{name}2", "password": PASSWORD}
        assert (await phone.ask("POST", "/accounts", account, headers=FORWARDED)).status_code == 201
        account["username"] = f"{name}3"
        answer = await phone.ask("POST", "/accounts", account, headers=FORWARDED)
        assert code_of(answer) == (429, "RATE_LIMITED") and 1_000 < int(answer.headers["Retry-After"]) <= 1_801
        # Someone else, behind the same proxy.
        elsewhere = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
        assert (await phone.ask("POST", "/accounts", account, headers=elsewhere)).status_code == 201


async def test_wrong_passwords_are_counted_together_wherever_they_are_tried(house: House, cast: Cast) -> None:
    page = f"{house.addresses[0]}/sign-in/?next=/admin/"
    wrong = {"username": cast.alice.username.upper(), "password": "wrong wrong wrong"}
    async with app(house.addresses[1]) as phone:
        async with httpx.AsyncClient() as browser:
            csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', (await browser.get(page)).text)
            assert csrf is not None
            fields = {"csrfmiddlewaretoken": csrf[1]}
            for _ in range(2):
                assert (await browser.post(page, data=wrong | fields)).status_code == 200
            assert await phone.refused("POST", "/devices", wrong) == (401, "AUTHENTICATION_FAILED")
            right = {"username": cast.alice.username, "password": PASSWORD}
            answer = await browser.post(page, data=right | fields)
            assert answer.status_code == 429 and 200 < int(answer.headers["Retry-After"]) <= 300
            assert "Too many tries" in answer.text and 'name="password"' in answer.text
        answer = await phone.ask("POST", "/devices", right)
        assert code_of(answer) == (429, "RATE_LIMITED") and 200 < int(answer.headers["Retry-After"]) <= 300
        # From elsewhere its person gets in.
        assert (await phone.ask("POST", "/devices", right, headers=FORWARDED)).status_code == 201


async def test_without_redis_people_send_and_sign_in_within_limits_of_each_process(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await asyncio.to_thread(house.kill, "redis")
        try:
            told = [await alice.send(conv, "hi") for _ in range(45)]
            accepted = sum(each.get("type") == "ACCEPTED" for each in told)
            # On credit, until this process knew; then a bucket of its own.
            assert 20 <= accepted <= 32, accepted
            async with app(house.addresses[0]) as phone:
                wrong = {"username": cast.bob.username, "password": "wrong wrong wrong"}
                codes = [(await phone.refused("POST", "/devices", wrong))[0] for _ in range(4)]
                assert codes == [401, 401, 401, 429]
        finally:
            await asyncio.to_thread(house.restart, "redis")
