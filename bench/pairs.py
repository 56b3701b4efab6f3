"""People for a load: enrolled, signed in, two by two in conversations; all by SQL, as the pages would make them."""

from collections.abc import Sequence
from itertools import count

import psycopg

from chat.models.ids import new_id
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House

ADD_PAIRS = """
WITH pair AS (
    SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[]) AS p(id, one, other)
), made AS (
    INSERT INTO chat_conversation
        (id, kind, title, direct_key, created_at, last_seq, last_rev, members_rev, floor_seq)
    SELECT id, 'direct', '', least(one, other) || ':' || greatest(one, other), now(), 0, 0, 1, 0 FROM pair
), stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, visible_from_seq, joined_at)
    SELECT id, person, 1, now() FROM pair, unnest(ARRAY[one, other]) AS person
)
INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
SELECT id, person, 0, 0 FROM pair, unnest(ARRAY[one, other]) AS person
"""

_numbers = count()


def names(count: int) -> list[str]:
    """Of people nobody has met."""
    return [f"bench{next(_numbers)}" for _ in range(count)]


def between(house: House, people: Sequence[tuple[SignedIn, SignedIn]]) -> list[tuple[str, str, str, str, str]]:
    """A conversation for each pair: its id, then user and device of both."""
    convs = [str(new_id()) for _ in people]
    with psycopg.connect(house.dsn) as connection:
        connection.execute(ADD_PAIRS, [convs, [one.user for one, _ in people], [other.user for _, other in people]])
    return [
        (conv, one.user, one.device, other.user, other.device) for conv, (one, other) in zip(convs, people, strict=True)
    ]


def make(house: House, sockets: int) -> list[tuple[str, str, str, str]]:
    """Seats as a Plan wants them: pairs side by side, none of whom has met anyone else."""
    people = house.enrol(*names(sockets))
    lines = between(house, list(zip(people[::2], people[1::2], strict=True)))
    return [(each.user, each.device, each.cookie_header, lines[n // 2][0]) for n, each in enumerate(people)]
