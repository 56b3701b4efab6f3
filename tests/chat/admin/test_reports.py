"""The queue of reports: what it shows, and what is done from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.admin.acting import MOST
from chat.models import Attachment, AuditEntry, Message, Report, User
from tests.cast import Cast
from tests.log import show, write
from tests.moderation import audited, make_moderator, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]

QUEUE = "/admin/chat/report/"


@pytest.fixture
def mo(people: Cast) -> Client:
    client = Client()
    client.force_login(make_moderator())
    return client


def listed(mo: Client, **query: str) -> list[Any]:
    return [row.pk for row in mo.get(QUEUE, query).context["cl"].result_list]


def do(mo: Client, name: str, *reports: Report, reason: str = "") -> Any:
    """By the list's action, and the page that asks."""
    keys = [str(each.pk) for each in reports]
    asked = mo.post(f"{QUEUE}?state=all", {"action": name, "_selected_action": keys})
    assert asked.status_code == 302
    page = mo.get(asked["Location"])
    assert page.status_code == 200 and len(page.context["labels"]) == len(reports)
    return mo.post(asked["Location"], {"reason": reason})


def test_the_queue_shows_who_what_and_how_often(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.bob, 2, "<b>vile</b> words")
    first = report(people.alice, people.bob, conv, 2)
    second = report(None, people.bob, reason="spam")
    report(people.bob, people.alice, state="dismissed")
    assert listed(mo) == [first.pk, second.pk]
    content = mo.get(QUEUE).content.decode()
    assert "&lt;b&gt;vile&lt;/b&gt; words" in content and "<b>vile</b>" not in content
    assert content.count(f'subject__id__exact={people.bob.id}">2</a>') == 2
    for text in ("alice", "a rule", "abuse or threats"):
        assert text in content


def test_the_queue_is_filtered(mo: Client, people: Cast) -> None:
    person, rule = report(people.alice, people.bob), report(None, people.bob, reason="spam")
    acted, dismissed = (report(people.alice, people.carol, state=state) for state in ("acted", "dismissed"))
    Report.objects.filter(id=person.pk).update(created_at=timezone.now() - timedelta(days=8))
    Report.objects.filter(id=rule.pk).update(created_at=timezone.now() - timedelta(days=3))
    assert listed(mo) == [person.pk, rule.pk]
    assert listed(mo, state="acted") == [acted.pk] and listed(mo, state="dismissed") == [dismissed.pk]
    assert len(listed(mo, state="all")) == 4
    assert listed(mo, source="rule") == [rule.pk] and listed(mo, source="person") == [person.pk]
    assert listed(mo, reason__exact="spam") == [rule.pk]
    assert listed(mo, age="older") == [person.pk] and listed(mo, age="week") == [rule.pk] and not listed(mo, age="day")
    assert listed(mo, q="bob") == [person.pk, rule.pk] and listed(mo, q="carol") == []


def test_a_long_queue_costs_no_more_statements(mo: Client, people: Cast, conv: str) -> None:
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            mo.get(QUEUE)
        return len(found)

    write(conv, people.bob, 1)
    report(people.alice, people.bob, conv, 1)
    few = statements()
    for _ in range(20):
        report(people.alice, people.carol, conv, 1)
    assert statements() == few


def test_a_report_shows_what_was_said_in_order(mo: Client, people: Cast, conv: str) -> None:
    """As it was copied, whatever has become of it."""
    for body in ("first words", "second <i>words</i>", "third words"):
        write(conv, people.bob, 1, body)
    told = report(people.alice, people.bob, conv, 3, note="it was <script>")
    Message.objects.update(body="changed since")
    content = mo.get(f"{QUEUE}{told.pk}/change/").content.decode()
    places = [content.index(text) for text in ("first words", "second &lt;i&gt;words", "third words")]
    assert places == sorted(places) and "changed since" not in content
    assert "it was &lt;script&gt;" in content
    assert content.count('class="reported"') == 1
    for act in ("remove", "suspend", "dismiss"):
        assert f"/admin/chat/report/acts/{act}/?id={told.pk}" in content
    assert "acts/restore" not in content


