"""The pages: who gets in, and what no page ever does."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.signals import pre_save
from django.test import Client
from django.urls import path
from django.utils import timezone
from redis import Redis

from chat.metrics import tally
from chat.models import Device, Progress, User
from messenger.urls import urlpatterns as house

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

PASSWORD = "correct horse battery staple"
SIGN_UP = {"username": "dave", "name": "Dave", "password1": PASSWORD, "password2": PASSWORD}


def broken(request: Any) -> None:
    raise RuntimeError("secret detail")


urlpatterns = [path("broken/", broken), *house]


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user(username="bob", password=PASSWORD)


def test_signing_up_signs_in_and_makes_the_browser_a_device(client: Client) -> None:
    response = client.post("/sign-up/", SIGN_UP, follow=True, headers={"User-Agent": "Firefox on Linux"})
    assert response.status_code == 200 and response.templates[0].name == "chat.html"
    device = Device.objects.get(user__username="dave")
    assert device.name == "Firefox on Linux"
    cookie = client.cookies["device"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    client.get("/")
    client.post("/sign-out/")
    client.post("/sign-in/", {"username": "dave", "password": PASSWORD}, follow=True)
    assert Device.objects.count() == 1


@pytest.mark.parametrize(("target", "ends"), [("/join/", "/join/"), ("https://evil.example/", "/"), ("", "/")])
def test_signing_up_leads_on_within_the_site(client: Client, target: str, ends: str) -> None:
    asked = client.get("/join/")
    assert b"/sign-in/?next=/join/" in asked.content and b"join-chats" not in asked.content
    assert client.post("/sign-up/", SIGN_UP | {"next": target}).headers["Location"] == ends
    # And who is signed in already.
    assert client.get("/sign-up/", {"next": target}).headers["Location"] == ends
    assert b"join-chats" in client.get("/join/").content


@pytest.mark.parametrize(
    "wrong",
    [
        {"username": "ab"},
        {"username": "x" * 31},
        {"username": "da ve"},
        {"username": "dáve"},
        {"username": "-dave"},
        {"username": "BOB"},
        {"username": "da\x00ve"},
        {"name": "D\x00ve"},
        {"name": "x" * 101},
        {"password2": "something else"},
        {"password1": "12345678", "password2": "12345678"},
        {"password1": "", "password2": ""},
    ],
)
def test_signing_up_badly_says_why_and_makes_nobody(client: Client, bob: User, wrong: dict[str, str]) -> None:
    response = client.post("/sign-up/", SIGN_UP | wrong)
    assert response.status_code == 200 and b"form-error" in response.content
    assert User.objects.count() == 1 and PASSWORD.encode() not in response.content


def test_unknown_people_and_wrong_passwords_look_the_same(client: Client, bob: User) -> None:
    answers = [
        client.post("/sign-in/", {"username": name, "password": "wrong"}).context["form"].non_field_errors()
        for name in ("bob", "nobody")
    ]
    assert answers[0] and answers[0] == answers[1]


@pytest.mark.parametrize(
    ("target", "ends"),
    [
        ("/admin/", "/admin/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_next_stays_within_the_site(client: Client, bob: User, target: str, ends: str) -> None:
    response = client.post("/sign-in/", {"username": "bob", "password": PASSWORD, "next": target})
    assert (response.status_code, response["Location"]) == (302, ends)


def test_nobody_is_signed_in_by_an_address(client: Client, bob: User) -> None:
    client.get("/sign-in/", {"username": "bob", "password": PASSWORD})
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_signing_out_is_by_post_only(client: Client, bob: User) -> None:
    client.force_login(bob)
    assert client.get("/sign-out/").status_code == 405
    assert client.get("/").status_code == 200
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302


def test_a_script_that_signs_out_is_told_whether_it_did(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    refused = client.post("/sign-out/", headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (403, "CSRF_FAILED")
    assert client.get("/").status_code == 200
    token = {"X-CSRFToken": client.cookies["csrftoken"].value, "Accept": "application/json"}
    for _ in range(2):
        assert client.post("/sign-out/", headers=token).status_code == 204
    assert client.get("/").status_code == 302


def test_who_loses_the_race_for_a_name_is_told_so(client: Client) -> None:
    """The other one takes it after the form was checked and before it is saved."""

    def take(sender: Any, instance: User, **_: Any) -> None:
        User.objects.bulk_create([User(username=instance.username)])

    pre_save.connect(take, sender=User)
    try:
        response = client.post("/sign-up/", SIGN_UP)
    finally:
        pre_save.disconnect(take, sender=User)
    assert response.status_code == 200
    assert "That username is taken." in response.content.decode()


def test_a_revoked_device_is_not_taken_up_again(client: Client, bob: User) -> None:
    client.force_login(bob)
    client.get("/")
    Device.objects.update(revoked_at="2026-01-01T00:00Z")
    assert client.get("/").headers["Location"] == "/sign-in/"
    assert Device.objects.count() == 1
    client.force_login(bob)
    client.get("/")
    assert Device.objects.count() == 2


@pytest.mark.parametrize("drop_cookie", [True, False])
def test_a_revoked_device_is_out_with_or_without_its_cookie(client: Client, bob: User, drop_cookie: bool) -> None:
    client.force_login(bob)
    client.get("/")
    Device.objects.update(revoked_at="2026-01-01T00:00Z")
    if drop_cookie:
        del client.cookies["device"]
    assert client.get("/").headers["Location"] == "/sign-in/"
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"
    assert Device.objects.count() == 1


def test_a_session_cookie_alone_makes_no_device(client: Client, bob: User) -> None:
    client.force_login(bob)
    client.get("/")
    thief = Client()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert thief.get("/").headers["Location"] == "/sign-in/"
    assert Device.objects.count() == 1


def test_the_device_of_another_person_is_not_taken_up(client: Client, bob: User) -> None:
    client.force_login(bob)
    client.get("/")
    client.force_login(User.objects.create_user(username="alice"))
    client.get("/")
    assert Device.objects.filter(user__username="alice").count() == 1


@pytest.mark.parametrize("address", ["/sign-in/", "/sign-up/", "/", "/nothing-here", "/admin/login/"])
def test_every_page_has_its_security_headers(client: Client, bob: User, address: str) -> None:
    if address == "/":
        client.force_login(bob)
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_forged_form_is_refused_kindly(bob: User) -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "bob", "password": PASSWORD})
    assert response.status_code == 403 and b"Nothing was changed" in response.content


def test_what_is_not_there_says_so(client: Client) -> None:
    response = client.get("/no/such/page")
    assert response.status_code == 404 and b"Nothing here" in response.content


@pytest.mark.urls(__name__)
def test_our_own_fault_shows_no_detail() -> None:
    response = Client(raise_request_exception=False).get("/broken/")
    assert response.status_code == 500 and b"Something broke" in response.content
    assert b"secret detail" not in response.content and b"Traceback" not in response.content


def test_health(client: Client, settings: Any, redis: "Redis[str]") -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    never = {"sweep": "never", "flush": "never", "media": "never"}
    assert client.get("/readyz").json() == {"ready": True, "database": "local", "redis": "ok"} | never
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    response = client.get("/readyz")
    assert response.status_code == 503
    away = {"database": "local", "redis": "not reachable", "sweep": "never", "flush": "not reachable", "media": "never"}
    assert response.json() == {"ready": False} | away


def test_late_celery_is_told_and_leaves_the_process_ready(client: Client, redis: "Redis[str]") -> None:
    def told() -> Any:
        answer = client.get("/readyz")
        assert answer.status_code == 200
        return answer.json()

    for ago, sweep, flush in ((20, "ok", "ok"), (45, "ok", "late"), (90, "late", "late")):
        for work in ("redelivery", "thumbnails"):
            Progress.objects.update_or_create(work=work, defaults={"upto": timezone.now() - timedelta(seconds=ago)})
        redis.hset(tally.KEY, tally.FLUSHED_AT, str(time.time() - ago))
        late = {"sweep": sweep, "flush": flush, "media": sweep}
        assert told() == {"ready": True, "database": "local", "redis": "ok"} | late


def test_the_admin_is_entered_by_the_same_page(client: Client, bob: User) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == "/sign-in/?next=/admin/" and answer.templates[0].name == "sign_in.html"
    assert client.post("/admin/login/", {"username": "bob", "password": PASSWORD}).status_code == 302
    client.force_login(bob)
    assert client.get("/admin/", follow=True).status_code == 403
    User.objects.update(is_staff=True)
    assert client.get("/admin/").status_code == 200
