"""The OpenAPI document is true: schemathesis finds nothing against it, its examples run, its page can be read."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chat.api import responses
from chat.api.document import document
from chat.api.examples import BOB, CONV, DEVICE, EXAMPLES, TOKEN
from tests.acceptance.app import App, app, app_of
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.template import CLONE

pytestmark = pytest.mark.acceptance

# Each of these ends the device that asks, or makes it end.
ENDING = ("signOut", "changePassword", "deleteAccount")
# A server with push (test_wakeups.py), and a message that expired (test_expiry.py).
NEEDS_MORE = ("getPushKey", "subscribe", "unsubscribe", "resendMessage")
SECONDS = int(os.environ.get("FUZZ_SECONDS", "45"))
CASES = os.environ.get("FUZZ_CASES", "4")


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Any) -> House:
    return houses(request.param)  # type: ignore[no-any-return]


@pytest.mark.timeout(900)
async def test_schemathesis_finds_nothing(house: House, cast: Cast, tmp_path: Path) -> None:
    """All checks; more of it, and for longer, by `make fuzz`."""
    before = house.log_size("web-1")
    async with app_of(house, cast.alice) as alice:
        await alice.open(cast.bob.username)
        found = await asyncio.to_thread(_schemathesis, house.addresses[0], alice, tmp_path)
    assert found.returncode == 0, found.stdout[-12_000:] + found.stderr[-4_000:]
    assert "Traceback" not in house.log("web-1", before)


def _schemathesis(address: str, who: App, folder: Path) -> "subprocess.CompletedProcess[str]":
    config = Path(__file__).with_name("fuzzing.toml")
    command = [str(Path(sys.executable).with_name("st")), "--config-file", str(config), "run"]
    command += [f"{address}/api/v1/openapi.json", "--header", f"Authorization: Bearer {who.token}"]
    command += ["--checks", "all", "--max-examples", CASES, "--seed", "1", "--no-color", "--warnings", "off"]
    command += ["--generation-database", "none", "--continue-on-failure", "--rate-limit", "150/s"]
    command += [f"--exclude-operation-id={name}" for name in ENDING]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.acceptance.fuzzing", "PYTHONPATH": str(CLONE)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS * 20)


async def test_every_operation_has_an_example_that_runs(house: House, cast: Cast) -> None:
    """In the order of a day; the answer has the shape of its model, as the document's own has."""
    async with app_of(house, cast.alice) as alice, app(house.address) as anybody:
        conv = await alice.open(cast.bob.username)
        await alice.send(conv, "first_1_0", "first")
        upload = ""
        for path, method, operation in _operations():
            name = operation["operationId"]
            if name in NEEDS_MORE:
                continue
            async with app_of(house, cast.carol if name == "deleteAccount" else cast.alice) as fresh:
                who = anybody if name in ("signUp", "signIn") else fresh if name in ENDING else alice
                there = await _group(alice, cast, name) if operation["tags"] == ["Groups"] else {"conv": conv}
                there |= {"upload": upload, "attachment": upload}
                answer = await _run(who, name, method, path, there, fresh.device, cast)
                if name == "createUpload":
                    upload = answer.headers["location"].rpartition("/")[2]
            assert answer.is_success, (name, answer.text)
            assert str(answer.status_code) in operation["responses"], name
            if answer.content and answer.headers["Content-Type"] == "application/json":
                _model(operation).model_validate_json(answer.content)


async def _group(alice: App, cast: Cast, name: str) -> dict[str, str]:
    """One of alice and bob, and a link into it."""
    body = {"client_id": f"for_{name}", "title": "Picnic", "users": [cast.bob.user]}
    group = await alice.told("POST", "/groups", body, 201)
    link = await alice.told("POST", f"/conversations/{group['id']}/invites", {}, 201)
    return {"conv": group["id"], "link": link["id"], "token": link["token"]}


async def _run(who: App, name: str, method: str, path: str, there: dict[str, str], device: str, cast: Cast) -> Any:
    example = EXAMPLES[name]
    body = None if example.body is None else _ours(example.body, there, cast)
    path = path.format(**{"seq": 1, "device_id": device, "user": cast.bob.user} | there)
    more: dict[str, Any] = {"headers": dict(example.headers)}
    if example.content:
        more["content"] = example.content
        more["headers"]["Content-Type"] = "application/offset+octet-stream"
    return await who.ask(method, path, body, params=_ours(example.query, there, cast), **more)


def _ours(thing: Any, there: dict[str, str], cast: Cast) -> Any:
    """The document's names and ids become this test's."""
    if isinstance(thing, dict):
        return {key: _ours(value, there, cast) for key, value in thing.items()}
    if isinstance(thing, list):
        return [_ours(value, there, cast) for value in thing]
    names = {"alice": f"{cast.alice.username}-too"[-30:], "bob": cast.bob.username}
    ids = {CONV: there["conv"], DEVICE: cast.alice.device, BOB: cast.bob.user, TOKEN: there.get("token", "")}
    return {**ids, **names}.get(thing, thing) if thing else thing


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    """What ends a device comes last, what is about a message's life in the order it is told."""
    found = [
        (path.removeprefix("/api/v1"), method.upper(), operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]
    uploading = ("createUpload", "headUpload", "continueUpload")
    return sorted(
        found,
        key=lambda each: (
            _ending(each[2]),
            each[1] == "DELETE",
            each[2]["operationId"] not in uploading,
            uploading.index(each[2]["operationId"]) if each[2]["operationId"] in uploading else 0,
        ),
    )


def _ending(operation: dict[str, Any]) -> int:
    """The one that ends the account last of all; 0: none."""
    name = operation["operationId"]
    return ENDING.index(name) + 1 if name in ENDING else 0


def _model(operation: dict[str, Any]) -> Any:
    schema = next(iter(operation["responses"].values()))["content"]["application/json"]["schema"]
    return getattr(responses, schema["$ref"].rpartition("/")[2])


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.answer])
def test_the_answers_of_the_document_are_of_their_models(name: str) -> None:
    [operation] = [each for _, _, each in _operations() if each["operationId"] == name]
    _model(operation).model_validate(EXAMPLES[name].answer, strict=False)


async def test_document_and_page_are_served(house: House) -> None:
    async with app(house.address) as anybody:
        answer = await anybody.ask("GET", "/openapi.json")
        assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")
        page = await anybody.ask("GET", "/docs")
        assert page.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        for _, method, operation in _operations():
            assert f'id="{operation["operationId"]}"' in page.text, method
        assert "<script" not in page.text and "style=" not in page.text and "http" not in page.text.split("<body>")[0]
        [style] = [part.split('"')[0] for part in page.text.split('rel="stylesheet" href="')[1:]]
        assert (await anybody.http.get(style)).status_code == 200