def test_removing_from_the_queue(mo: Client, people: Cast, conv: str) -> None:
    write(conv, people.bob, 2, "vile")
    told = report(people.alice, people.bob, conv, 2)
    assert do(mo, "remove", told).status_code == 400
    assert Message.objects.get(seq=2).body == "vile"
    assert do(mo, "remove", told, reason="a threat")["Location"] == f"{QUEUE}{told.pk}/change/"
    assert Message.objects.get(seq=2).deleted_at is not None and Message.objects.get(seq=1).body == "vile"
    assert AuditEntry.objects.get().reason == "a threat"
    told.refresh_from_db()
    assert (told.state, told.handler and told.handler.username) == ("acted", "mo")


def test_removing_a_picture_from_the_queue(mo: Client, people: Cast, conv: str) -> None:
    """What is reported is an entry without a text: its page says what it was."""
    write(conv, people.bob, 1, "hello")
    show(conv, people.bob)
    told, other = report(people.alice, people.bob, conv, 2), report(people.alice, people.bob, conv, 1)
    content = mo.get(f"{QUEUE}{told.pk}/change/").content.decode()
    assert "gave the group a picture" in content and "no text" not in content
    assert "acts/remove_picture" in content and "acts/remove/" not in content
    content = mo.get(f"{QUEUE}{other.pk}/change/").content.decode()
    assert "acts/remove_picture" not in content and "acts/remove/" in content
    do(mo, "remove_picture", told, reason="indecent")
    do(mo, "remove_picture", other, reason="the wrong one")
    assert Attachment.objects.get().state == "dropped"
    assert [Report.objects.get(pk=each.pk).state for each in (told, other)] == ["acted", "open"]


def test_many_at_once_each_by_itself(mo: Client, people: Cast, conv: str) -> None:
    """What cannot be done is said, and keeps nothing else from being done."""
    write(conv, people.bob, 1, "vile")
    good, person = report(people.alice, people.bob, conv, 1), report(people.alice, people.carol)
    answer = do(mo, "remove", good, person, reason="x")
    told = [str(each) for each in mo.get(answer["Location"]).context["messages"]]
    assert told == ["abuse or threats: carol: not there any more", "Remove message for all: 1 done."]
    assert [Report.objects.get(pk=each.pk).state for each in (good, person)] == ["acted", "open"]


def test_suspending_restoring_and_dismissing_from_the_queue(mo: Client, people: Cast) -> None:
    spam, other = report(None, people.bob, reason="spam"), report(people.alice, people.carol)
    assert do(mo, "suspend", spam).status_code == 400
    do(mo, "suspend", spam, reason="spam")
    assert not User.objects.get(username="bob").is_active
    do(mo, "restore", spam)
    assert User.objects.get(username="bob").is_active
    do(mo, "dismiss", other, reason="nothing to see")
    do(mo, "dismiss", other)
    other.refresh_from_db()
    assert (other.state, other.handled_at is not None) == ("dismissed", True)
    bob = people.bob.id
    assert audited() == [
        ("user.suspend", "mo", bob),
        ("user.restore", "mo", bob),
        ("report.dismiss", "mo", str(other.pk)),
    ]


def test_nothing_is_done_by_a_link(mo: Client, people: Cast) -> None:
    told = report(people.alice, people.bob)
    for name in ("suspend", "restore", "dismiss", "remove"):
        assert mo.get(f"{QUEUE}acts/{name}/?id={told.pk}").status_code == 200
    assert audited() == [] and Report.objects.get().state == "open"


def test_bad_asking_is_not_found(mo: Client, people: Cast) -> None:
    told = report(people.alice, people.bob)
    for url in ("acts/nonsense/", "acts/dismiss/", "acts/dismiss/?id=x", f"acts/dismiss/?id={people.bob.id}"):
        assert mo.post(f"{QUEUE}{url}", {"reason": "x"}).status_code == 404, url
    too_long = mo.post(f"{QUEUE}acts/dismiss/?id={told.pk}", {"reason": "x" * 1_001})
    assert too_long.status_code == 400 and Report.objects.get().state == "open"


def test_all_of_a_filter_at_once_has_an_end(mo: Client, people: Cast) -> None:
    for _ in range(MOST + 1):
        report(people.alice, people.bob)
    everything = {"action": "dismiss", "_selected_action": [str(Report.objects.all()[0].pk)], "select_across": "1"}
    answer = mo.post(QUEUE, everything)
    assert answer["Location"] == QUEUE
    assert str(next(iter(mo.get(QUEUE).context["messages"]))) == f"At most {MOST} at once."
    assert not Report.objects.exclude(state="open").exists()
