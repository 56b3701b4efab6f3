"""However much there is to tell, it comes in frames that anyone can take, and all of it."""

from typing import Any

import pytest
from pydantic_core import to_json

from chat.delivery.runtime import Runtime
from chat.log import revise
from chat.log.access import Actor
from chat.log.pool import Database
from chat.models import Conversation, Membership
from chat.policy.revise import Windows
from chat.protocol.frames import MAX_BODY_CHARS, MAX_PART_BYTES
from receipts.models import Watermark
from tests.cast import Cast, Person
from tests.chat.inbox.device import Asking
from tests.chat.process import Client
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("epoch")]

# Each of these characters takes six in JSON.
LONGEST = "\x01" * MAX_BODY_CHARS
ONE = 6 * MAX_BODY_CHARS + 1_000
WINDOWS = Windows(edit_ms=10**9, delete_ms=10**9)


def size(frame: Any) -> int:
    return len(to_json(frame))


def groups_of(person: Person, count: int, body: str) -> list[str]:
    """Each with one entry."""
    made = Conversation.objects.bulk_create(Conversation(kind="group", title=str(n)) for n in range(count))
    Membership.objects.bulk_create(Membership(conversation=each, user=person.user) for each in made)
    Watermark.objects.bulk_create(Watermark(conversation=each, user=person.user) for each in made)
    for each in made:
        write(str(each.id), person, 1, body)
    return [str(each.id) for each in made]


async def test_a_long_list_comes_in_frames(runtime: Runtime, people: Cast) -> None:
    convs = await in_thread(groups_of, people.alice, 60, LONGEST)
    alice = Client(runtime, people.alice)
    await alice.hello()
    frames = alice.of("conversations")
    assert all(size(frame) < MAX_PART_BYTES + 100 for frame in frames) and len(frames) > 4
    assert [frame["more"] for frame in frames] == [True] * (len(frames) - 1) + [False]
    assert [item["id"] for frame in frames for item in frame["items"]] == convs[::-1]
    assert alice.closed is None
    await alice.leave()


async def test_a_page_of_long_texts_ends_earlier_and_says_so(runtime: Runtime, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.bob, 30, LONGEST)
    alice = Client(runtime, people.alice)
    await alice.hello()
    await alice.say({"t": "delete", "conv": conv, "seq": 25, "for": "me"})
    seqs: list[int] = []
    first = 1
    while first <= 30:
        await alice.say({"t": "fetch", "conv": conv, "from": first, "to": 30})
        page = alice.of("page")[-1]
        assert size(page) < MAX_PART_BYTES + ONE and page["from"] == first <= page["to"] < first + 11
        seqs += [entry["seq"] for entry in page["entries"]]
        assert page["absent"] == ([{"from": 25, "to": 25, "why": "deleted"}] if first <= 25 <= page["to"] else [])
        first = page["to"] + 1
    assert seqs == [seq for seq in range(1, 31) if seq != 25]
    await alice.leave()


async def test_long_texts_and_changes_are_synced_in_answers_that_fit(
    database: Database, people: Cast, conv: str
) -> None:
    await in_thread(write, conv, people.alice, 40, LONGEST)
    for seq in range(1, 31):
        async with database.transaction() as connection:
            actor = Actor(people.alice.id, people.alice.device_id)
            await revise.edit(connection, actor, conv, seq, f"{seq}{LONGEST[4:]}", WINDOWS)
    device = Asking(database, people.bob)
    answers = await device.catch_up(limit=100)
    assert all(size(answer) < MAX_PART_BYTES + 4 * ONE for answer in answers) and len(answers) > 6
    bodies = {seq: entry["body"] for seq, entry in device.of(conv).replica.entries.items()}
    assert bodies == {seq: f"{seq}{LONGEST[4:]}" if seq <= 30 else LONGEST for seq in range(1, 41)}
    told = [change["rev"] for answer in answers for run in answer["changes"] for change in run["changes"]]
    assert told == list(range(1, 31)) and device.of(conv).rev == 30


async def test_a_sync_of_many_conversations_tells_the_rest_next_time(database: Database, people: Cast) -> None:
    convs = await in_thread(groups_of, people.bob, 60, LONGEST)
    device = Asking(database, people.bob)
    answers = await device.catch_up(limit=100)
    assert all(size(answer) < 2 * MAX_PART_BYTES + ONE for answer in answers)
    told = [conversation["id"] for answer in answers for conversation in answer["conversations"]]
    assert list(dict.fromkeys(told)) == convs[::-1]
    assert {conv: list(device.of(conv).replica.entries) for conv in convs} == {conv: [1] for conv in convs}
    # Nothing but how far someone has got.
    await in_thread(Watermark.objects.update, delivered_seq=1)
    answers = await device.catch_up(limit=100)
    assert all(size(answer) < MAX_PART_BYTES + ONE for answer in answers) and len(answers) > 4
    assert [conversation["id"] for answer in answers for conversation in answer["conversations"]] == convs[::-1]
    assert not [run for answer in answers for run in answer["messages"]]
