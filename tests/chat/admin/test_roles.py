"""Who gets where in the admin: each of its addresses, asked by nobody, an ordinary person, staff without a permission,
a moderator and a superuser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import URLPattern, URLResolver

from chat.management.moderators import PERMISSIONS, make_group
from chat.models import Attachment, AuditEntry, Conversation, Device, Message, Report, User
from chat.models.ids import new_id
from tests.cast import Cast
from tests.log import show, write
from tests.moderation import make_moderator, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
# For whoever is staff, whatever they may do.
FOR_STAFF = {"index", "jsi18n", "password_change", "password_change_done"}
SEEN = ("report", "user", "conversation", "message", "inbox")
FOR_MODERATORS = FOR_STAFF | {
    "app_list chat",
    *(f"chat_{noun}_{page}" for noun in SEEN for page in ("changelist", "change", "history")),
    *("chat_report_reveal", "chat_conversation_reveal", "chat_message_rates"),
    *("chat_report_act remove", "chat_report_act suspend", "chat_report_act restore", "chat_report_act dismiss"),
    *("chat_user_act suspend", "chat_user_act restore", "chat_message_act remove"),
    *("chat_report_act remove_picture", "chat_conversation_act remove_picture"),
}
# What nobody may change who is refused; people first, whose last sign-in is noted.
MODELS = (User, Device, Message, Report, AuditEntry, Conversation, Attachment)
# Whose answer says nothing of a role: signing out, and what leads elsewhere.
ODD = {"logout", "login", "view_on_site", "autocomplete", None}


@dataclass(frozen=True, slots=True)
class Address:
    """`is_there`: the row it is about; of one that is not, Django leads back to the start whoever asks."""

    name: str
    url: str
    is_there: bool = True


@pytest.fixture
def rows(people: Cast, conv: str) -> Report:
    write(conv, people.bob, 2, "vile")
    report(None, people.carol)
    return report(people.alice, people.bob, conv, 2)


def acts_of(model: Any) -> list[str]:
    return [act.name for act in getattr(admin.site._registry[model], "acts", ())]


def filled(pattern: str, values: dict[str, Any]) -> str:
    return CONVERTER.sub(lambda found: str(values[found[2]]), pattern)


def addresses() -> Iterator[Address]:
    """With rows that are there, where there are any."""
    models = {f"{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry}
    for pattern in admin.site.get_urls():
        if isinstance(pattern, URLPattern):
            if pattern.name == "app_list":
                for label in ("chat", "receipts", "auth", "axes"):
                    yield Address(f"app_list {label}", f"/admin/{label}/")
            elif pattern.name not in ODD:
                yield Address(pattern.name or "", f"/admin/{pattern.pattern}")
            continue
        assert isinstance(pattern, URLResolver)
        model = models[str(pattern.pattern)]
        row = model._default_manager.order_by("pk").first()
        key = row.pk if row else new_id()
        for inner in pattern.url_patterns:
            assert isinstance(inner, URLPattern)
            route = f"/admin/{pattern.pattern}{inner.pattern}"
            if inner.name and inner.name.endswith("_act"):
                for name in acts_of(model):
                    yield Address(f"{inner.name} {name}", f"{filled(route, {'name': name})}?id={key}", bool(row))
            elif inner.name:
                url = filled(route, dict.fromkeys(("object_id", "id", "key"), key))
                yield Address(inner.name, url, bool(row) or url == route)


def snapshot() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in MODELS]


def test_nobody_and_ordinary_people_are_sent_to_sign_in_from_everywhere(people: Cast, rows: Report) -> None:
    before, asked = snapshot(), list(addresses())
    assert len(asked) > 70
    for person in (None, people.bob, people.mallory):
        client = Client()
        if person:
            client.force_login(person.user)
        for address in asked:
            for answer in (client.get(address.url), client.post(address.url, {"reason": "x", "post": "yes"})):
                assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/admin/login/"), address
    User.objects.update(last_login=None)
    for was, now in zip(before[1:], snapshot()[1:], strict=True):
        assert was == now


def refused(client: Client, address: Address) -> bool:
    answers = [client.get(address.url), client.post(address.url, {"post": "yes"})]
    if not address.is_there and all(answer.get("Location") == "/admin/" for answer in answers):
        return True
    return all(answer.status_code in (403, 404) for answer in answers)


def test_moderators_get_where_they_have_something_to_do_and_nowhere_else(people: Cast, rows: Report) -> None:
    client = Client()
    client.force_login(make_moderator())
    found = set()
    for address in addresses():
        if address.name in FOR_MODERATORS:
            assert client.get(address.url).status_code in (200, 302), address
            found.add(address.name)
        else:
            assert refused(client, address), address
    assert found == FOR_MODERATORS


def test_staff_without_permissions_get_nowhere(people: Cast, rows: Report) -> None:
    client = Client()
    client.force_login(User.objects.create_user(username="clerk", is_staff=True))
    before = snapshot()
    for address in addresses():
        if address.name in FOR_STAFF:
            assert client.get(address.url).status_code == 200, address
        else:
            assert refused(client, address), address
    assert snapshot()[1:] == before[1:]


def test_superusers_see_everything(people: Cast, rows: Report) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    for address in addresses():
        answer = client.get(address.url)
        if address.name.endswith(("_add", "_delete")):
            assert answer.status_code in (200, 302, 403), address
        else:
            assert answer.status_code in (200, 302), address


def test_the_group_has_what_it_needs_and_is_put_right(people: Cast) -> None:
    group = make_group()
    assert {each.codename for each in group.permissions.all()} == set(PERMISSIONS)
    group.permissions.add(Permission.objects.get(codename="change_user"))
    assert make_group() == group
    assert {each.codename for each in group.permissions.all()} == set(PERMISSIONS)


@pytest.fixture
def mo(people: Cast, rows: Report) -> Client:
    client = Client()
    client.force_login(make_moderator())
    return client


def test_a_moderator_sees_neither_secrets_nor_rights_nor_superusers(mo: Client, people: Cast) -> None:
    boss = User.objects.create_superuser("the-boss", password="a long one indeed")
    page = mo.get(f"/admin/chat/user/{people.bob.id}/change/").content.decode()
    assert "bob" in page
    for secret in (
        "argon2",
        "user_permissions",
        "is_superuser",
        "is_staff",
        "groups",
        "password",
        people.bob.device_id,
    ):
        assert secret not in page, secret
    assert 'name="name"' not in page
    assert "the-boss" not in mo.get("/admin/chat/user/").content.decode()
    assert mo.get(f"/admin/chat/user/{boss.pk}/change/").status_code == 302
    for query in ("is_superuser__exact=1", "is_staff__exact=1", "password__startswith=a", "groups__id__exact=1"):
        assert mo.get(f"/admin/chat/user/?{query}").status_code == 400, query


def test_a_moderator_changes_nobody_by_a_form(mo: Client, people: Cast) -> None:
    before = snapshot()
    for who in (people.bob.id, User.objects.get(username="mo").pk):
        form = {"username": "bob", "is_superuser": "on", "is_staff": "on", "is_active": "", "password": "x"}
        assert mo.post(f"/admin/chat/user/{who}/change/", form).status_code == 403
        passwords = {"password1": "an even longer one", "password2": "an even longer one"}
        assert mo.post(f"/admin/chat/user/{who}/password/", passwords).status_code == 403
    assert mo.post("/admin/chat/user/add/", {"username": "new", "usable_password": "false"}).status_code == 403
    assert snapshot() == before


@pytest.mark.parametrize("name", ["colleague", "boss"])
def test_a_moderator_acts_on_no_colleague_and_no_superuser(mo: Client, people: Cast, conv: str, name: str) -> None:
    """By a report, by their page, by their message, by their picture: the admin says no, and nothing is done."""
    show(conv, people.bob)
    User.objects.filter(id=people.bob.user.id).update(is_staff=True, is_superuser=name == "boss")
    told = Report.objects.get(seq=2)
    message = Message.objects.get(seq=2)
    before = snapshot()
    for url in (
        *(f"/admin/chat/report/acts/{act}/?id={told.pk}" for act in acts_of(Report)),
        *(f"/admin/chat/user/acts/{act}/?id={people.bob.id}" for act in ("suspend", "restore")),
        f"/admin/chat/message/acts/remove/?id={message.pk}",
        f"/admin/chat/conversation/acts/remove_picture/?id={conv}",
    ):
        assert mo.post(url, {"reason": "because"}).status_code in (302, 404), url
    assert snapshot() == before
