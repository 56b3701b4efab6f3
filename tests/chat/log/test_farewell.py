"""The end of an account: what of its person stays in reports, and who is told that a block is gone."""

from typing import Any

import pytest
from pytest_django import Settings

from chat.delivery.runtime import Runtime
from chat.log import farewell
from chat.models import Attachment, Block, Conversation, Report
from tests.cast import Cast, Person, make_direct
from tests.chat.process import Client
from tests.log import show
from tests.threads import in_thread
from tests.waiting import until

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def postgres(dsn: str, settings: Settings) -> None:
    settings.POSTGRES_DSN = dsn


def said_by(*people: Person) -> list[dict[str, Any]]:
    names = {person.id: person.user.username for person in people}
    return [
        {"seq": n, "sender_id": sender, "sender": name, "body": f"of {name}", "at": 1, "attachments": 0}
        for n, (sender, name) in enumerate(names.items(), 1)
    ]


def reported(by: Person | None, subject: Person, client_id: str, note: str = "") -> Report:
    context = said_by(*(person for person in (by, subject) if person))
    more = {"reporter": by and by.user, "client_id": client_id, "note": note, "context": context}
    return Report.objects.create(subject=subject.user, reason="abuse", **more)


def test_of_who_is_gone_no_name_is_left_in_reports_and_what_they_said_is(people: Cast) -> None:
    about = reported(people.bob, people.alice, "b1", note="every night")
    own = reported(people.alice, people.bob, "a1", note="call me on my number")
    of_a_rule = reported(None, people.alice, "spam")
    others = reported(people.bob, people.carol, "b2", note="no better")
    farewell.delete_account(people.alice.device)
    told = {report.pk: report for report in Report.objects.all()}
    assert [(entry["sender"], entry["body"]) for entry in told[about.pk].context] == [
        ("bob", "of bob"),
        ("Deleted account", "of alice"),
    ]
    assert [entry["sender"] for entry in told[own.pk].context] == ["Deleted account", "bob"]
    assert [entry["sender"] for entry in told[of_a_rule.pk].context] == ["Deleted account"]
    # What others wrote to the moderators is theirs; what she did is not needed to judge what was reported.
    assert (told[about.pk].note, told[own.pk].note) == ("every night", "")
    assert (told[own.pk].reporter, told[own.pk].subject, told[own.pk].reason) == (
        *(people.alice.user, people.bob.user, "abuse"),
    )
    assert (told[others.pk].context, told[others.pk].note) == (others.context, "no better")


def test_a_picture_they_gave_a_group_stays_with_it(people: Cast, conv: str) -> None:
    Conversation.objects.filter(id=conv).update(kind="group", direct_key=None)
    picture = show(conv, people.alice)
    farewell.delete_account(people.alice.device)
    assert Conversation.objects.get(id=conv).picture == picture.id
    assert Attachment.objects.get().state == "sent"


async def test_who_had_blocked_them_is_told_that_nothing_is_blocked(
    deaf: None, runtime: Runtime, people: Cast, conv: str
) -> None:
    """While they look; bob, whom she had blocked as well. carol, whom she had, never knew."""
    other = await in_thread(make_direct, people.alice, people.carol)
    for user, blocked in (
        (people.bob, people.alice),
        (people.alice, people.bob),
        (people.alice, people.carol),
    ):
        await in_thread(Block.objects.create, user=user.user, blocked=blocked.user)
    bob, carol = Client(runtime, people.bob), Client(runtime, people.carol)
    for client in (bob, carol):
        await client.hello()
        await client.told("conversations")
    assert bob.of("conversations")[0]["items"][0]["blocked"]
    await in_thread(farewell.delete_account, people.alice.device)
    await until(lambda: len(bob.of("conversations")) == 2)
    [again] = bob.of("conversations")[1]["items"]
    assert again["id"] == conv and not again.get("blocked")
    await bob.say({"t": "blocks"})
    assert (await bob.told("blocks"))["people"] == []
    # She hears of no change but of the name.
    await until(lambda: [frame for frame in carol.of("members") if frame["conv"] == other])
    assert len(carol.of("conversations")) == 1
