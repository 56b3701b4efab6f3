"""Whatever is done in the admin leaves its line in the audit log, with no secret and no data of people in it."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from chat.log import audit
from chat.models import AuditEntry, Change, Device, User
from tests.cast import Cast
from tests.moderation import audited

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

PASSWORD = "an even longer secret"
INLINES = {f"devices-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}


@pytest.fixture
def boss(people: Cast) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    return client


def save(boss: Client, who: User, **fields: Any) -> None:
    form = {"username": who.username, "name": who.name, "email": who.email, "is_active": "on"}
    answer = boss.post(f"/admin/chat/user/{who.pk}/change/", form | INLINES | fields)
    assert answer.status_code == 302, answer.content


def last() -> AuditEntry:
    assert audit.check().number == AuditEntry.objects.count()
    return AuditEntry.objects.order_by("-number")[0]


def test_what_is_changed_of_a_person_is_named_not_told(boss: Client, people: Cast) -> None:
    save(boss, people.bob.user, name="Robert the Secret", email="robert@example.org")
    assert audited() == [("user.change", "boss", people.bob.id)]
    assert last().details == {"fields": ["email", "name"]}


def test_rights_are_noted_as_they_became(boss: Client, people: Cast) -> None:
    group = Group.objects.create(name="readers")
    right = Permission.objects.get(codename="view_message")
    save(boss, people.bob.user, is_staff="on", groups=[group.pk], user_permissions=[right.pk])
    assert last().details == {
        "fields": ["groups", "is_staff", "user_permissions"],
        "groups": ["readers"],
        "is_staff": True,
        "user_permissions": [str(right)],
    }
    save(boss, people.bob.user)
    assert last().details["groups"] == [] and last().details["is_staff"] is False


def test_suspending_by_the_form_is_suspending(boss: Client, people: Cast) -> None:
    save(boss, people.bob.user, is_active="")
    assert not User.objects.get(username="bob").is_active
    people.bob.device.refresh_from_db()
    assert people.bob.device.access_rev == 1 and Change.objects.filter(kind="revoked").count() == 1
    save(boss, people.bob.user, is_active="on", name="Bob")
    bob = User.objects.get(username="bob")
    assert bob.is_active and bob.name == "Bob"
    assert [line[0] for line in audited()] == ["user.suspend", "user.change", "user.restore", "user.change"]
    assert last().details == {"fields": ["is_active", "name"], "is_active": True}


def test_nobody_suspends_themselves_by_the_form(boss: Client) -> None:
    me = User.objects.get(username="boss")
    save(boss, me, is_active="", is_staff="on", is_superuser="on", name="Boss")
    assert User.objects.get(username="boss").is_active and User.objects.get(username="boss").name == "Boss"


def test_passwords_people_and_groups(boss: Client, people: Cast) -> None:
    url = f"/admin/chat/user/{people.bob.id}/password/"
    boss.post(url, {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"})
    assert (last().action, last().details) == ("user.change", {"fields": ["password"]})
    account = {"username": "newcomer", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert boss.post("/admin/chat/user/add/", account | INLINES).status_code == 302
    assert (last().action, last().target) == ("user.add", str(User.objects.get(username="newcomer").pk))
    boss.post("/admin/auth/group/add/", {"name": "readers"})
    group = Group.objects.get(name="readers")
    right = Permission.objects.get(codename="view_message")
    boss.post(f"/admin/auth/group/{group.pk}/change/", {"name": "readers", "permissions": [right.pk]})
    assert last().details == {"fields": ["permissions"], "permissions": [str(right)]}
    boss.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    assert [line[0] for line in audited()][2:] == ["group.add", "group.change", "group.delete"]
    assert last().target == str(group.pk)
    assert PASSWORD not in str(list(AuditEntry.objects.values()))


def test_devices(boss: Client, people: Cast) -> None:
    action = {"action": "revoke", "_selected_action": [people.bob.device_id, people.carol.device_id]}
    for _ in range(2):
        boss.post("/admin/chat/device/", action)
    assert sorted(audited()) == sorted(
        ("device.revoke", "boss", each) for each in (people.bob.device_id, people.carol.device_id)
    )
    assert not Device.objects.filter(id=people.bob.device.id, revoked_at=None).exists()


def test_it_is_for_superusers_to_read(boss: Client, people: Cast) -> None:
    save(boss, people.bob.user, name="Bob")
    content = boss.get("/admin/chat/auditentry/", {"q": people.bob.id}).content.decode()
    assert "user.change" in content
    assert boss.get("/admin/chat/auditentry/1/change/").status_code == 200
    assert boss.post("/admin/chat/auditentry/1/change/", {"reason": "x"}).status_code == 403
