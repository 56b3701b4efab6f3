"""People for a load: enrolled, signed in, two by two in conversations; all by SQL, as the pages would make them."""

from itertools import count

import psycopg

from chat.models.ids import new_id
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


def make(house: House, sockets: int) -> list[tuple[str, str, str, str]]:
    """Seats as a Plan wants them: pairs side by side, none of whom has met anyone else."""
    people = house.enrol(*[f"bench{next(_numbers)}" for _ in range(sockets)])
    convs = [str(new_id()) for _ in range(sockets // 2)]
    with psycopg.connect(house.dsn) as connection:
        connection.execute(
            ADD_PAIRS, [convs, [each.user for each in people[::2]], [each.user for each in people[1::2]]]
        )
    return [(each.user, each.device, each.cookie_header, convs[n // 2]) for n, each in enumerate(people)]
