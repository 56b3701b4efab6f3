"""The doors of the settings: one's own, whole or not at all, and nothing for anyone else."""

import json
import logging
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from chat.log import devices
from chat.models import Change, Device, PushSubscription, User
from tests.cast import Cast, Person
from tests.chat.web.signing_in import client_of, refused

pytestmark = [pytest.mark.django_db]

PASSWORD = "correct horse battery staple"
OTHER = "an even longer secret of mine"
DOORS = [
    ("get", "/account"),
    ("get", "/account/export"),
    ("patch", "/account"),
    ("put", "/account/email"),
    ("post", "/account/deletion"),
    ("delete", "/account/devices"),
    ("delete", "/account/devices/0190aaaa-0000-7000-8000-00000000dead"),
    ("post", "/account/password"),
]


def patched(client: Client, what: Any, **options: Any) -> Any:
    body = what if isinstance(what, bytes) else json.dumps(what)
    return client.patch("/account", body, content_type="application/json", **options)


def changed(client: Client, old: str, new: str) -> Any:
    return client.post("/account/password", {"old": old, "new": new}, content_type="application/json")


def laptop_of(person: Person) -> Person:
    return Person(person.user, *devices.register(person.user, "laptop"))


@pytest.fixture
def bob(people: Cast) -> Client:
    people.bob.user.password = make_password(PASSWORD)
    people.bob.user.save()
    return client_of(people.bob)


def test_it_tells_who_one_is(people: Cast, bob: Client) -> None:
    laptop_of(people.bob)
    response = bob.get("/account")
    told = response.json()
    assert (told["username"], told["name"], told["read_receipts"]) == ("bob", "bob", True)
    assert [(each["name"], each["is_this"]) for each in told["devices"]] == [("phone", True), ("laptop", False)]
    assert "no-store" in response["Cache-Control"] and people.bob.token not in response.content.decode()


def test_what_is_left_out_stays(people: Cast, bob: Client) -> None:
    def stored() -> tuple[str, bool]:
        user = User.objects.get(id=people.bob.id)
        return user.name, user.read_receipts

    assert patched(bob, {"name": "  Bob 👨‍👩‍👧 Brandt "}).status_code == 204
    assert stored() == ("Bob 👨‍👩‍👧 Brandt", True)
    assert patched(bob, {"read_receipts": False}).status_code == 204
    assert stored() == ("Bob 👨‍👩‍👧 Brandt", False)
    assert patched(bob, {}).status_code == 204
    assert stored() == ("Bob 👨‍👩‍👧 Brandt", False)
    assert patched(bob, {"name": ""}).status_code == 204
    assert bob.get("/account").json()["name"] == "bob"
    assert User.objects.get(id=people.alice.id).read_receipts


