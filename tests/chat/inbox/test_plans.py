"""What recurs finds its rows by index, on the statistics of a busy house: its cost follows what there is to do."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.inbox import media, purge, redelivery, retention
from chat.models import Change, Conversation, Inbox
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Watermark
from tests.crowd import LARGE, Crowd
from tests.log import attach

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

CROWD = Crowd(people=200, devices=3, conversations=3_000, messages=10, days=29)
# What must not be read from end to end; the change table, progress and the like are small.
WHOLE = re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b")
# An index read from end to end is no better: the line after says what it is read for, or how much of it.
UNBOUND = re.compile(rf"Index (?:Only )?Scan using \S+ on ({'|'.join(LARGE)})\b[^\n]*\n(?!\s+(?:Index Cond|Output))")


@pytest.fixture
def crowd(db: None) -> None:
    with connection.cursor() as cursor:
        CROWD.fill(cursor)


def assert_by_index(work: Callable[[], object]) -> None:
    with CaptureQueriesContext(connection) as found:
        work()
    statements = [each["sql"] for each in found if re.match(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE)", each["sql"])]
    assert statements
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert not WHOLE.search(plan), f"{statement}\n{plan}"
            assert not UNBOUND.search(plan), f"{statement}\n{plan}"


def lagging(conversations: int) -> list[Conversation]:
    """Some conversations of whose people nobody has taken anything."""
    convs = list(Conversation.objects.order_by("id")[:conversations])
    Watermark.objects.filter(conversation__in=convs).update(delivered_seq=0, seen_seq=0)
    Inbox.objects.filter(conversation__in=convs).update(received_seq=0)
    for conv in convs:
        Change.objects.create(kind="append", conversations=[conv.id], heads=[conv.last_seq], at=timezone.now())
    return convs


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("behind", [0, 20])
def test_no_table_is_read_as_a_whole(behind: int) -> None:
    convs = lagging(behind)
    for conv in convs:
        attach(str(conv.id), 3, 10**9)
    now = timezone.now()
    # The first run of all looks at everything there is; those that follow are meant here.
    retention.expire_by_age(30, now)
    later = now + timedelta(days=1, hours=12)
    assert_by_index(lambda: redelivery.sweep())
    assert_by_index(lambda: media.withhold(100, now))
    assert_by_index(lambda: retention.expire_by_count(4, now))
    assert_by_index(lambda: retention.expire_by_age(30, later))
    assert_by_index(lambda: purge.purge(30, later))


@pytest.mark.usefixtures("crowd")
def test_taking_back_looks_up_what_it_needs() -> None:
    [conv] = lagging(1)
    retention.expire_by_count(4, timezone.now())
    rows = [Row(str(conv.id), str(inbox.device_id), "delivered", 9, 0) for inbox in conv.inboxes.all()]
    assert_by_index(lambda: ledger.apply(rows))
