"""In which language one is answered."""

import json
import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from chat.protocol.errors import ErrorCode
from chat.web import words
from tests.cast import Cast
from tests.chat.web.signing_in import client_of, refused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

GERMAN = {"Accept-Language": "de-AT,en;q=0.5"}


@pytest.mark.parametrize(
    ("asked", "cookie", "language", "heading"),
    [
        ("de-AT,en;q=0.5", None, "de", "Willkommen zurück"),
        ("en-GB,de;q=0.5", None, "en", "Welcome back"),
        ("fr-FR,tlh;q=0.9", None, "en", "Welcome back"),
        ("", None, "en", "Welcome back"),
        ("en", "de", "de", "Willkommen zurück"),
        ("de", "en", "en", "Welcome back"),
        ("de", "../../etc", "de", "Willkommen zurück"),
        ("de;q=x,\x00, *", "xx", "en", "Welcome back"),
    ],
)
def test_the_one_that_was_chosen_else_what_the_browser_asks_for(
    client: Client, asked: str, cookie: str | None, language: str, heading: str
) -> None:
    if cookie:
        client.cookies["language"] = cookie
    response = client.get("/sign-in/", headers={"Accept-Language": asked})
    assert f'lang="{language}"' in response.text and 'dir="ltr"' in response.text and heading in response.text
    assert response["Content-Language"] == language and "Accept-Language" in response["Vary"]


def test_the_page_brings_the_scripts_texts_in_its_language(people: Cast) -> None:
    client = client_of(people.bob)
    assert "/words/" not in client.get("/").text
    page = client.get("/", headers=GERMAN).text
    [address] = re.findall(r'<script defer src="(/words/[^"]+)">', page)
    assert page.index(address) < page.index("js/app.js")
    response = client.get(address)
    assert response["Content-Type"].startswith("text/javascript") and "immutable" in response["Cache-Control"]
    assert json.dumps("Jemand, der nicht mehr dabei ist") in response.text
    # Nothing of the admin's, which has a catalogue of its own.
    assert "Hold down" not in response.text


def test_what_only_the_parts_say_comes_with_them(client: Client) -> None:
    page, parts = (client.get(words.address("de", domain) or "") for domain in (words.PAGE, words.PARTS))
    seldom = "Abmelden und sie verlieren?"
    assert seldom in parts.text and seldom not in page.text
    for code in ErrorCode:
        assert json.dumps(code.text) in parts.text + page.text
    assert json.dumps(words.address("de", words.PARTS)) in page.text
    assert parts["Content-Language"] == "de" and "immutable" in parts["Cache-Control"]
    assert words.address("en", words.PARTS) is None


@pytest.mark.parametrize(
    "name",
    [
        "djangojs.de.0123456789ab",
        "parts.fr.0123456789ab",
        "djangojs.en.x",
        "djangojs.%00.x",
        "parts.de-de-de.x",
        "de.x",
    ],
)
def test_texts_under_a_name_that_is_not_theirs_are_not_there(client: Client, name: str) -> None:
    assert client.get(f"/words/{name}.js").status_code == 404


def test_there_are_no_other_texts(client: Client) -> None:
    address = words.address("de") or ""
    assert client.get(address).status_code == 200
    assert client.get(address.replace(words.PAGE, "django")).status_code == 404


def test_the_worker_keeps_every_catalogue_and_speaks_as_it_is_asked_to(client: Client) -> None:
    german = client.get("/worker.js", headers=GERMAN).text
    assert "Neue Nachricht" in german and "New message" in client.get("/worker.js").text
    for address in words.addresses():
        assert f'"{address}"' in german
    assert len(words.addresses()) == 2 * (len(settings.LANGUAGES) - 1)


def test_choosing_a_language(client: Client) -> None:
    response = client.post("/language", {"language": "de"}, headers={"Accept": "application/json"})
    assert response.status_code == 204
    cookie = client.cookies["language"]
    assert cookie.value == "de" and cookie["samesite"] == "Lax" and cookie["max-age"] == 365 * 24 * 3600
    assert "Willkommen zurück" in client.get("/sign-in/").text


@pytest.mark.parametrize("wrong", ["", "xx", "de\x00", "../de", "x" * 5_000])
def test_a_language_that_is_none_changes_nothing(client: Client, wrong: str) -> None:
    response = client.post("/language", {"language": wrong}, headers={"Accept": "application/json"})
    assert response.status_code == 204 and "language" not in client.cookies
    assert "Welcome back" in client.get("/sign-in/").text


def test_a_foreign_page_cannot_choose(people: Cast) -> None:
    client = client_of(people.bob, enforce_csrf_checks=True)
    refused(client.post("/language", {"language": "de"}), 403, "CSRF_FAILED")


@pytest.mark.parametrize("path", ["/nothing/", "/words/de", "/static/nothing"])
def test_error_pages_are_translated(client: Client, path: str) -> None:
    response = client.get(path, headers=GERMAN)
    assert response.status_code == 404 and "Hier ist nichts" in response.text


def test_forms_say_what_is_wrong_in_german(client: Client) -> None:
    wrong = {"username": "ab", "password1": "1", "password2": "2"}
    text = client.post("/sign-up/", wrong, headers=GERMAN).text
    assert "3 bis 30 Buchstaben" in text and "Passwörter sind nicht identisch" in text and "Dein Name" in text


def test_the_server_says_codes_in_english_and_the_page_translates_them(people: Cast) -> None:
    response: Any = client_of(people.bob).patch(
        "/account", {"name": 1}, content_type="application/json", headers=GERMAN
    )
    refused(response, 422, "INVALID_SETTINGS")
    assert response.json()["title"] == ErrorCode.INVALID_SETTINGS.text
