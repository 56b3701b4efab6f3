"""The logs of a running messenger in production: JSON lines with ids, and nothing that is anybody's secret."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.acceptance.app import app_of
from tests.acceptance.conftest import Cast, each_server, enrol_cast
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.wire import connect

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]

PROGRAMS = ("web-1", "celery")
BODY = "nobody-else-is-to-read-this"
QUERY = "asked-for-in-a-query"
HEADER = "carried-in-a-header"
TOKEN = "the-token-for-metrics"
GUESS = "typed-for-a-password"
MAIL = "a-mail-address@example.org"
JSON = {"Content-Type": "application/json"}

Line = dict[str, Any]


@pytest.fixture(scope="module", params=each_server("logs"))
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    production = {"MODE": "production", "ALLOWED_HOSTS": "127.0.0.1", "METRICS_TOKEN": TOKEN}
    with House(server=request.param, environment=production) as house:
        yield house


@pytest.fixture
def cast(house: House) -> Cast:
    return enrol_cast(house)


def raw(house: House, program: str) -> str:
    return (house.folder / f"{program}.log").read_text()


def lines(house: House, program: str) -> list[Line]:
    return [json.loads(line) for line in raw(house, program).splitlines()]


def line_until(house: House, program: str, true: Callable[[Line], object], seconds: float = 60.0) -> Line:
    """The first line for which it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := next((line for line in lines(house, program) if true(line)), None):
            return found
        time.sleep(0.05)
    raise AssertionError(raw(house, program))


def test_a_request_is_one_line_with_its_id(house: House, cast: Cast) -> None:
    page = httpx.get(f"{house.address}/", cookies=cast.alice.cookies, headers={"X-Request-ID": "proxy.1-a_B"})
    assert (page.status_code, page.headers["X-Request-ID"]) == (200, "proxy.1-a_B")
    line = line_until(house, "web-1", lambda line: line.get("request") == "proxy.1-a_B")
    assert (line["event"], line["method"], line["path"], line["status"]) == ("answered", "GET", "/", 200)
    assert line["user"] == cast.alice.user and line["ms"] > 0 and line["level"] == "info" and "timestamp" in line


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", '{"a":1}', "\u00e9"])
def test_an_id_that_is_not_well_formed_is_replaced(house: House, given: str) -> None:
    headers = {"X-Request-ID": given.encode("latin-1")} if given else {}
    made = httpx.get(f"{house.address}/nowhere", headers=headers).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    both = [line_until(house, "web-1", lambda line, level=level: (line.get("request"), line["level"]) == (made, level))
            for level in ("info", "warning")]  # fmt: skip
    assert both[0]["status"] == 404 and both[1]["logger"] == "django.request"


async def test_a_socket_is_two_lines_with_its_session(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        session = alice.welcome["session"]
        assert await alice.still_works()
        opened = await asyncio.to_thread(line_until, house, "web-1", lambda line: line.get("session") == session)
        assert opened["event"] == "socket opened" and "code" not in opened
    closed = await asyncio.to_thread(
        line_until, house, "web-1", lambda line: (line.get("session"), line["event"]) == (session, "socket closed")
    )
    assert (closed["device"], closed["user"], closed["code"]) == (cast.alice.device, cast.alice.user, 1000)
    # hello and ping; welcome, conversations, sync_done and pong.
    assert (closed["frames_in"], closed["frames_out"]) == (2, 4)
    assert closed["seconds"] >= 0


async def test_a_handshake_that_is_refused_is_a_line(house: House) -> None:
    async with connect(house.addresses[0], hello=False, cookies="sessionid=none; device=none") as nobody:
        assert await nobody.closed() == 4401
    refused = await asyncio.to_thread(line_until, house, "web-1", lambda line: line["event"] == "socket refused")
    assert refused["code"] == 4401 and "user" not in refused


async def test_trouble_names_the_conversation_and_the_task(house: House, cast: Cast) -> None:
    async with connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, BODY)
        await asyncio.to_thread(house.kill, "postgres")
        try:
            await alice.ask({"t": "info", "conv": conv, "seq": 1}, "error")
            failed = await asyncio.to_thread(line_until, house, "web-1", lambda line: line.get("conv") == conv)
            assert failed["session"] == alice.welcome["session"] and "info failed" in failed["event"]

            def is_put_off(line: dict[str, Any]) -> bool:
                return "put off" in line["event"] and line["task"] == "sweep"

            put_off = await asyncio.to_thread(line_until, house, "celery", is_put_off)
            assert re.fullmatch(r"[0-9a-f-]{36}", put_off["task_id"])
        finally:
            await asyncio.to_thread(house.restart, "postgres")
    # What works for everybody bears nobody's ids.
    for line in lines(house, "web-1"):
        if line["logger"] in ("chat.log.committer", "chat.delivery.reconcile", "chat.delivery.layer"):
            assert not {"session", "request", "user"} & line.keys(), line


