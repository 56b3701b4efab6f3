"""Every route of the API, as the document has them, for everyone who may and who may not: what is missing in the table
of examples does not pass unseen."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import psycopg
import pytest

from chat.api.document import document
from chat.api.examples import BOB, CONV, DEVICE, EXAMPLES, PATHS, Example
from tests.acceptance import club
from tests.acceptance.app import App, app, app_of, code_of
from tests.acceptance.conftest import Cast, each_server
from tests.acceptance.servers import PASSWORD, House

pytestmark = pytest.mark.acceptance

OPEN = {"signUp", "signIn", "uploadOptions", "oneUploadOptions"}
# With this house's settings there is no push; and nothing has expired.
REFUSED_TO_ALL = {
    "getPushKey": (404, "PUSH_OFF"),
    "subscribe": (404, "PUSH_OFF"),
    "unsubscribe": (404, "PUSH_OFF"),
    "resendMessage": (409, "NOT_EXPIRED"),
    # The document's bob is nobody here, and this is no group.
    "openDirect": (404, "NOT_FOUND"),
    "findPerson": (404, "NOT_FOUND"),
    "block": (404, "NOT_FOUND"),
    "report": (404, "NOT_FOUND"),
    "createGroup": (404, "NOT_FOUND"),
    "changeGroup": (404, "NOT_FOUND"),
    "addMembers": (404, "NOT_FOUND"),
    "removeMember": (404, "NOT_FOUND"),
    "giveRole": (404, "NOT_FOUND"),
    "leaveGroup": (404, "NOT_FOUND"),
    "listInvites": (404, "NOT_FOUND"),
    "invite": (404, "NOT_FOUND"),
    "revokeInvite": (404, "NOT_FOUND"),
    "previewInvite": (404, "NOT_FOUND"),
    "join": (404, "NOT_FOUND"),
    # Nor is its upload anybody's.
    "headUpload": (404, ""),
    "getUpload": (404, "NOT_FOUND"),
    "continueUpload": (404, "NOT_FOUND"),
    "deleteUpload": (404, "NOT_FOUND"),
    "getAttachment": (404, "NOT_FOUND"),
}
SECRET = "nobody else may read this"


def operations() -> Iterator[tuple[str, str, str]]:
    """(id, method, path within the API)"""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield operation["operationId"], method.upper(), path.removeprefix("/api/v1")


# Takes away who asks (test_own_data.py).
END = "deleteAccount"
# What takes something away comes last, and what is done with the password before it is changed.
OPERATIONS = sorted(
    (each for each in operations() if each[0] not in OPEN | {END}),
    key=lambda each: (each[1] == "DELETE", each[0] == "changePassword"),
)


@pytest.fixture(scope="session", params=each_server("house"))
def house(request: pytest.FixtureRequest, houses: Any) -> House:
    return houses(request.param)  # type: ignore[no-any-return]


async def ask(who: App, operation: tuple[str, str, str], conv: str, device: str) -> Any:
    """The example of the document, with these ids in the place of its own."""
    name, method, path = operation
    example = EXAMPLES[name]
    text = json.dumps(example.body).replace(CONV, conv)
    body = None if example.body is None else json.loads(text)
    return await who.ask(
        method,
        path.format(**PATHS | {"conv": conv, "device_id": device}),
        body,
        params=example.query,
        **sent(example),
    )


def sent(example: Example) -> dict[str, Any]:
    """Beside a body of JSON."""
    headers = {"Accept": "*/*"} | dict(example.headers)
    if not example.content:
        return {"headers": headers}
    return {"headers": headers | {"Content-Type": "application/offset+octet-stream"}, "content": example.content}


def refusal(answer: httpx.Response, method: str) -> tuple[int, str]:
    """Of what has no body in any case, the status."""
    return (answer.status_code, "") if method == "HEAD" else code_of(answer)


def test_the_table_is_whole() -> None:
    assert {name for name, _, _ in operations()} == set(EXAMPLES)
    assert len(OPERATIONS) > 20
    secured = {
        operation["operationId"]
        for methods in document()["paths"].values()
        for operation in methods.values()
        if operation.get("security")
    }
    assert secured == set(EXAMPLES) - OPEN


async def test_nobody_and_who_is_nobody_any_more_get_nowhere(house: House, cast: Cast) -> None:
    async with (
        app(house.address) as anonymous,
        app_of(house, cast.alice) as revoked,
        app_of(house, cast.carol) as suspended,
    ):
        conv = await revoked.open(cast.bob.username)
        await revoked.told("DELETE", "/devices/self", status=204)
        with psycopg.connect(house.dsn) as connection:
            connection.execute("UPDATE chat_user SET is_active = false WHERE id = %s", [cast.carol.user])
        for operation in OPERATIONS:
            for who in (anonymous, revoked, suspended):
                answer = await ask(who, operation, conv, revoked.device)
                code = "" if operation[1] == "HEAD" else "AUTHENTICATION_FAILED"
                assert refusal(answer, operation[1]) == (401, code), operation
                assert answer.headers["cache-control"] == "no-store"


async def test_outsiders_learn_nothing(house: House, cast: Cast) -> None:
    """mallory, who never was in it; and carol, who was and left. To both it is as if it were not there."""
    async with (
        app_of(house, cast.alice) as alice,
        app_of(house, cast.mallory) as mallory,
        app_of(house, cast.carol) as carol,
    ):
        group = await club.found(house, cast.alice, cast.bob, cast.carol)
        await alice.send(group, "secret", SECRET)
        await club.remove(house, group, cast.alice, cast.carol)
        for who in (mallory, carol):
            for operation in OPERATIONS:
                answer = await ask(who, operation, group, alice.device)
                assert SECRET not in answer.text, operation
                if operation[0] == "leaveGroup" and who is carol:
                    # She has, so it is no fault.
                    assert answer.status_code == 200
                elif operation[0] == "unblock":
                    # Who was not blocked is as before.
                    assert answer.status_code == 204
                elif "{" in operation[2]:
                    code = "" if operation[1] == "HEAD" else "NOT_FOUND"
                    assert refusal(answer, operation[1]) == (404, code), operation
                if operation[0] == "acknowledge":
                    told = answer.json()
                    assert told["positions"] == []
                    assert {each["code"] for each in told["refused"]} == {"NOT_FOUND"}
                if operation[0] in ("signOut", "rotateToken"):
                    # They may do it to themselves; go on as another device.
                    fresh = await app_again(house, cast, who)
                    who.token, who.device = fresh
            positions = [{"conv": group, "received": 0}]
            told = await who.told("POST", "/sync", {"positions": positions})
            assert (told["messages"], told["conversations"]) == ([], [])
        page = await alice.told("GET", f"/conversations/{group}/messages")
        messages = [entry for entry in page["entries"] if "event" not in entry]
        assert [(entry["body"], entry.get("rev")) for entry in messages] == [(SECRET, None)]


async def app_again(house: House, cast: Cast, who: App) -> tuple[str, str]:
    person = cast.mallory if who.user == cast.mallory.user else cast.carol
    async with app_of(house, person) as fresh:
        return fresh.token, fresh.device


async def test_members_get_what_the_document_says(house: House, cast: Cast) -> None:
    """Each in a conversation of its own making, as a fresh device."""
    async with AsyncExitStack() as stack:
        bob = await stack.enter_async_context(app_of(house, cast.bob))
        conv = await bob.open(cast.alice.username)
        for operation in OPERATIONS:
            alice = await stack.enter_async_context(app_of(house, cast.alice))
            number = (await alice.told("GET", f"/conversations/{conv}"))["head"]
            if number == 0:
                await alice.send(conv, f"{alice.device[-12:]}_1_0", SECRET)
            answer = await ask(alice, operation, conv, alice.device)
            if operation[0] in REFUSED_TO_ALL:
                assert refusal(answer, operation[1]) == REFUSED_TO_ALL[operation[0]], operation
            elif operation[0] == "changePassword":
                assert answer.status_code == 204
            else:
                assert answer.is_success, (operation, answer.text)


async def test_a_browser_brings_the_csrf_token_as_well(house: House, cast: Cast) -> None:
    """Its cookies are sent along whoever made it ask."""
    async with app(house.addresses[0]) as browser:
        cookies = dict(cast.alice.cookies)
        browser.http.cookies.update(cookies)
        assert (await browser.told("GET", "/me"))["username"] == cast.alice.username
        await browser.http.get("/sign-in/")
        for name, method, path in OPERATIONS:
            if method not in ("GET", "HEAD"):
                answer = await ask(browser, (name, method, path), BOB, DEVICE)
                assert code_of(answer) == (403, "CSRF_FAILED"), name
        await browser.http.get("/")
        token = browser.http.cookies.get("csrftoken") or ""
        for headers, wanted in (
            ({"X-CSRFToken": "x" * 32}, 403),
            ({"X-CSRFToken": token, "Origin": "https://evil.example"}, 403),
            ({"X-CSRFToken": token, "Origin": house.addresses[0]}, 200),
        ):
            answer = await browser.ask("PATCH", "/me", {"name": "Alice"}, headers=headers)
            assert answer.status_code == wanted, headers
        # It has no token, so there is none to change.
        headers = {"X-CSRFToken": token}
        assert await browser.refused("POST", "/devices/self/token", headers=headers) == (404, "NOT_FOUND")
        assert PASSWORD not in house.log("web-1")
