"""manage.py seed_demo: talk of any size, that is like any other."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chat.models import Conversation, Message, User
from receipts.models import Watermark
from tests.cast import make_person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("messages", "conversations"), [(1, 1), (107, 5), (600, 60)])
def test_as_much_as_asked_for(messages: int, conversations: int) -> None:
    make_person("alice")
    call_command("seed_demo", messages=messages, conversations=conversations)
    logs = {str(each.id): each.last_seq for each in Conversation.objects.all()}
    assert len(logs) == conversations and sum(logs.values()) == Message.objects.count() == messages
    for conv, head in logs.items():
        entries = list(Message.objects.filter(conversation=conv).order_by("seq"))
        assert [entry.seq for entry in entries] == list(range(1, head + 1))
        # Ids are in the order of time: expiry and the list of chats rely on it.
        assert sorted(entries, key=lambda entry: entry.id) == entries
    assert all(mark.seen_seq <= logs[str(mark.conversation_id)] for mark in Watermark.objects.all())


def test_once_more_adds_more() -> None:
    make_person("alice")
    for _ in range(2):
        call_command("seed_demo", messages=10, conversations=2)
    assert (Conversation.objects.count(), Message.objects.count()) == (4, 20)


def test_the_people_and_what_they_may(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Made again, nobody gets rights back that were taken from them."""
    monkeypatch.setenv("DEMO_PASSWORD", "a demo password")
    for _ in range(2):
        call_command("seed_demo_people")
        people = {user.username: user for user in User.objects.all()}
        assert set(people) == {"alice", "bob", "carol", "morgan"}
        assert [name for name, user in people.items() if user.is_superuser] == ["alice"]
        assert sorted(name for name, user in people.items() if user.is_staff) == ["alice", "morgan"]
        assert people["morgan"].has_perm("chat.suspend_user") and not people["bob"].has_perm("chat.view_report")
    people["morgan"].groups.clear()
    call_command("seed_demo_people")
    assert not User.objects.get(username="morgan").has_perm("chat.view_report")


@pytest.mark.parametrize("wrong", [{"messages": 1, "conversations": 2}, {"conversations": 0}, {"person": "nobody"}])
def test_what_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    make_person("alice")
    with pytest.raises(CommandError):
        call_command("seed_demo", **wrong)
    assert not Conversation.objects.exists()


def test_not_where_people_are(settings: Settings) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("seed_demo")
