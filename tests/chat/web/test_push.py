"""The registration door: a device's own subscription, and nothing for anyone else."""

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from chat.log import devices
from chat.models import PushSubscription
from chat.wakeup import vapid
from tests.cast import Cast
from tests.chat.web.signing_in import client_of, refused
from tests.push_service import Browser, PushService
from tests.servers import VAPID_PRIVATE_KEY

pytestmark = [pytest.mark.django_db]

URL = "/push/subscription"


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as service:
        yield service


def posted(client: Client, what: Any, **options: Any) -> Any:
    body = what if isinstance(what, bytes) else json.dumps(what)
    return client.post(URL, body, content_type="application/json", **options)


def test_the_key_is_the_servers_public_one(people: Cast) -> None:
    response = client_of(people.bob).get("/push/key")
    assert response.json() == {"key": vapid.public_key(VAPID_PRIVATE_KEY)}
    assert VAPID_PRIVATE_KEY not in response.content.decode() and "no-store" in response["Cache-Control"]


def test_a_device_registers_replaces_and_takes_back(people: Cast, service: PushService) -> None:
    bob = client_of(people.bob)
    first, second = service.subscribe(), service.subscribe()
    for browser in (first, first, second):
        assert posted(bob, browser.subscription).status_code == 204
        found = PushSubscription.objects.get()
        assert (found.device_id, found.endpoint) == (people.bob.device.id, browser.endpoint)
    assert bob.delete(URL).status_code == bob.delete(URL).status_code == 204
    assert not PushSubscription.objects.exists()


def test_one_browser_wakes_for_one_person(people: Cast, service: PushService) -> None:
    """bob signs out of a shared computer without a word, carol signs in: his messages are not announced to her."""
    browser = service.subscribe()
    posted(client_of(people.bob), browser.subscription)
    assert posted(client_of(people.carol), browser.subscription).status_code == 204
    assert PushSubscription.objects.get().device_id == people.carol.device.id


def test_signing_out_ends_it(people: Cast, service: PushService) -> None:
    bob = client_of(people.bob)
    posted(bob, service.subscribe().subscription)
    posted(client_of(people.carol), service.subscribe().subscription)
    bob.post("/sign-out/")
    assert [each.device_id for each in PushSubscription.objects.all()] == [people.carol.device.id]


@pytest.mark.parametrize("who", ["nobody", "no device", "another's", "another of bob's", "revoked", "suspended"])
def test_nobody_else_gets_anything(people: Cast, service: PushService, who: str) -> None:
    posted(client_of(people.bob), service.subscribe().subscription)
    kept = PushSubscription.objects.get()
    mallory = {
        "nobody": lambda: Client(),
        "no device": lambda: client_of(people.mallory, token="x"),
        "another's": lambda: client_of(people.mallory, token=people.bob.token),
        "another of bob's": lambda: client_of(people.bob, token=devices.register(people.bob.user, "second")[1]),
        "revoked": lambda: client_of(people.carol),
        "suspended": lambda: client_of(people.carol),
    }[who]()
    if who == "revoked":
        devices.revoke(people.carol.device)
    if who == "suspended":
        people.carol.user.is_active = False
        people.carol.user.save()
    refused(mallory.get("/push/key"), 401, "AUTHENTICATION_FAILED")
    refused(posted(mallory, service.subscribe().subscription), 401, "AUTHENTICATION_FAILED")
    refused(mallory.delete(URL), 401, "AUTHENTICATION_FAILED")
    assert PushSubscription.objects.get() == kept
    assert PushSubscription.objects.get().endpoint == kept.endpoint


def test_a_foreign_page_cannot_register_for_the_one_who_looks_at_it(people: Cast, service: PushService) -> None:
    bob = client_of(people.bob, enforce_csrf_checks=True)
    refused(posted(bob, service.subscribe().subscription), 403, "CSRF_FAILED")
    refused(bob.delete(URL), 403, "CSRF_FAILED")
    bob.cookies["csrftoken"] = token = "t" * 32
    assert posted(bob, service.subscribe().subscription, headers={"X-CSRFToken": token}).status_code == 204


GOOD = Browser("https://fcm.googleapis.com/fcm/send/hunter2").subscription
BAD: list[Any] = [
    b" ",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'"hunter2"',
    b"[" * 4_000,
    {},
    GOOD | {"keys": None},
    GOOD | {"keys": {}},
    GOOD | {"keys": {"p256dh": 7, "auth": 7}},
    GOOD | {"keys": GOOD["keys"] | {"auth": "hunter2"}},
    GOOD | {"keys": GOOD["keys"] | {"auth": "!" * 22}},
    GOOD | {"keys": GOOD["keys"] | {"p256dh": "hunter2"}},
    GOOD | {"keys": GOOD["keys"] | {"p256dh": "A" * 87}},
    GOOD | {"keys": GOOD["keys"] | {"p256dh": GOOD["keys"]["p256dh"][:-4] + "\u0000AAA"}},
    GOOD | {"endpoint": 7},
    GOOD | {"endpoint": ""},
    GOOD | {"endpoint": "https://hunter2.example/x"},
    GOOD | {"endpoint": "https://169.254.169.254/hunter2"},
    GOOD | {"endpoint": "https://fcm.googleapis.com/hunter2\u0000"},
    GOOD | {"endpoint": "https://fcm.googleapis.com/hunter2" + "x" * 3_000},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_is_no_subscription_is_refused_and_repeated_nowhere(
    people: Cast, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = posted(client_of(people.bob), bad)
    assert refused(response, 422, "INVALID_SUBSCRIPTION")
    assert "hunter2" not in response.content.decode() + caplog.text
    assert not PushSubscription.objects.exists()


def test_too_much_and_the_wrong_type_are_refused(people: Cast) -> None:
    bob = client_of(people.bob)
    refused(posted(bob, b" " * 9_000), 413, "INVALID_SUBSCRIPTION")
    refused(bob.post(URL, {"endpoint": "https://fcm.googleapis.com/x"}), 415, "INVALID_SUBSCRIPTION")
    assert bob.get(URL).status_code == bob.put(URL).status_code == 405


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [("localhost.localdomain", 422, "INVALID_SUBSCRIPTION"), ("nowhere.invalid", 503, "UNAVAILABLE")],
)
def test_what_a_name_resolves_to_counts(
    people: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str, status: int, code: str
) -> None:
    """With every public host let in, and a resolver that knows one private name."""

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host.endswith(".invalid"):
            raise socket.gaierror(-3, "try again")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    settings.PUSH_HOSTS, settings.PUSH_LOOPBACK = ["*"], False
    response = posted(client_of(people.bob), GOOD | {"endpoint": f"https://{name}/x"})
    refused(response, status, code)
    assert not PushSubscription.objects.exists()


def test_without_a_key_the_door_says_so(people: Cast, service: PushService, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = ""
    bob = client_of(people.bob)
    for response in (bob.get("/push/key"), posted(bob, service.subscribe().subscription), bob.delete(URL)):
        refused(response, 404, "PUSH_OFF")
