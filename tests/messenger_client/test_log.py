"""What a device has: each entry once, told in order, whatever order it comes in; and the events of it, once each."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messenger_client.errors import InvalidClientId
from messenger_client.events import (
    ConversationChanged,
    MessageDeleted,
    MessageEdited,
    MessageReceived,
    MessagesExpired,
    StatusChanged,
)
from messenger_client.store import log, outbox, reading, roster
from messenger_client.store.database import Database
from messenger_client.ticks import Status
from tests.messenger_client.device import BOB, CAROL, CONV, ME, Device, entry, gap, member, summary
from tests.messenger_client.shared import cases


def told(events: list[Any]) -> list[int]:
    return [event.message.seq for event in events if isinstance(event, MessageReceived)]


async def shown(device: Device) -> list[dict[str, Any]]:
    """As the shared cases say it."""
    found = await device.database.run(lambda db: reading.messages(db, ME, CONV, 1, 10**9))
    return [
        {"seq": each.seq, "body": each.body, "deleted": each.is_deleted, "edited_at": each.edited_at} for each in found
    ]


@pytest.mark.parametrize("case", cases("window"), ids=lambda case: str(case["positions"]))
async def test_the_cursor_on_disk(path: Any, case: dict[str, Any]) -> None:
    device = Device(Database(path))
    await device.database.open()
    await device.begin(received=case["start"])
    for ack, position in zip(case["acks"], case["positions"], strict=True):
        if ack.get("cumulative"):
            await device.write(lambda j, seq=ack["seq"]: log.reset(j, CONV, seq))
        assert await device.take(entry(ack["seq"])) == position
    await device.database.close()


@pytest.mark.parametrize("case", cases("replica"), ids=lambda case: case["name"])
async def test_the_replica_on_disk(device: Device, case: dict[str, Any]) -> None:
    for step in case["steps"]:
        await device.take(*step.get("entries", []))
        changes = step.get("changes", [])
        await device.change(max((change["rev"] for change in changes), default=0), *changes)
    wanted = [
        {
            "seq": each["seq"],
            "body": each.get("body", ""),
            "deleted": "deleted" in each,
            "edited_at": each.get("edited_at"),
        }
        for each in case["shown"]
    ]
    assert await shown(device) == wanted


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(1, 12), min_size=1, max_size=5), min_size=1, max_size=12))
async def test_each_entry_is_told_once_and_in_order(batches: list[list[int]]) -> None:
    device = Device(Database(":memory:"))
    await device.database.open()
    try:
        await device.begin()
        await device.new_events()
        met: set[int] = set()
        for batch in batches:
            received = await device.take(*(entry(seq) for seq in sorted(set(batch))))
            met |= set(batch)
            # The end of the gapless run, and not one further.
            assert set(range(1, received + 1)) <= met and received + 1 not in met
        assert told(await device.events()) == list(range(1, received + 1))
    finally:
        await device.database.close()


async def test_nothing_is_told_above_a_hole(device: Device) -> None:
    assert await device.take(entry(1), entry(3)) == 1
    assert told(await device.new_events()) == [1]
    assert await device.take(entry(2)) == 3
    assert told(await device.new_events()) == [2, 3]
    assert await device.take(entry(1), entry(2), entry(3)) == 3
    assert await device.new_events() == []


async def test_what_is_not_there_is_gone_over_and_what_expired_is_told(device: Device) -> None:
    assert await device.take(entry(6), absent=(gap(1, 2, "no_access"), gap(3, 4), gap(5, 5, "deleted"))) == 6
    events = await device.new_events()
    assert events[0] == MessagesExpired(CONV, 3, 4)
    assert told(events) == [6]


async def test_a_reset_goes_over_what_is_missing_and_keeps_what_is_here(device: Device) -> None:
    await device.take(entry(3))
    await device.write(lambda j: log.reset(j, CONV, 5))
    events = await device.new_events()
    assert told(events) == [3]
    assert MessagesExpired(CONV, 1, 5) in events
    place = await device.write(lambda j: log.reset(j, CONV, 2))
    assert place is not None and place.received == 5
    assert await device.take(entry(6)) == 6


async def test_edits_and_deletions_are_told_once_each(device: Device) -> None:
    await device.take(entry(1), entry(2), entry(3))
    await device.new_events()
    edit = {"seq": 1, "rev": 1, "type": "edit", "body": "new", "edited_at": 5}
    changes = [edit, {"seq": 2, "rev": 2, "type": "delete"}, {"seq": 3, "rev": 3, "type": "hide"}]
    for _ in range(2):
        await device.change(3, *changes)
    first, *others = await device.new_events()
    assert isinstance(first, MessageEdited) and (first.message.body, first.message.edited_at) == ("new", 5)
    assert others == [MessageDeleted(CONV, 2, hidden=False), MessageDeleted(CONV, 3, hidden=True)]
    place = await device.database.run(lambda db: log.place(db, CONV))
    assert place is not None and (place.rev, place.received) == (3, 3)


async def test_an_edit_that_comes_with_the_entry_is_told_once(device: Device) -> None:
    await device.take(entry(1))
    await device.new_events()
    await device.take(entry(1, body="new", rev=4, edited_at=5))
    await device.change(4, {"seq": 1, "rev": 4, "type": "edit", "body": "new", "edited_at": 5})
    assert [type(event) for event in await device.new_events()] == [MessageEdited]


async def test_a_message_deleted_before_the_program_came_to_it_is_told_as_deleted_alone(device: Device) -> None:
    await device.take(entry(1))
    await device.change(1, {"seq": 1, "rev": 1, "type": "delete"})
    assert await device.new_events() == [MessageDeleted(CONV, 1, hidden=False)]


async def test_a_hidden_entry_above_a_hole_is_gone_over(device: Device) -> None:
    await device.take(entry(2))
    await device.change(1, {"seq": 2, "rev": 1, "type": "hide"})
    assert await device.take(entry(1), entry(3)) == 3
    assert told(await device.new_events()) == [1, 3]


async def test_what_comes_of_a_conversation_nobody_knows_is_passed_over(device: Device) -> None:
    assert await device.write(lambda j: log.take(j, "unknown", [entry(1)])) is None
    assert await device.write(lambda j: log.change(j, "unknown", [], 1)) is None
    assert await device.write(lambda j: log.reset(j, "unknown", 1)) is None


async def test_ticks_of_ones_own_messages(device: Device) -> None:
    await device.take(entry(1, ME), entry(2, ME), entry(3, ME))
    sent = [event for event in await device.new_events() if isinstance(event, StatusChanged)]
    assert [(event.seq, event.status) for event in sent] == [(1, Status.SENT), (2, Status.SENT), (3, Status.SENT)]

    async def after(kind: str, seq: int) -> list[Any]:
        await device.write(lambda j: roster.raise_mark(j, CONV, BOB, kind, seq))
        return [(event.seq, event.status) for event in await device.new_events() if isinstance(event, StatusChanged)]

    assert await after("DELIVERED", 2) == [(1, Status.DELIVERED), (2, Status.DELIVERED)]
    assert await after("DELIVERED", 1) == []
    assert await after("SEEN", 1) == [(1, Status.SEEN)]
    assert await after("SEEN", 3) == [(2, Status.SEEN), (3, Status.SEEN)]
    assert await after("SEEN", 3) == []


async def test_a_watermark_that_is_ahead_of_the_entry_counts_when_it_comes(device: Device) -> None:
    await device.write(lambda j: roster.raise_mark(j, CONV, BOB, "DELIVERED", 1))
    await device.take(entry(1, ME))
    [status] = [event for event in await device.new_events() if isinstance(event, StatusChanged)]
    assert status.status is Status.DELIVERED


async def test_what_expired_for_the_other_one_is_failed_and_may_be_delivered_after_all(device: Device) -> None:
    await device.take(entry(1, ME))
    await device.new_events()
    await device.write(lambda j: roster.raise_mark(j, CONV, BOB, "DELIVERED", 1))
    await device.write(lambda j: roster.lapse(j, CONV, BOB, [[1, 1]]))
    await device.write(lambda j: roster.lapse(j, CONV, BOB, []))
    found = [(event.status, event.code) for event in await device.new_events() if isinstance(event, StatusChanged)]
    assert found == [(Status.DELIVERED, None), (Status.FAILED, "EXPIRED"), (Status.DELIVERED, None)]


async def test_in_a_group_all_must_have_it_and_who_left_is_not_asked(device: Device) -> None:
    conv = "0199c1f0-6b00-7c0e-8f00-0000000c0e5c"
    await device.write(lambda j: roster.put(j, summary(conv, (BOB, CAROL), title="Picnic")))
    await device.take(entry(1, ME), conv=conv)
    await device.write(lambda j: roster.raise_mark(j, conv, BOB, "DELIVERED", 1))
    statuses = [event.status for event in await device.new_events() if isinstance(event, StatusChanged)]
    assert statuses == [Status.SENT]
    await device.write(lambda j: roster.set_members(j, conv, {"title": "Picnic", "members": [member(ME), member(BOB)]}))
    changed, status = await device.new_events()
    assert isinstance(changed, ConversationChanged) and len(changed.conversation.members) == 2
    assert isinstance(status, StatusChanged) and status.status is Status.DELIVERED


async def test_a_conversation_told_again_is_no_news_and_its_watermarks_never_fall(device: Device) -> None:
    await device.take(entry(1, ME))
    await device.new_events()
    members = [member(ME), member(BOB, delivered=1, seen=1)]
    await device.write(lambda j: roster.put(j, summary(members=members, received=0, head=1)))
    await device.write(lambda j: roster.put(j, summary(received=0, head=1)))
    found = await device.database.run(lambda db: reading.conversation(db, ME, CONV))
    assert found is not None
    assert [(each.delivered, each.seen) for each in found.members] == [(0, 0), (1, 1)]
    assert found.received == 1
    assert [event.status for event in await device.new_events() if isinstance(event, StatusChanged)] == [Status.SEEN]


async def test_who_leaves_keeps_what_is_stored_and_may_come_back(device: Device) -> None:
    await device.take(entry(1))
    await device.new_events()
    await device.write(lambda j: roster.leave_others(j, []))
    [left] = await device.new_events()
    assert isinstance(left, ConversationChanged) and not left.conversation.is_member
    assert await device.database.run(log.places) == []
    await device.write(lambda j: roster.put(j, summary()))
    [back] = await device.new_events()
    assert isinstance(back, ConversationChanged) and (back.conversation.is_member, back.conversation.received) == (
        True,
        1,
    )


async def test_another_epoch_forgets_the_log_and_keeps_what_only_this_device_has(device: Device) -> None:
    await device.take(entry(1), entry(2, body="not handled yet"))
    await device.write(lambda j: outbox.add(j.db, CONV, "waits", None, None))
    await device.database.run(log.clear)
    assert await device.database.run(log.places) == []
    assert [item.body for item in await device.database.run(outbox.all_of)] == ["waits"]
    # Acknowledged, and sent by nobody again: the program has it all the same.
    events = [event for event in await device.events() if isinstance(event, MessageReceived)]
    assert [(each.message.body, each.message.sender.username) for each in events] == [
        ("text 1", BOB),
        ("not handled yet", BOB),
    ]
    await device.begin(received=0)
    assert await device.take(entry(1, body="another")) == 1


async def test_the_same_message_at_another_place_is_one_message(device: Device) -> None:
    await device.take(entry(1, ME, client_id="same"))
    await device.take(entry(2, ME, client_id="same"))
    assert await device.database.run(lambda db: log.own_seq(db, ME, "same")) == 2


async def test_an_own_entry_that_comes_waits_no_more(device: Device) -> None:
    client_id, item = await device.write(lambda j: outbox.add(j.db, CONV, "hi", None, None))
    assert item is not None and client_id.startswith("00000000d1ce_1_")
    await device.take(entry(1, ME, client_id=client_id, body="hi"))
    assert await device.database.run(outbox.all_of) == []
    # And is not written anew by who sends it under the same id.
    assert await device.write(lambda j: outbox.add(j.db, CONV, "hi", client_id, None)) == (client_id, None)
    assert await device.database.run(outbox.all_of) == []


async def test_unread_are_others_messages_above_what_was_seen(device: Device) -> None:
    await device.take(entry(1), entry(2, ME), entry(3), entry(5))
    assert await device.database.run(lambda db: log.see(db, CONV, 1))
    found = await device.database.run(lambda db: reading.conversation(db, ME, CONV))
    assert found is not None and (found.unread, found.seen, found.head) == (1, 1, 5)
    # Clamped to what is here without a gap.
    assert await device.database.run(lambda db: log.see(db, CONV, 9))
    assert not await device.database.run(lambda db: log.see(db, CONV, 2))
    found = await device.database.run(lambda db: reading.conversation(db, ME, CONV))
    assert found is not None and (found.unread, found.seen) == (0, 3)


async def test_a_client_id_stands_for_one_message(device: Device) -> None:
    """Sent twice it is sent once; another one under the same id would be lost without a word."""

    def add(body: str, conv: str = CONV, reply_to: int | None = None) -> Any:
        return device.database.run(lambda db: outbox.add(db, conv, body, "order-17", reply_to))

    async def refuses_others() -> None:
        assert await add("paid") == ("order-17", None)
        for other in (("sent", CONV, None), ("paid", CONV, 1), ("paid", "another conversation", None)):
            with pytest.raises(InvalidClientId):
                await add(*other)

    assert (await add("paid"))[1] is not None
    await refuses_others()
    await device.take(entry(1, ME, client_id="order-17", body="paid"))
    await refuses_others()
    # What it was before an edit nobody here knows.
    await device.change(1, {"seq": 1, "rev": 1, "type": "edit", "body": "paid back", "edited_at": 1})
    assert await add("paid") == ("order-17", None)
    assert await device.database.run(lambda db: outbox.all_of(db)) == []
