"""The checker's verdict (V1 to V13) on one conversation once everything is quiet."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import psycopg

from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.faults.checker import check
from tests.faults.history import History, Row, Sent
from tests.waiting import until

MARKS = "SELECT user_id::text, delivered_seq, seen_seq FROM receipts_watermark WHERE conversation_id = %s"
CURSORS = "SELECT device_id::text, received_seq FROM chat_inbox WHERE conversation_id = %s"
HORIZONS = "SELECT device_id::text, horizon_seq FROM chat_inbox WHERE conversation_id = %s"
STAYS = "SELECT user_id::text, visible_from_seq, left_seq FROM chat_membership WHERE conversation_id = %s"
LAPSES = "SELECT user_id::text, from_seq, upto_seq FROM receipts_lapse WHERE conversation_id = %s"
HIDDEN = "SELECT user_id::text, seq FROM chat_hidden WHERE conversation_id = %s"
HEADS = "SELECT last_seq, last_rev FROM chat_conversation WHERE id = %s"
LOG = """
SELECT conversation_id::text, seq, id::text, sender_id::text, client_id, body, rev, deleted_at IS NOT NULL
FROM chat_message WHERE conversation_id = %s ORDER BY seq
"""
# What was done to the group by use cases, which no phone has sent.
EVENTS = """
SELECT sender_id::text, client_id FROM chat_message WHERE conversation_id = %s AND event IS NOT NULL ORDER BY seq
"""


async def verdict(house: House, phones: Sequence[Phone], conv: str, count: int, timeout: float = 60.0) -> list[str]:
    """What is wrong after `count` messages. The phones share one History and nobody does anything any more."""
    for phone in phones:
        await phone.until(lambda phone=phone: phone.store.received(conv) >= count, timeout)
    await _quiet(house, phones, conv, timeout)
    history = phones[0].history
    history.members[conv] = {phone.who.user for phone in phones}
    collect(house.dsn, history, conv)
    for phone in phones:
        history.shown[conv, phone.who.device] = {
            seq: (entry.get("rev", 0), entry.get("body", "" if "event" in entry else None))
            for seq, entry in phone.store.entries.get(conv, {}).items()
        }
    wrong = [] if len(history.log) == count else [f"{len(history.log)} entries instead of {count}"]
    return wrong + check(history)


def collect(dsn: str, history: History, conv: str) -> None:
    """What the database ends with."""
    with psycopg.connect(dsn) as connection:

        def pairs(query: str) -> dict[tuple[str, str], list[Any]]:
            found: dict[tuple[str, str], list[Any]] = defaultdict(list)
            for who, *rest in connection.execute(query, [conv]):
                found[conv, who].append(tuple(rest) if len(rest) > 1 else rest[0])
            return found

        for sender, client_id in connection.execute(EVENTS, [conv]).fetchall():
            history.add(Sent(f"by hand: {client_id}", sender, conv, client_id, "", 0))
        history.log = [Row(*row) for row in connection.execute(LOG, [conv])]
        history.watermarks = {key: marks[0] for key, marks in pairs(MARKS).items()}
        history.inboxes = {key: at[0] for key, at in pairs(CURSORS).items()}
        history.horizons = {key: at[0] for key, at in pairs(HORIZONS).items()}
        history.stays = {key: sorted(stays) for key, stays in pairs(STAYS).items()}
        history.lapses = pairs(LAPSES)
        history.hidden = {key: set(seqs) for key, seqs in pairs(HIDDEN).items()}


async def _quiet(house: House, phones: Sequence[Phone], conv: str, timeout: float) -> None:
    """Until the database says what the devices say."""
    truth: dict[str, tuple[int, int]] = {}
    for phone in phones:
        mine = (phone.store.received(conv), phone.store.seen.get(conv, 0))
        before = truth.get(phone.who.user, (0, 0))
        truth[phone.who.user] = (max(mine[0], before[0]), max(mine[1], before[1]))

    def agrees() -> bool:
        cursors = {phone.who.device: phone.store.received(conv) for phone in phones}
        with psycopg.connect(house.dsn) as connection:
            marks = {user: (d, s) for user, d, s in connection.execute(MARKS, [conv])}
            rev = connection.execute(HEADS, [conv]).fetchone()
            return (
                truth.items() <= marks.items()
                and cursors.items() <= dict(connection.execute(CURSORS, [conv])).items()
                and all(phone.store.revs.get(conv, 0) == (rev and rev[1]) for phone in phones)
            )

    await until(agrees, timeout)
