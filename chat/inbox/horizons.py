"""A device whose cursor is below its horizon: what lay there expired, and it goes on above.

Its own claims come first, since what it says to have stored it has, whatever expired meanwhile. Then the cursor is
raised, and only then is the device told: so what its cursor rises over from now on, it has truly stored.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from receipts import ledger
from receipts.ledger import Row
from receipts.watermarks import Kind

RAISE_CURSORS = """
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts)
SELECT conv, %s::uuid, horizon, 0 FROM unnest(%s::uuid[], %s::bigint[]) AS h(conv, horizon) ORDER BY conv
ON CONFLICT (conversation_id, device_id) DO UPDATE SET received_seq = excluded.received_seq
WHERE chat_inbox.received_seq < excluded.received_seq
"""


@dataclass(frozen=True, slots=True)
class Reset:
    """`claimed`: what the device says to have stored, 0: nothing it knows of."""

    conv: str
    claimed: int
    horizon: int


def pass_horizons(device: str, resets: Sequence[Reset]) -> None:
    """Raises django.db.Error; then nothing was written and nothing may be told. In a thread: ends its connection."""
    now = time.time_ns() // 1_000_000
    claims = [Row(each.conv, device, Kind.DELIVERED.value, each.claimed, now) for each in resets if each.claimed]
    try:
        with transaction.atomic():
            if claims:
                ledger.apply(claims)
            with connection.cursor() as cursor:
                cursor.execute(
                    RAISE_CURSORS, [device, [each.conv for each in resets], [each.horizon for each in resets]]
                )
    finally:
        connection.close()