def browse(house: House, cast: Cast) -> list[str]:
    """Pages asked for with secrets in every place there is; those the server made."""
    page = f"{house.address}/sign-in/?next=/{QUERY}"
    with httpx.Client(headers={"Authorization": f"Bearer {HEADER}"}) as browser:
        form = browser.get(page)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
        assert csrf is not None
        # Cookies are Secure here, and this client honours it: the CSRF failure is a line of Django's own.
        fields = {"username": cast.alice.username, "password": PASSWORD, "csrfmiddlewaretoken": csrf[1]}
        assert browser.post(page, data=fields).status_code == 403
        assert browser.get(f"{house.address}/nowhere?token={QUERY}").status_code == 404
        assert browser.get(f"{house.address}/metrics?{QUERY}", headers={"Authorization": f"Bearer {TOKEN}"}).is_success
        signed_in = browser.get(f"{house.address}/?{QUERY}", headers={"Cookie": cast.alice.cookie_header})
        assert signed_in.status_code == 200
    return [csrf[1], *form.cookies.values()]


async def ask_all_over(house: House, cast: Cast) -> list[str]:
    """By the API and in the admin, well and badly; the secrets that it took beside the known ones."""
    async with app_of(house, cast.carol) as phone:
        conv = await phone.open(cast.bob.username)
        assert (await phone.send(conv, "c_1_0", BODY)).status_code == 201
        wrong = {"username": GUESS, "password": GUESS}
        for method, path, body in (
            ("POST", "/devices", wrong),
            ("POST", "/accounts", wrong),
            ("POST", "/me/password", {"old": GUESS, "new": GUESS}),
            ("PUT", "/me/email", {"email": MAIL, "password": GUESS}),
            ("POST", "/me/deletion", {"password": GUESS}),
            ("POST", f"/conversations/{conv}/messages", {"client_id": "c d", "body": BODY}),
            ("PUT", "/devices/self/push", {"endpoint": f"https://{MAIL}", "keys": {"p256dh": GUESS, "auth": GUESS}}),
            ("POST", "/uploads", {"name": BODY}),
            ("GET", f"/conversations/{conv}/messages?from={QUERY}", None),
        ):
            assert 400 <= (await phone.ask(method, path, body)).status_code < 500, path
        assert (await phone.ask("PUT", "/me/email", {"email": MAIL, "password": PASSWORD})).status_code == 204
        broken = await phone.ask("POST", "/devices", headers=JSON, content=f'{{"username": "{BODY}'.encode())
        assert broken.status_code in (400, 422)
        for path in (f"/admin/?q={QUERY}", f"/admin/chat/user/?q={QUERY}", f"/admin/login/?next=/{QUERY}"):
            answer = await phone.http.get(path, headers={"Cookie": cast.carol.cookie_header})
            assert answer.status_code in (302, 403), path
        return [phone.token]


async def test_no_secret_gets_into_any_log(house: House, cast: Cast) -> None:
    made = await asyncio.to_thread(browse, house, cast) + await ask_all_over(house, cast)
    async with (
        connect(house.addresses[0], cast.alice, query=f"?token={QUERY}") as alice,
        connect(house.addresses[0], cast.bob) as bob,
    ):
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, BODY, "a-client-id")
        again = {"t": "send", "conv": conv, "client_id": "a-client-id", "body": f"{BODY} again"}
        await alice.ask(again, "ack", lambda frame: frame["acks"][0].get("error_code") == "IDEMPOTENCY_CONFLICT")
        assert (await alice.send(conv, f"{BODY}\0"))["type"] == "REJECTED"
        for bad in (f"not JSON {BODY}", json.dumps({"t": "send", "conv": conv, "body": BODY}), b"\xff" + BODY.encode()):
            await alice.ask(bad, "error")  # type: ignore[arg-type]
        await bob.entry(conv, 1)
        await bob.delivered(conv, 1)
        await alice.tick(conv, "DELIVERED", 1)
    secrets = [BODY, QUERY, HEADER, TOKEN, PASSWORD, GUESS, MAIL, *made]
    secrets += [value for who in (cast.alice, cast.bob, cast.carol) for value in who.cookies.values()]
    for program in PROGRAMS:
        assert not [secret for secret in secrets if secret in raw(house, program)], raw(house, program)
    assert len(lines(house, "web-1")) > 10


def test_every_line_is_json(house: House) -> None:
    for program in PROGRAMS:
        for line in lines(house, program):
            assert {"event", "level", "logger", "timestamp"} <= line.keys(), line
