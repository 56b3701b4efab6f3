"""The checker's verdict (V1 to V10) on one conversation once everything is quiet."""

from collections.abc import Sequence

import psycopg

from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.faults.checker import check
from tests.faults.history import Row
from tests.waiting import until

MARKS = "SELECT user_id::text, delivered_seq, seen_seq FROM receipts_watermark WHERE conversation_id = %s"
CURSORS = "SELECT device_id::text, received_seq FROM chat_inbox WHERE conversation_id = %s"
LOG = """
SELECT conversation_id::text, seq, id::text, sender_id::text, client_id, body FROM chat_message
WHERE conversation_id = %s ORDER BY seq
"""


async def verdict(house: House, phones: Sequence[Phone], conv: str, count: int, timeout: float = 60.0) -> list[str]:
    """What is wrong after `count` messages. The phones share one History and nobody does anything any more."""
    for phone in phones:
        await phone.until(lambda phone=phone: phone.store.received(conv) >= count, timeout)
    await _quiet(house, phones, conv, timeout)
    history = phones[0].history
    history.members[conv] = {phone.who.user for phone in phones}
    with psycopg.connect(house.dsn) as connection:
        history.log = [Row(*row) for row in connection.execute(LOG, [conv])]
        marks = connection.execute(MARKS, [conv]).fetchall()
        history.watermarks = {(conv, user): (delivered, seen) for user, delivered, seen in marks}
        history.inboxes = {(conv, device): at for device, at in connection.execute(CURSORS, [conv])}
    wrong = [] if len(history.log) == count else [f"{len(history.log)} entries instead of {count}"]
    return wrong + check(history)


async def _quiet(house: House, phones: Sequence[Phone], conv: str, timeout: float) -> None:
    """Until the database says what the devices say."""
    truth: dict[str, tuple[int, int]] = {}
    for phone in phones:
        mine = (phone.store.received(conv), phone.store.seen.get(conv, 0))
        before = truth.get(phone.who.user, (0, 0))
        truth[phone.who.user] = (max(mine[0], before[0]), max(mine[1], before[1]))
    cursors = {phone.who.device: phone.store.received(conv) for phone in phones}

    def agrees() -> bool:
        with psycopg.connect(house.dsn) as connection:
            marks = {user: (d, s) for user, d, s in connection.execute(MARKS, [conv])}
            return marks == truth and cursors.items() <= dict(connection.execute(CURSORS, [conv])).items()

    await until(agrees, timeout)
