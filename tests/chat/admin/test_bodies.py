"""ADMIN_BODIES=reason: no text of people leaves the admin before somebody has said why, whichever address is asked."""

import time
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from pytest_django import Settings

from chat.admin import bodies
from chat.models import Attachment, AuditEntry, Conversation, Message, Report, User
from tests.cast import Cast, make_direct
from tests.chat.admin.test_roles import addresses
from tests.log import attach, write
from tests.moderation import audited, make_moderator, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

SECRET = "eyes-only"


@pytest.fixture
def rows(people: Cast, conv: str, settings: Settings) -> Report:
    settings.ADMIN_BODIES = "reason"
    attach(conv, write(conv, people.bob, 3, f"{SECRET} words"), 3, name=f"{SECRET}.pdf")
    Attachment.objects.update(owner=people.bob.user)
    return report(people.alice, people.bob, conv, 3)


@pytest.fixture(params=["mo", "boss"])
def client(request: pytest.FixtureRequest, people: Cast) -> Client:
    """Superusers are asked for a reason, too."""
    client = Client()
    client.force_login(make_moderator() if request.param == "mo" else User.objects.create_superuser("boss"))
    return client


def thread(conv: str) -> str:
    return f"/admin/chat/conversation/{conv}/change/"


def shows(client: Client, url: str) -> bool:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return SECRET in answer.content.decode()


def test_no_page_shows_a_text_without_a_reason(client: Client, people: Cast, conv: str, rows: Report) -> None:
    """Each address there is, and each list with what can be asked of it."""
    asked = [address.url for address in addresses()]
    for model in admin.site._registry:
        changelist = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        asked += [f"{changelist}?q={word}" for word in ("bob", "alice", conv, str(rows.pk))]
        asked += [f"{changelist}?{query}" for query in ("o=1.2.3.4.5", "all=", "state=all", "p=0")]
    asked += [f"{thread(conv)}?upto={n}" for n in (1, 3, 9)]
    for url in asked:
        assert SECRET not in client.get(url).content.decode(), url
    assert audited() == []


def test_a_text_cannot_be_asked_for_letter_by_letter(client: Client, people: Cast, conv: str, rows: Report) -> None:
    for url in (
        *(f"/admin/chat/message/?body__{how}={SECRET}" for how in ("startswith", "contains", "exact", "regex")),
        f"/admin/chat/report/?context__contains={SECRET}",
        f"/admin/chat/report/?conversation__messages__body__startswith={SECRET}",
        f"/admin/chat/conversation/?messages__body__startswith={SECRET}",
        f"/admin/chat/user/?messages__body__startswith={SECRET}",
        f"/admin/chat/inbox/?conversation__messages__body__startswith={SECRET}",
    ):
        assert client.get(url).status_code == 400, url
    for noun in ("message", "report", "conversation", "user", "inbox"):
        assert client.get(f"/admin/chat/{noun}/?q={SECRET}").context["cl"].result_count == 0


def test_a_name_of_a_file_neither(people: Cast, rows: Report) -> None:
    boss = Client()
    boss.force_login(User.objects.create_superuser("boss"))
    assert boss.get(f"/admin/chat/attachment/?name__startswith={SECRET}").status_code == 400
    assert boss.get(f"/admin/chat/attachment/?q={SECRET}").context["cl"].result_count == 0


def test_a_reason_shows_one_conversation_for_a_while(
    client: Client, people: Cast, conv: str, rows: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_direct(people.bob, people.carol)
    write(other, people.bob, 1, SECRET)
    assert not shows(client, thread(conv))
    answer = client.post(f"/admin/chat/conversation/{conv}/reveal/", {"reason": "a complaint"})
    assert answer["Location"] == thread(conv)
    assert shows(client, thread(conv)) and f"{SECRET}.pdf" in client.get(thread(conv)).content.decode()
    who = User.objects.get(id=client.session["_auth_user_id"])
    line = AuditEntry.objects.get()
    assert (line.action, line.actor, line.target, line.reason) == ("conversation.reveal", who.id, conv, "a complaint")
    # Nothing but that one: not another, not its report, not the lists.
    for url in (thread(other), f"/admin/chat/report/{rows.pk}/change/", "/admin/chat/message/", "/admin/chat/report/"):
        assert not shows(client, url), url
    message = Message.objects.filter(conversation_id=conv)[0]
    assert not shows(client, f"/admin/chat/message/{message.pk}/change/")
    # Nor for anybody else, and not for ever.
    colleague = Client()
    colleague.force_login(User.objects.create_superuser("colleague"))
    assert not shows(colleague, thread(conv))
    now = time.time()
    monkeypatch.setattr(bodies.time, "time", lambda: now + bodies.SHOWN_S + 1)
    assert not shows(client, thread(conv))


def test_a_reason_shows_a_report(client: Client, people: Cast, conv: str, rows: Report) -> None:
    url = f"/admin/chat/report/{rows.pk}/"
    assert not shows(client, f"{url}change/")
    client.post(f"{url}reveal/", {"reason": "it is my turn"})
    assert shows(client, f"{url}change/") and not shows(client, thread(conv))
    assert audited()[0][0::2] == ("report.reveal", str(rows.pk))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1_001, "a\0b"])
def test_without_a_reason_nothing_is_shown_or_noted(client: Client, conv: str, rows: Report, reason: str) -> None:
    client.post(f"/admin/chat/conversation/{conv}/reveal/", {"reason": reason})
    assert not shows(client, thread(conv)) and audited() == []


def test_a_link_reveals_nothing(client: Client, conv: str, rows: Report) -> None:
    client.get(f"/admin/chat/conversation/{conv}/reveal/?reason=x")
    assert not shows(client, thread(conv)) and audited() == []


def test_who_may_not_see_it_reveals_nothing(people: Cast, conv: str, rows: Report) -> None:
    for user, status in ((User.objects.create_user("clerk", is_staff=True), 403), (people.bob.user, 302)):
        client = Client()
        client.force_login(user)
        assert client.post(f"/admin/chat/conversation/{conv}/reveal/", {"reason": "x"}).status_code == status
    assert audited() == []


def test_open_shows_them_to_whoever_may_see_the_page(client: Client, conv: str, rows: Report, settings: Any) -> None:
    settings.ADMIN_BODIES = "open"
    message = Message.objects.all()[0]
    for url in (
        thread(conv),
        "/admin/chat/message/",
        f"/admin/chat/message/{message.pk}/change/",
        "/admin/chat/report/",
        f"/admin/chat/report/{rows.pk}/change/",
    ):
        assert shows(client, url), url
    assert Conversation.objects.count() == 1 and audited() == []
