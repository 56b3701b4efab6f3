"""What reading costs follows what is asked for, not how long the history is: plans and buffers on 40,000 entries."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from chat.delivery import reconcile
from chat.inbox import heads, sync
from chat.log import access, delta, history
from tests.cast import Cast, make_direct

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

ENTRIES = 40_000
CHANGED = 4_000
NEIGHBOURS = 200
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "

FILL = """
INSERT INTO chat_message (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, created_at, rev)
SELECT gen_random_uuid(), %(conv)s::uuid, n, %(alice)s::uuid, %(device)s::uuid, %(conv)s || '_' || n, '\\x00', 'hi',
       now(), CASE WHEN n %% 20 = 0 THEN n / 10 ELSE 0 END FROM generate_series(1, %(count)s) AS n;
UPDATE chat_conversation SET last_seq = %(count)s, last_rev = %(count)s / 10 WHERE id = %(conv)s::uuid;
INSERT INTO chat_hidden (user_id, conversation_id, seq, rev)
SELECT %(bob)s::uuid, %(conv)s::uuid, n * 10 + 1, n FROM generate_series(1, %(count)s / 10, 2) AS n;
"""

# Many other conversations, each with a person of its own, so that a scan of a whole table would not be the cheapest.
CROWD = """
WITH people AS (
    INSERT INTO chat_user (id, username, name, password, email, first_name, last_name, is_superuser, is_staff,
                           is_active, date_joined)
    SELECT gen_random_uuid(), 'u' || n, '', '', '', '', '', false, false, true, now()
    FROM generate_series(1, %(count)s) AS n RETURNING id
), convs AS (
    INSERT INTO chat_conversation (id, kind, title, created_at, last_seq, last_rev, members_rev, floor_seq)
    SELECT id, 'group', '', now(), 0, 0, 1, 0 FROM people RETURNING id
), stays AS (
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_at)
    SELECT id, id, 'member', 1, now() FROM people
), hides AS (
    INSERT INTO chat_hidden (user_id, conversation_id, seq, rev)
    SELECT id, id, n, n FROM people, generate_series(1, 100) AS n
)
INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq) SELECT id, id, 0, 0 FROM people
"""


@dataclass(frozen=True, slots=True)
class Filled:
    connection: "psycopg.Connection[Any]"
    people: Cast
    long: str
    short: str

    def cost(self, query: str, parameters: list[Any]) -> int:
        """Pages of the database that were looked at; none of the big tables as a whole."""
        row = self.connection.execute(EXPLAIN + query, parameters).fetchone()  # type: ignore[call-overload]
        plan = (row[0] if isinstance(row[0], list) else json.loads(row[0]))[0]["Plan"]
        scanned = [node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
        assert not {"chat_message", "chat_hidden"} & set(scanned), json.dumps(plan, indent=1)
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


@pytest.fixture
def filled(dsn: str, people: Cast) -> Iterator[Filled]:
    """Two conversations of bob's: one with a long history, one with a short one, the newest entries alike."""
    long, short = make_direct(people.alice, people.bob), make_direct(people.carol, people.bob)
    who = {"alice": people.alice.id, "device": people.alice.device_id, "bob": people.bob.id}
    with psycopg.connect(dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for conv, count in ((long, ENTRIES), (short, 200)):
            connection.execute(FILL, who | {"conv": conv, "count": count})
        connection.execute(CROWD, {"count": NEIGHBOURS})
        connection.execute("VACUUM ANALYZE")
        yield Filled(connection, people, long, short)


def test_a_page_costs_what_it_holds(filled: Filled) -> None:
    """A few pages of the database an entry at most, wherever it begins."""
    ranges = [(filled.short, 101), (filled.long, 101), (filled.long, ENTRIES - 99)]
    costs = [filled.cost(history.SHOWN_RANGE, [conv, at, at + 99, filled.people.bob.id]) for conv, at in ranges]
    assert max(costs) < 400 and abs(costs[1] - costs[2]) < 40, costs


def test_what_one_may_read_costs_the_same_however_much_there_is(filled: Filled) -> None:
    def cost(conv: str) -> int:
        return filled.cost(access.ACCESS, access.parameters(conv, filled.people.bob.id))

    # Once for the catalogue: the first of a connection looks up what the functions in it are.
    cost(filled.short)
    costs = [cost(conv) for conv in (filled.short, filled.long)]
    assert abs(costs[0] - costs[1]) <= 4 and max(costs) < 60, costs


def test_a_delta_costs_what_changed_since_not_what_ever_changed(filled: Filled) -> None:
    def cost(conv: str, rev: int) -> int:
        return filled.cost(delta.SINCE, [conv, rev, 50, conv, [filled.people.bob.id], rev, 50, 50])

    costs = [cost(filled.short, 10), cost(filled.long, 0), cost(filled.long, CHANGED - 10), cost(filled.long, CHANGED)]
    assert max(costs) < 400 and costs[2] < 60 and costs[3] < 20, costs


@pytest.mark.parametrize("seen", [0, ENTRIES - 20])
def test_the_list_costs_the_same_however_long_the_histories_are(filled: Filled, seen: int) -> None:
    """Of unread entries up to 1,000 are looked at, and no others."""
    bob = filled.people.bob
    mark = "UPDATE receipts_watermark SET delivered_seq = %s, seen_seq = %s WHERE conversation_id = %s AND user_id = %s"
    filled.connection.execute(mark, [seen, seen, filled.long, bob.id])
    named = [filled.long]
    cost = filled.cost(sync.CONVERSATIONS, [bob.device_id, bob.id, named, named])
    assert cost < (5_000 if seen == 0 else 300), cost


def test_the_list_is_bounded_for_who_writes_and_never_reads(filled: Filled) -> None:
    """Of 40,000 entries of alice's own ten thousand are looked at."""
    alice = filled.people.alice
    named = [filled.long]
    cost = filled.cost(sync.CONVERSATIONS, [alice.device_id, alice.id, named, named])
    assert cost < 1_000, cost


def test_gaps_and_lapses_are_passed_over_not_read(filled: Filled) -> None:
    """Spans, not entries: what lies between two stays, or expired, costs nothing."""
    bob = filled.people.bob
    away = "UPDATE chat_membership SET left_seq = 5 WHERE conversation_id = %s AND user_id = %s"
    back = """
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_at)
    VALUES (%s, %s, 'member', 20000, now())
    """
    lapse = """
    INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
    SELECT %s, %s, 20000 + n * 600, 20000 + n * 600 + 598, now() FROM generate_series(0, 32) n
    """
    for change in (away, back, lapse):
        filled.connection.execute(change, [filled.long, bob.id])
    named = [filled.long]
    cost = filled.cost(sync.CONVERSATIONS, [bob.device_id, bob.id, named, named])
    assert cost < 350, cost


def test_where_everything_stands_costs_what_a_person_is_in(filled: Filled) -> None:
    bob = filled.people.bob
    assert filled.cost(heads.HEADS, [bob.device_id, bob.id]) < 150
    assert filled.cost(heads.MARKS, [[filled.long, filled.short], bob.id]) < 80


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_ticks_are_told_at_the_same_cost_however_long_the_histories_are(filled: Filled, who: str) -> None:
    """alice wrote all of it, and bob nothing: he is not looked for through the whole history."""
    mark = "UPDATE receipts_watermark SET delivered_seq = %s, seen_seq = %s WHERE conversation_id = %s AND user_id = %s"
    reader = getattr(filled.people, who)
    filled.connection.execute(mark, [ENTRIES - 20, ENTRIES - 30, filled.long, reader.id])
    cost = filled.cost(reconcile.TICKS, [[filled.long], None])
    assert cost < 1_000, cost
    rows = filled.connection.execute(reconcile.TICKS, [[filled.long], None]).fetchall()
    wanted = {("SEEN", reader.id, ENTRIES - 30)}
    if who == "bob":
        writer = filled.people.alice.id
        wanted |= {("DELIVERED", writer, ENTRIES - 20), ("SEEN", writer, ENTRIES - 30)}
    assert {(kind, viewer, upto) for _, _, kind, upto, viewer, *_ in rows} == wanted
