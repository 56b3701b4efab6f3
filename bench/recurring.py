"""python -m bench.recurring INBOXES: what recurs, timed over as many inboxes and messages.

In the house its settings name. Prints seconds by name as JSON: the slowest of some runs with nothing due, then one run
each with a day of messages due.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import django

ROUNDS = 5
# One conversation in a hundred was appended to a moment ago, and everyone has taken that.
BUSY = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
SELECT 'append', array_agg(id), array_agg(last_seq), '{}', clock_timestamp() - interval '5 seconds'
FROM (SELECT id, last_seq, row_number() OVER () AS n FROM chat_conversation TABLESAMPLE BERNOULLI (1)) c
GROUP BY n / 100
"""
DEVICES = 5
MESSAGES = 10
KEPT_DAYS = 30


def main() -> None:
    django.setup()
    from django.db import connection
    from django.utils import timezone

    from chat.inbox import media, purge, redelivery, retention
    from tests.crowd import Crowd

    conversations = int(sys.argv[1]) // (2 * DEVICES)
    crowd = Crowd(max(20, conversations // 50), DEVICES, conversations, MESSAGES, KEPT_DAYS - 1)
    with connection.cursor() as cursor:
        crowd.fill(cursor)
        cursor.execute(BUSY)
        cursor.execute("CHECKPOINT")
    seconds: dict[str, float] = {}

    def timed(name: str, work: Callable[[datetime], object], now: datetime) -> None:
        began = time.perf_counter()
        work(now)
        seconds[name] = max(seconds.get(name, 0.0), time.perf_counter() - began)

    now = timezone.now()
    for _ in range(ROUNDS):
        timed("sweep", lambda _: redelivery.sweep(), now)
        timed("expiry by age", lambda now: retention.expire_by_age(KEPT_DAYS, now), now)
        timed("expiry by count", lambda now: retention.expire_by_count(1_000, now), now)
        timed("media quota", lambda now: media.withhold(100, now), now)
        timed("purge", lambda now: purge.purge(KEPT_DAYS, now), now)
    later = now + timedelta(days=2)
    timed("expiry by age, a day of messages due", lambda now: retention.expire_by_age(KEPT_DAYS, now), later)
    timed("purge, a day of messages due", lambda now: purge.purge(KEPT_DAYS, now), later)
    print(json.dumps({"inboxes": crowd.inboxes, "seconds": seconds}))


if __name__ == "__main__":
    main()
