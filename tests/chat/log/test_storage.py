"""What the database itself holds to, whatever the code does."""

import asyncio
import hashlib
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from chat.log import devices, members
from chat.log.pool import Database
from chat.models import Change, Conversation, Inbox, Membership, Message
from chat.models.ids import new_id
from chat.tasks import KEEP_CHANGES, prune_changes
from receipts.models import Watermark
from tests.cast import Cast, make_direct
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db]


def refused(make: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


def test_a_seq_means_one_entry_and_a_key_too(people: Cast, conv: str) -> None:
    write(conv, people.alice, 2)
    first, second = Message.objects.order_by("seq")
    refused(lambda: Message.objects.filter(id=second.id).update(seq=1))
    refused(lambda: Message.objects.filter(id=second.id).update(client_id=first.client_id))
    Message.objects.filter(id=second.id).update(client_id=first.client_id, sender=people.bob.user)
    refused(lambda: Message.objects.filter(id=first.id).update(seq=0))
    refused(lambda: Message.objects.filter(id=second.id).update(reply_to_seq=2))


def test_positions_are_in_order(people: Cast, conv: str) -> None:
    marks = Watermark.objects.filter(user=people.bob.user)
    refused(lambda: marks.update(delivered_seq=1, seen_seq=2))
    refused(lambda: marks.update(seen_seq=-1))
    refused(lambda: Conversation.objects.filter(id=conv).update(last_seq=-1))
    refused(lambda: Conversation.objects.filter(id=conv).update(floor_seq=1))
    refused(lambda: Inbox.objects.create(device=people.bob.device, conversation_id=conv, received_seq=-1))


def test_one_of_each(people: Cast, conv: str) -> None:
    Inbox.objects.create(device=people.bob.device, conversation_id=conv)
    refused(lambda: Inbox.objects.create(device=people.bob.device, conversation_id=conv))
    refused(lambda: Watermark.objects.create(user=people.bob.user, conversation_id=conv))
    refused(lambda: Membership.objects.create(user=people.bob.user, conversation_id=conv))
    refused(lambda: make_direct(people.bob, people.alice))
    refused(lambda: Conversation.objects.create(kind="direct"))


def test_rejoining_is_a_new_row(people: Cast, conv: str) -> None:
    Membership.objects.filter(user=people.bob.user).update(left_seq=0)
    Membership.objects.create(user=people.bob.user, conversation_id=conv, visible_from_seq=1)


@pytest.mark.django_db(transaction=True)
async def test_two_who_open_the_same_conversation_at_once_get_one(database: Database, people: Cast) -> None:
    pairs = [(people.alice.id, "bob"), (people.bob.id, "Alice")] * 10
    opened = await asyncio.gather(*(members.open_direct(database, user, username) for user, username in pairs))
    assert len({direct.conv for direct in opened if direct}) == 1
    assert [direct.created for direct in opened if direct].count(True) == 1
    counts = await in_thread(lambda: (Membership.objects.count(), Watermark.objects.count(), Change.objects.count()))
    assert counts == (2, 2, 1)


@pytest.mark.django_db(transaction=True)
async def test_a_conversation_with_nobody_and_with_oneself(database: Database, people: Cast) -> None:
    assert await members.open_direct(database, people.alice.id, "nobody") is None
    notes = await members.open_direct(database, people.alice.id, "alice")
    assert notes is not None and notes.users == [people.alice.id]


@pytest.mark.django_db(transaction=True)
def test_hot_rows_are_updated_in_place(people: Cast, conv: str) -> None:
    """Without room on their pages each tick would write every index anew."""
    with connection.cursor() as cursor:
        for n in range(1, 101):
            cursor.execute("UPDATE chat_conversation SET last_seq = %s", [n])
            cursor.execute("UPDATE receipts_watermark SET delivered_seq = %s", [n])
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute(
            "SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables"
            " WHERE relname IN ('chat_conversation', 'receipts_watermark')"
        )
        for table, updated, hot in cursor.fetchall():
            assert hot >= 0.9 * updated > 0, table
        cursor.execute("SELECT count(*) FROM pg_class WHERE array_to_string(reloptions, ',') LIKE 'fillfactor=%'")
        assert cursor.fetchone()[0] >= 3


def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_migrations_can_be_taken_back() -> None:
    try:
        for app in ("receipts", "chat"):
            call_command("migrate", app, "0001", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert Change.objects.count() == 0


def test_a_device_is_made_once_with_a_secret_that_is_not_kept(people: Cast, conv: str) -> None:
    write(conv, people.alice, 3)
    Watermark.objects.filter(user=people.bob.user).update(delivered_seq=2)
    device, token = devices.register(people.bob.user, "x" * 300)
    assert len(device.name) == 100 and len(token) >= 32
    assert bytes(device.token_hash) == hashlib.sha256(token.encode()).digest()
    assert Inbox.objects.get(device=device).received_seq == 2


def test_revoking_is_noted_once(people: Cast) -> None:
    assert devices.revoke(people.bob.device) and not devices.revoke(people.bob.device)
    change = Change.objects.get(kind="revoked")
    assert change.users == [people.bob.user.id]


def test_old_changes_are_dropped_a_thousand_at_a_time(django_assert_num_queries: Any) -> None:
    from django.utils import timezone

    old, new = timezone.now() - 2 * KEEP_CHANGES, timezone.now()
    Change.objects.bulk_create(Change(kind="append", at=at) for at in [old] * 2_500 + [new] * 3)
    with django_assert_num_queries(6):
        prune_changes()
    assert Change.objects.count() == 3


def test_ids_are_in_order_of_time() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert ids == sorted(ids) and len(set(ids)) == 1_000
