"""What /metrics asks the database: right, and cheap among very many inboxes."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from chat.media.thumbnails import all_done
from chat.metrics.database import FIGURES
from chat.models import Attachment, Inbox, Message, Progress
from tests.cast import Cast
from tests.log import attach, write

pytestmark = pytest.mark.django_db

MANY = 200_000
# A table of few rows, or a partial index.
READ = ("chat_progress", "inbox_due", "inbox_stuck", "thumbnails_wanted", "attachments_dropped")
# One in a thousand is being nudged, as many are stuck.
FILL = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, next_attempt_at)
SELECT gen_random_uuid(), gen_random_uuid(), 0, (n %% 1000 < 2)::int, CASE WHEN n %% 1000 = 0 THEN now() END
FROM generate_series(1, %s) n
"""
# One in a thousand wants a thumbnail, as many are to be removed.
FILL_FILES = """
INSERT INTO chat_attachment (id, owner_id, client_id, state, name, type, length, thumbnail, created_at, position,
    conversation_id, seq)
SELECT gen_random_uuid(), gen_random_uuid(), n::text, CASE WHEN n %% 1000 = 1 THEN 'dropped' ELSE 'sent' END, 'x', 'x',
    1, CASE WHEN n %% 1000 = 0 THEN 'wanted' ELSE 'none' END, now(), 0,
    CASE WHEN n %% 1000 <> 1 THEN gen_random_uuid() END, CASE WHEN n %% 1000 <> 1 THEN 1 END
FROM generate_series(1, %s) n
"""


def read() -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    with connection.cursor() as cursor:
        for figure in FIGURES:
            cursor.execute(figure.sql)
            rows = cursor.fetchall()
            found[figure.name.removeprefix("messenger_")] = float(rows[0][0]) if rows else None
    return found


def test_nothing_waits_in_an_empty_house() -> None:
    assert read() == {
        "inboxes_behind": 0,
        "entries_waiting": 0,
        "oldest_undelivered_seconds": 0,
        "deliveries_stuck": 0,
        "sweep_age_seconds": None,
        "thumbnails_age_seconds": None,
        "thumbnails_waiting": 0,
        "files_to_remove": 0,
        "lapsed_ranges": 0,
        "messages_removed": 0,
    }


def test_who_waits_for_what_and_since_when(people: Cast, conv: str) -> None:
    write(conv, people.alice, 5)
    now = timezone.now()
    for seq in range(1, 6):
        Message.objects.filter(conversation=conv, seq=seq).update(created_at=now - timedelta(minutes=10 * (6 - seq)))
    inbox = {"conversation_id": conv, "next_attempt_at": now}
    Inbox.objects.create(device=people.bob.device, received_seq=2, **inbox)
    Inbox.objects.create(device=people.alice.device, received_seq=5, **inbox)
    Inbox.objects.create(device=people.carol.device, received_seq=0, attempts=10, conversation_id=conv)
    Inbox.objects.create(device=people.mallory.device, received_seq=0, conversation_id=conv)
    Progress.objects.create(work="redelivery", upto=now - timedelta(seconds=90))
    found = read()
    assert (found["inboxes_behind"], found["entries_waiting"], found["deliveries_stuck"]) == (1, 3, 1)
    assert found["oldest_undelivered_seconds"] == pytest.approx(1_800, abs=60)
    assert found["sweep_age_seconds"] == pytest.approx(90, abs=60)


def test_files_that_wait_are_counted(people: Cast, conv: str) -> None:
    seq = write(conv, people.alice)
    for _ in range(2):
        attach(conv, seq, thumbnail="wanted")
    attach(conv, seq, thumbnail="made")
    gone = attach(conv, seq)
    Attachment.objects.filter(id=gone.id).update(state="dropped", conversation=None, seq=None)
    all_done()
    found = read()
    assert (found["thumbnails_waiting"], found["files_to_remove"]) == (2, 1)
    assert found["thumbnails_age_seconds"] == pytest.approx(0, abs=60)


def test_no_figure_reads_all_inboxes_or_files() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(FILL, [MANY])
        cursor.execute(FILL_FILES, [MANY // 10])
        cursor.execute("ANALYZE chat_inbox, chat_attachment")
        for figure in FIGURES:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS OFF, TIMING OFF) {figure.sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on chat_inbox" not in plan and "Seq Scan on chat_attachment" not in plan, plan
            assert any(name in plan for name in READ), plan
