"""Where recurring work left off, in the database: no pause of Celery leaves anything undone, no two workers do the
same."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from chat.models import Progress

FIRST_LOOK = timedelta(days=1)

START = "INSERT INTO chat_progress (work, upto) VALUES (%s, now() - %s) ON CONFLICT (work) DO NOTHING"
TAKE = "SELECT upto, now() FROM chat_progress WHERE work = %s FOR UPDATE SKIP LOCKED"
ADVANCE = "UPDATE chat_progress SET upto = %s, count = count + %s WHERE work = %s"

# What recurs looks up a few rows by their keys. Statistics that are behind (a table that was empty when they were
# gathered) must not make it read the rest, nor a plan that looks dear be compiled.
BY_INDEX = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
    " SET LOCAL jit = off"
)


def by_index(cursor: Any) -> None:
    """Until the transaction ends, tables are read by index wherever there is one."""
    cursor.execute(BY_INDEX)


def take(cursor: Any, work: Progress.Work, look_back: timedelta) -> tuple[datetime, datetime] | None:
    """Up to when this work has been done (at the very first time: `look_back` ago) and the database's time; None while
    another worker is at it. Locked until the transaction ends."""
    cursor.execute(START, [work, look_back])
    cursor.execute(TAKE, [work])
    row: tuple[datetime, datetime] | None = cursor.fetchone()
    return row


def advance(cursor: Any, work: Progress.Work, upto: datetime, done: int = 0) -> None:
    """In the transaction that took it. `done`: added to the work's count."""
    cursor.execute(ADVANCE, [upto, done, work])


@transaction.atomic
def since_last(work: Progress.Work, now: datetime | None, do: Callable[[Any, datetime, datetime], int]) -> int:
    """Has `do(cursor, last, now)` deal with what happened since the last run, and counts what it says to have done: 0
    while another worker is at it. `now` None: the database's time."""
    with connection.cursor() as cursor:
        by_index(cursor)
        taken = take(cursor, work, FIRST_LOOK)
        if taken is None:
            return 0
        last, clock = taken
        now = now or clock
        done = do(cursor, last, now)
        advance(cursor, work, now, done)
        return done
