"""Searching a million messages. Figures of the scenario "search".

One person in five hundred conversations, the longest of which has a seventh of all entries: a word of eight in
each is drawn as words are in life, few of them often; vacuumed, as a server that has run for a while is.
`python -m bench.search MESSAGES` fills the house its settings name, asks as the API does, and prints p50 and p95 by
kind of query, in milliseconds, as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import django
import psycopg

CONVERSATIONS = 500
ROUNDS = 40
LIMIT = 20
USER = UUID(int=1)
OTHER = UUID(int=2)

# Word n of thirty thousand: four to nine letters that no other has.
WORD = "translate(left(md5({n}::text), 4 + ({n} % 6)), '0123456789', 'ghijklmnop')"
FILL = f"""
INSERT INTO chat_user (id, username, password, name, first_name, last_name, email, is_staff, is_active, is_superuser,
                       date_joined)
SELECT id, left(id::text, 8) || right(id::text, 1), '!', '', '', '', '', false, true, false, now()
FROM unnest(ARRAY['{USER}', '{OTHER}']::uuid[]) AS u(id);
INSERT INTO chat_conversation (id, kind, title, created_at, last_seq, last_rev, members_rev, floor_seq)
SELECT md5('searched' || n)::uuid, 'group', 'Searched ' || n, now(),
       ceil({{messages}} / n / (SELECT sum(1.0 / k) FROM generate_series(1, {CONVERSATIONS}) k)), 0, 1, 0
FROM generate_series(1, {CONVERSATIONS}) n;
INSERT INTO chat_membership (conversation_id, user_id, visible_from_seq, joined_at)
SELECT c.id, u, 1, now() FROM chat_conversation c, unnest(ARRAY['{USER}', '{OTHER}']::uuid[]) AS u
WHERE c.title LIKE 'Searched %';
INSERT INTO chat_message (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, created_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(r, 1, 3) || '8'
        || substr(r, 4, 15))::uuid,
       c.id, seq, '{OTHER}', '{OTHER}', left(c.id::text, 13) || '_' || seq, '\\x00', w.body, at
FROM chat_conversation c, generate_series(1, c.last_seq) seq,
     LATERAL (SELECT now() - interval '365 days' * (1 - seq::float / (c.last_seq + 1)) AS at,
                     md5(random()::text || seq) AS r) x,
     LATERAL (SELECT string_agg({WORD.format(n="floor(30000 ^ random())::int")}, ' ')
                     || CASE WHEN seq % 25_000 = 7 THEN ' zanzibar' WHEN seq % 70 = 3 THEN ' ok' ELSE '' END AS body
              FROM generate_series(1, 8) g WHERE seq > 0) w
WHERE c.title LIKE 'Searched %';
VACUUM ANALYZE;
CHECKPOINT;
"""


def words(connection: "psycopg.Connection[Any]") -> dict[str, list[str]]:
    """Queries by kind."""
    named = {name: f"SELECT {WORD.format(n=n)}" for name, n in (("common", 2), ("usual", 300), ("unusual", 20_000))}
    found = {name: [connection.execute(query.encode()).fetchone()[0]] for name, query in named.items()}  # type: ignore[index]
    both = " ".join(found["common"] + found["usual"])
    beginning = {"beginning of a word": [found["usual"][0][:3]], "two words": [both]}
    return {"rare": ["zanzibar"], **found, **beginning, "short": ["ok", "xz"], "no hit": ["qqqqqq", "zzzyyy"]}


async def ask(dsn: str, queries: dict[str, list[str]]) -> dict[str, list[float]]:
    from chat.log import search
    from chat.log.pool import Database

    database = Database(dsn)
    await database.open()
    times: dict[str, list[float]] = {name: [] for name in queries}
    for _ in range(ROUNDS):
        for name, some in queries.items():
            for query in some:
                began = time.perf_counter()
                await search.search(database, str(USER), query, None, None, LIMIT)
                times[name].append(1000 * (time.perf_counter() - began))
    await database.close()
    return times


def rank(times: Sequence[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    django.setup()
    from django.conf import settings

    with psycopg.connect(settings.POSTGRES_DSN, autocommit=True) as connection:
        for statement in FILL.format(messages=int(sys.argv[1])).split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
        connection.execute("SELECT gin_clean_pending_list('chat_message_search')")
        queries = words(connection)
    times = asyncio.run(ask(settings.POSTGRES_DSN, queries))
    print(json.dumps({name: [rank(some, 0.5), rank(some, 0.95)] for name, some in times.items()}))


if __name__ == "__main__":
    main()