BAD: list[Any] = [
    b" ",
    b"{",
    b"\xff\xfe",
    b"null",
    b"[]",
    b"[" * 4_000,
    b'{"name": "hunter2\\u0000"}',
    b'{"name": "hunter2\\ud800"}',
    {"name": "hunter2\n"},
    {"name": "hunter2\u2028"},
    {"name": "hunter2" + "x" * 100},
    {"name": ["hunter2"]},
    {"name": 7},
    {"read_receipts": "hunter2"},
    {"read_receipts": 1},
    {"shows_presence": "hunter2"},
    {"read_receipts": False, "is_staff": "hunter2"},
    {"name": "fine", "read_receipts": []},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_what_is_no_setting_changes_nothing(
    people: Cast, bob: Client, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = patched(bob, bad)
    refused(response, 422, "INVALID_SETTINGS")
    assert "hunter2" not in response.content.decode() + caplog.text
    user = User.objects.get(id=people.bob.id)
    assert (user.name, user.read_receipts, user.is_staff) == ("", True, False)


def test_too_much_and_the_wrong_type_are_refused(bob: Client) -> None:
    refused(patched(bob, b" " * 9_000), 413, "INVALID_SETTINGS")
    refused(bob.patch("/account", "name=x", content_type="text/plain"), 415, "INVALID_SETTINGS")
    refused(bob.post("/account/password", {"old": PASSWORD, "new": OTHER}), 415, "INVALID_PASSWORD")
    assert bob.put("/account").status_code == bob.get("/account/devices").status_code == 405


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize("who", ["nobody", "no device", "another's", "revoked", "suspended", "old password"])
def test_nobody_else_gets_in(people: Cast, who: str, method: str, path: str) -> None:
    client = {"nobody": Client(), "no device": client_of(people.carol, token="x")}.get(who)
    client = client or client_of(people.carol, token=people.bob.token if who == "another's" else None)
    if who == "revoked":
        devices.revoke(people.carol.device)
    if who == "suspended":
        User.objects.filter(id=people.carol.id).update(is_active=False)
    if who == "old password":
        people.carol.user.set_password(PASSWORD)
        people.carol.user.save()
    refused(getattr(client, method)(path, content_type="application/json"), 401, "AUTHENTICATION_FAILED")


@pytest.mark.parametrize(("method", "path"), [door for door in DOORS if door[0] != "get"])
def test_a_foreign_page_can_do_nothing_for_the_one_who_looks_at_it(people: Cast, method: str, path: str) -> None:
    bob = client_of(people.bob, enforce_csrf_checks=True)
    refused(getattr(bob, method)(path, content_type="application/json"), 403, "CSRF_FAILED")
    bob.cookies["csrftoken"] = token = "t" * 32
    answer = getattr(bob, method)(path, content_type="application/json", headers={"X-CSRFToken": token})
    assert answer.status_code != 403


def test_a_device_is_signed_out_by_its_person_alone(people: Cast, bob: Client) -> None:
    laptop, tablet = laptop_of(people.bob), laptop_of(people.bob)
    path = f"/account/devices/{laptop.device_id}"
    refused(client_of(people.mallory).delete(path), 404, "NOT_FOUND")
    assert not Device.objects.exclude(revoked_at=None).exists()
    assert bob.delete(path).status_code == bob.delete(path).status_code == 204
    assert [str(each.id) for each in Device.objects.exclude(revoked_at=None)] == [laptop.device_id]
    assert Change.objects.filter(kind="revoked").count() == 1
    refused(client_of(laptop).get("/account"), 401, "AUTHENTICATION_FAILED")
    assert {each["id"] for each in bob.get("/account").json()["devices"]} == {people.bob.device_id, tablet.device_id}


@pytest.mark.parametrize("odd", ["x", "0190aaaa", "..", "0190aaaa-0000-7000-8000-00000000dead%00"])
def test_what_is_no_device_is_not_there(people: Cast, bob: Client, odd: str) -> None:
    assert bob.delete(f"/account/devices/{odd}").status_code == 404
    assert not Device.objects.exclude(revoked_at=None).exists()


def test_all_others_are_signed_out_at_once(people: Cast, bob: Client) -> None:
    others = [laptop_of(people.bob) for _ in range(3)]
    assert bob.delete("/account/devices").status_code == 204
    gone = {str(each.id) for each in Device.objects.exclude(revoked_at=None)}
    assert gone == {each.device_id for each in others}
    assert bob.get("/account").status_code == 200


def test_a_changed_password_keeps_this_session_and_ends_the_others(people: Cast, bob: Client) -> None:
    laptop = laptop_of(people.bob)
    elsewhere = client_of(laptop)
    PushSubscription.objects.create(device=laptop.device, endpoint="https://push.example/x")
    assert elsewhere.get("/account").status_code == 200
    assert changed(bob, PASSWORD, OTHER).status_code == 204
    assert bob.get("/account").status_code == 200
    refused(elsewhere.get("/account"), 401, "AUTHENTICATION_FAILED")
    assert User.objects.get(id=people.bob.id).check_password(OTHER)
    revs = dict(Device.objects.filter(user=people.bob.user).values_list("id", "access_rev"))
    assert revs == {people.bob.device.id: 0, laptop.device.id: 1}
    assert Change.objects.get(kind="revoked").users == [people.bob.user.id]
    # It stays a device, with all that waits on it, but nobody is told there who writes.
    assert not Device.objects.exclude(revoked_at=None).exists() and not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "field", "says"),
    [
        ("wrong", OTHER, "old", "incorrect"),
        ("", OTHER, "old", "required"),
        (PASSWORD, "", "new", "required"),
        (PASSWORD, "12345678", "new", "common"),
        (PASSWORD, "short7x", "new", "too short"),
        (PASSWORD, "\x00" * 12, "new", "Null characters"),
    ],
)
def test_why_a_password_is_not_taken(
    people: Cast, bob: Client, caplog: pytest.LogCaptureFixture, old: str, new: str, field: str, says: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        response = changed(bob, old, new)
    refused(response, 422, "INVALID_PASSWORD")
    assert list(response.json()["errors"]) == [field] and says in " ".join(response.json()["errors"][field])
    for secret in filter(None, (old, new)):
        assert secret not in response.content.decode() + caplog.text
    assert User.objects.get(id=people.bob.id).check_password(PASSWORD) and bob.get("/account").status_code == 200
    assert not Device.objects.exclude(access_rev=0).exists()


def test_a_hash_that_is_out_of_date_ends_nothing_before_the_password_is_changed(people: Cast) -> None:
    User.objects.filter(id=people.bob.id).update(password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    people.bob.user.refresh_from_db()
    bob, laptop = client_of(people.bob), client_of(laptop_of(people.bob))
    refused(changed(bob, PASSWORD, "12345678"), 422, "INVALID_PASSWORD")
    for client in (bob, laptop):
        assert client.get("/account").status_code == 200


@pytest.mark.parametrize(
    "bad", [{}, {"old": PASSWORD}, {"old": PASSWORD, "new": 7}, {"old": "x" * 5_000, "new": "y"}, []]
)
def test_what_is_no_pair_of_passwords(people: Cast, bob: Client, bad: Any) -> None:
    refused(bob.post("/account/password", bad, content_type="application/json"), 422, "INVALID_PASSWORD")
    assert User.objects.get(id=people.bob.id).check_password(PASSWORD)
