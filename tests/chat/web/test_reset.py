"""A forgotten password: the same answer for every address, a link that works once, and the end of what was open."""

import re
from typing import Any

import pytest
from celery import current_app
from django.core import mail
from django.test import Client
from pytest_django import Settings

from chat.log.mailing import send_reset
from chat.models import Change, Device, User
from chat.policy.rate import Rate
from chat.web import reset
from tests.cast import Cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

NEW = {"new_password1": "an even longer secret", "new_password2": "an even longer secret"}


@pytest.fixture
def alice(people: Cast) -> User:
    user = people.alice.user
    user.email = "Alice@example.org"
    user.set_password("correct horse battery staple")
    user.save()
    Device.objects.update(access_rev=0)
    Change.objects.all().delete()
    return user


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What Celery was given to do."""
    given: list[list[str]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args, **_: given.append([name, *args]))
    return given


def link_in(message: Any) -> str:
    found = re.search(r"http://testserver(/reset/\S+)", message.body)
    assert found is not None, message.body
    return found[1]


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
def test_every_address_gets_the_same_answer_for_the_same_work(
    client: Client, alice: User, tasks: list[list[str]], email: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        answer = client.post("/reset/", {"email": email})
    assert (answer.status_code, answer["Location"]) == (302, "/reset/asked/")
    assert tasks == [[reset.TASK, email, "http://testserver/", "en"]]
    assert mail.outbox == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_link_works_once_and_ends_what_was_open(client: Client, alice: User, people: Cast, language: str) -> None:
    elsewhere = Client()
    elsewhere.force_login(alice)
    assert send_reset("alice@example.org", "http://testserver/", language) == 1
    [message] = mail.outbox
    assert message.to == ["Alice@example.org"] and ("Passwort" in message.body) == (language == "de")
    link = link_in(message)
    page = client.get(link, follow=True)
    # The token is not in the address that is shown, nor told to anyone by it.
    assert page.redirect_chain[-1][0].endswith("/set-password/") and page["Referrer-Policy"] == "no-referrer"
    assert client.post(page.redirect_chain[-1][0], NEW)["Location"] == "/sign-in/"
    assert elsewhere.get("/").status_code == 302
    assert Change.objects.get(kind="revoked").users == [alice.id]
    assert {device.access_rev for device in alice.devices.all()} == {1}
    assert "_auth_user_id" not in client.session
    again = Client().get(link, follow=True)
    assert "used already" in again.content.decode() and "new_password1" not in again.content.decode()


def test_it_gets_too_old(client: Client, alice: User, settings: Settings) -> None:
    send_reset("alice@example.org", "http://testserver/", "en")
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "used already" in client.get(link_in(mail.outbox[0]), follow=True).content.decode()


def test_nobody_suspended_or_without_a_password_gets_one(alice: User) -> None:
    assert send_reset("nobody@example.org", "http://testserver/", "en") == 0
    User.objects.update(is_active=False)
    assert send_reset("alice@example.org", "http://testserver/", "en") == 0
    assert mail.outbox == []


def test_a_server_without_mail_has_no_such_page(client: Client, settings: Settings) -> None:
    settings.SENDS_MAIL = False
    assert client.get("/reset/").status_code == client.get("/reset/asked/").status_code == 404
    assert "/reset/" not in client.get("/sign-in/").content.decode()


def test_mails_are_limited_by_address_and_by_account(
    client: Client, tasks: list[list[str]], settings: Settings, redis: Any
) -> None:
    settings.LIMITS = settings.LIMITS | {"resets": (Rate(2, 3600), Rate(4, 3600))}
    codes = [client.post("/reset/", {"email": email}).status_code for email in ["a@b.org"] * 3 + ["c@d.org"] * 3]
    assert codes == [302, 302, 429, 302, 429, 429]
    assert len(tasks) == 3
