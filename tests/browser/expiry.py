"""What a device finds that was away for longer than messages are kept."""

import psycopg

from tests.acceptance.servers import House
from tests.browser.person import Person

# The conversation of two people, as `c`.
TALK = """
WITH c AS (
    SELECT s.conversation_id AS id FROM chat_membership s JOIN chat_user u ON u.id = s.user_id
    WHERE u.username = ANY(%(people)s) GROUP BY 1 HAVING count(*) = 2
)
"""
# As retention does it: a lapse for the one who did not take them, a horizon for their devices, a row that tells of it.
EXPIRE = (
    TALK
    + """, who AS (SELECT id FROM chat_user WHERE username = %(loser)s), lapse AS (
    INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
    SELECT c.id, who.id, %(first)s, %(last)s, now() FROM c, who
), horizon AS (
    INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, horizon_seq)
    SELECT c.id, d.id, 0, 0, %(last)s FROM c, who JOIN chat_device d ON d.user_id = who.id
    ON CONFLICT (conversation_id, device_id) DO UPDATE SET horizon_seq = excluded.horizon_seq
)
INSERT INTO chat_change (kind, conversations, heads, users, at)
SELECT 'lapsed', ARRAY[c.id], ARRAY[%(first)s, %(last)s]::bigint[], ARRAY[who.id], clock_timestamp() FROM c, who
"""
)


def expire(house: House, sender: Person, loser: Person, first: int, last: int) -> None:
    people = [sender.username, loser.username]
    with psycopg.connect(house.dsn) as connection:
        connection.execute(EXPIRE, {"people": people, "loser": loser.username, "first": first, "last": last})


def leave(person: Person) -> None:
    person.profile.forgive("404")
    person.goto("/nothing")
