"""Making a person inactive in the admin reaches the web processes; deleting one is not on offer."""

from typing import Any

import pytest
from django.test import Client

from chat.models import Change, User
from tests.cast import Cast

pytestmark = pytest.mark.django_db

FIELDS = {"username": "mallory", "name": "", "email": ""}


@pytest.fixture
def people() -> Cast:
    return Cast.create()


@pytest.fixture
def boss(people: Cast, settings: Any) -> Client:
    settings.STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def save(boss: Client, people: Cast, **fields: str) -> None:
    inlines = {f"devices-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}
    answer = boss.post(f"/admin/chat/user/{people.mallory.id}/change/", FIELDS | inlines | fields)
    assert answer.status_code == 302, answer.content


def revocations() -> list[str]:
    return [str(user) for change in Change.objects.filter(kind="revoked") for user in change.users]


def test_sockets_of_someone_made_inactive_are_closed(boss: Client, people: Cast) -> None:
    save(boss, people)
    assert not User.objects.get(id=people.mallory.id).is_active
    assert revocations() == [people.mallory.id]


def test_another_change_closes_nothing(boss: Client, people: Cast) -> None:
    save(boss, people, name="Mallory", is_active="on")
    assert User.objects.get(id=people.mallory.id).name == "Mallory"
    assert revocations() == []


def test_nobody_is_deleted(boss: Client, people: Cast) -> None:
    assert boss.post(f"/admin/chat/user/{people.mallory.id}/delete/", {"post": "yes"}).status_code == 403
    boss.post(
        "/admin/chat/user/", {"action": "delete_selected", "_selected_action": [people.mallory.id], "post": "yes"}
    )
    assert User.objects.filter(id=people.mallory.id).exists()


@pytest.mark.parametrize("usable", ["true", "false"])
def test_a_password_set_by_a_moderator_ends_what_the_old_one_opened(boss: Client, people: Cast, usable: str) -> None:
    """Also when from now on there is none."""
    password = {"password1": "an even longer secret", "password2": "an even longer secret"}
    response = boss.post(f"/admin/chat/user/{people.mallory.id}/password/", password | {"usable_password": usable})
    assert response.status_code == 302
    assert Change.objects.get(kind="revoked").users == [people.mallory.user.id]
    revs = {str(device.id): device.access_rev for device in people.mallory.user.devices.all()}
    assert revs == {people.mallory.device_id: 1}
