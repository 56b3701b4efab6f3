"""The admin shows everything to those who may look, and changes nothing of the log for anyone."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from chat.log.moderation import Case, suspend
from chat.models import (
    Attachment,
    AuditEntry,
    Change,
    Conversation,
    Device,
    Inbox,
    Message,
    Progress,
    Report,
    User,
)
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Lapse, Receipt, Watermark
from tests.cast import Cast
from tests.log import attach, write
from tests.moderation import report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

LOG_NOUNS = [
    *(Conversation, Message, Attachment, Inbox, Device, Watermark, Receipt, Lapse, Progress, Report, AuditEntry),
]
EVERYTHING = [*LOG_NOUNS, User]
SECRET_WORDS = "words only bob may read"


def page(model: Any, name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def rows(people: Cast, conv: str) -> str:
    attach(conv, write(conv, people.alice, 3, SECRET_WORDS), 7)
    device = people.bob.device_id
    ledger.apply(
        [Row(conv, device, "delivered", 2, 1_790_000_000_000), Row(conv, device, "seen", 1, 1_790_000_000_000)]
    )
    Lapse.objects.create(conversation_id=conv, user=people.bob.user, from_seq=3, upto_seq=3, at=timezone.now())
    Progress.objects.create(work="expiry", upto=timezone.now(), count=7)
    report(people.bob, people.alice, conv, 3)
    report(None, people.mallory, reason="spam")
    suspend(Case(people.alice.user, "spam"), people.mallory.user.id)
    Change.objects.all().delete()
    return conv


@pytest.fixture
def boss(client: Client, rows: str) -> Iterator[Client]:
    client.force_login(User.objects.create_superuser(username="boss"))
    yield client


def snapshot() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in EVERYTHING]


@pytest.mark.parametrize("model", EVERYTHING)
def test_lists_and_pages_open(boss: Client, model: Any) -> None:
    assert boss.get(page(model, "changelist")).status_code == 200
    for row in model._default_manager.all():
        assert boss.get(page(model, "change", row.pk)).status_code == 200
        assert boss.get(page(model, "history", row.pk)).status_code == 200


@pytest.mark.parametrize("model", EVERYTHING)
def test_searches_and_filters_take_anything(boss: Client, people: Cast, model: Any) -> None:
    words = ["bob", people.bob.id, people.bob.device_id, "no such thing", "%", "0", "x" * 300, "'; --", "é", "\x00"]
    for word in words:
        assert boss.get(page(model, "changelist"), {"q": word}).status_code in (200, 302), word
    for name, values in FILTERS.items():
        for value in values:
            assert boss.get(page(model, "changelist"), {name: value}).status_code in (200, 302, 400)


FILTERS = {
    "backlog": ["behind", "stuck", "watched", "current", "nonsense"],
    "state": ["all", "acted", "dismissed", "nonsense"],
    "source": ["person", "rule", "nonsense"],
    "age": ["day", "week", "older", "nonsense"],
    "upto": ["1", "x", "9" * 30, "-1", "²"],
    "state__exact": ["sent", "x"],
    "thumbnail__exact": ["wanted", "x"],
    "lag": ["undelivered", "unseen", "nonsense"],
    "kind": ["direct", "seen"],
    "revoked_at__isempty": ["0", "1"],
    "is_active__exact": ["1", "x"],
}


def test_what_is_searched_for_is_found(boss: Client, people: Cast, rows: str) -> None:
    for model, word in ((Conversation, "bob"), (Conversation, rows), (Message, "alice"), (User, people.bob.id)):
        response = boss.get(page(model, "changelist"), {"q": word})
        assert response.context["cl"].result_count >= 1, (model, word)
    for word, found in (("bob", 1), (rows, 1), ("alice", 0)):
        assert boss.get(page(Lapse, "changelist"), {"q": word}).context["cl"].result_count == found, word
    assert boss.get(page(Message, "changelist"), {"q": "carol"}).context["cl"].result_count == 0


def test_backlog_and_lag_tell_who_is_behind(boss: Client, people: Cast) -> None:
    behind = boss.get(page(Inbox, "changelist"), {"backlog": "behind"}).context["cl"].result_list
    assert [inbox.device_id for inbox in behind] == [people.bob.device.id]
    late = boss.get(page(Watermark, "changelist"), {"lag": "undelivered"}).context["cl"].result_list
    assert {mark.user_id for mark in late} == {people.alice.user.id, people.bob.user.id}


@pytest.mark.parametrize("model", LOG_NOUNS)
def test_nothing_of_the_log_is_changed_by_anyone(boss: Client, model: Any) -> None:
    before = snapshot()
    for row in model._default_manager.all():
        form = dict.fromkeys(("seq", "body", "title", "received_seq", "seen_seq", "upto_seq", "name", "_save"), "1")
        assert boss.post(page(model, "change", row.pk), form).status_code == 403
        assert boss.post(page(model, "delete", row.pk), {"post": "yes"}).status_code == 403
        action = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
        assert boss.post(page(model, "changelist"), action).status_code in (200, 302, 403)
    assert boss.post(page(model, "add"), {"title": "x"}).status_code == 403
    after = snapshot()
    assert after == before


def test_people_are_suspended_never_deleted(boss: Client, people: Cast) -> None:
    """Their messages name them; deleting them would leave the log without an author."""
    for person in (people.alice, people.mallory):
        boss.post(page(User, "delete", person.user.pk), {"post": "yes"})
        action = {"action": "delete_selected", "_selected_action": person.user.pk, "post": "yes"}
        boss.post(page(User, "changelist"), action)
    person = User.objects.create_user(username="newcomer")
    boss.post(page(User, "delete", person.pk), {"post": "yes"})
    assert User.objects.filter(username__in=["alice", "mallory", "newcomer"]).count() == 3


def test_suspending_ends_open_sockets(boss: Client, people: Cast) -> None:
    """Web processes hear of it as they hear of a revoked device."""
    form = {"username": "bob", "name": "Bob", "email": "", "devices-TOTAL_FORMS": "0", "devices-INITIAL_FORMS": "0"}
    boss.post(page(User, "change", people.bob.user.pk), form | {"is_active": "on"})
    assert User.objects.get(username="bob").name == "Bob"
    assert not Change.objects.filter(kind="revoked").exists()
    response = boss.post(page(User, "change", people.bob.user.pk), form)
    assert response.status_code == 302
    assert not User.objects.get(username="bob").is_active
    assert Change.objects.get(kind="revoked").users == [people.bob.user.id]


def test_devices_are_revoked_by_an_action(boss: Client, people: Cast) -> None:
    action = {"action": "revoke", "_selected_action": [people.bob.device_id, people.carol.device_id]}
    assert boss.post(page(Device, "changelist"), action).status_code == 302
    revoked = Device.objects.exclude(revoked_at=None).values_list("id", flat=True)
    assert set(revoked) == {people.bob.device.id, people.carol.device.id}
    assert Change.objects.filter(kind="revoked").count() == 2


@pytest.mark.parametrize("model", EVERYTHING)
def test_who_is_not_staff_gets_nowhere(client: Client, people: Cast, rows: str, model: Any) -> None:
    for person in (None, people.mallory, people.bob):
        if person is not None:
            client.force_login(person.user)
        for address in (page(model, "changelist"), page(model, "change", model._default_manager.all()[0].pk)):
            response = client.get(address)
            assert (response.status_code, response["Location"].split("?")[0]) == (302, "/admin/login/")
            assert SECRET_WORDS.encode() not in response.content


def test_staff_without_permissions_sees_nothing(client: Client, rows: str) -> None:
    client.force_login(User.objects.create_user(username="clerk", is_staff=True))
    for model in EVERYTHING:
        assert client.get(page(model, "changelist")).status_code == 403
    assert client.post(page(Device, "changelist"), {"action": "revoke"}).status_code == 403


def test_no_secret_of_a_device_or_person_is_shown(boss: Client, people: Cast) -> None:
    device = people.bob.device
    for address in (page(Device, "change", device.pk), page(User, "change", people.bob.user.pk)):
        content = boss.get(address).content.decode()
        assert bytes(device.token_hash).hex() not in content and people.bob.token not in content


def test_every_model_with_a_page_is_tested_here() -> None:
    ours = {model for model in admin.site._registry if model._meta.app_label in ("chat", "receipts")}
    assert ours == set(EVERYTHING)
