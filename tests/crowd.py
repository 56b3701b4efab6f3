"""A house full of people, by SQL: for tests of plans and for the bench.

Each conversation is of two people with some devices each, who have stored everything; its entries are spread over the
days before now. Ids of messages are of their time, as they are in life.
"""

from dataclasses import dataclass
from typing import Any

RANDOM = "substr(md5(random()::text), 1, {})"
ID = f"lpad(to_hex({{ms}}), 12, '0') || '7' || {RANDOM.format(3)} || '8' || {RANDOM.format(15)}"

PEOPLE = """
INSERT INTO chat_user (id, username, password, name, first_name, last_name, email, is_staff, is_active, is_superuser,
                       date_joined)
SELECT md5('user' || n)::uuid, 'crowd' || n, '!', '', '', '', '', false, true, false, now()
FROM generate_series(1, %(people)s) n
"""

DEVICES = """
INSERT INTO chat_device (id, user_id, name, token_hash, created_at)
SELECT md5('device' || n || '.' || d)::uuid, md5('user' || n)::uuid, '', decode(md5(n || '.' || d), 'hex'), now()
FROM generate_series(1, %(people)s) n, generate_series(1, %(devices)s) d
"""

# Conversation n is of person n modulo the crowd and of another, a different one each round.
PAIRS = """
CREATE TEMPORARY TABLE pair AS
SELECT md5('conv' || n)::uuid AS conv, 1 + (n %% %(people)s) AS one,
       1 + ((n + 1 + n / %(people)s) %% %(people)s) AS other
FROM generate_series(0, %(conversations)s - 1) n
"""

CONVERSATIONS = """
INSERT INTO chat_conversation (id, kind, title, direct_key, created_at, last_seq, last_rev, members_rev, floor_seq)
SELECT conv, 'direct', '', conv::text, now(), %(messages)s, 0, 1, 0 FROM pair
"""

STAYS = """
INSERT INTO chat_membership (conversation_id, user_id, visible_from_seq, joined_at)
SELECT conv, md5('user' || who)::uuid, 1, now() FROM pair, unnest(ARRAY[one, other]) AS who
"""

WATERMARKS = """
INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
SELECT conv, md5('user' || who)::uuid, %(messages)s, %(messages)s FROM pair, unnest(ARRAY[one, other]) AS who
"""

INBOXES = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts)
SELECT conv, md5('device' || who || '.' || d)::uuid, %(messages)s, 0
FROM pair, unnest(ARRAY[one, other]) AS who, generate_series(1, %(devices)s) d
"""

MESSAGES = f"""
INSERT INTO chat_message (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, created_at)
SELECT ({ID.format(ms="(extract(epoch FROM at) * 1000)::bigint")})::uuid, conv, seq, md5('user' || who)::uuid,
       md5('device' || who || '.1')::uuid, conv || '_' || seq, '\\x00', 'a message of some forty characters, or so', at
FROM pair, generate_series(1, %(messages)s) seq,
     LATERAL (SELECT CASE WHEN seq %% 2 = 0 THEN one ELSE other END AS who,
                     now() - make_interval(secs => %(days)s * 86400.0 * (1 - (seq - random()) / %(messages)s)) AS at) x
"""

STEPS = (PEOPLE, DEVICES, PAIRS, CONVERSATIONS, STAYS, WATERMARKS, INBOXES, MESSAGES)
LARGE = ("chat_message", "chat_inbox", "chat_conversation", "chat_membership", "receipts_watermark")


@dataclass(frozen=True, slots=True)
class Crowd:
    """`devices` of each person; `messages` of each conversation, over `days`."""

    people: int
    devices: int
    conversations: int
    messages: int
    days: float

    @property
    def inboxes(self) -> int:
        return 2 * self.devices * self.conversations

    def fill(self, cursor: Any) -> None:
        """Into an empty database, with the statistics PostgreSQL would have gathered."""
        numbers = {name: getattr(self, name) for name in self.__slots__}
        for step in STEPS:
            cursor.execute(step, numbers)
        cursor.execute("DROP TABLE pair")
        cursor.execute(f"ANALYZE chat_user, chat_device, {', '.join(LARGE)}")
