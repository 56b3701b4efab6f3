"""Where a session begins in a conversation: where its device says it stands, within what the log holds for it.

Two numbers are compared. A device ahead of the server (its acknowledgements were lost) is believed, one behind (it
lost its store) is pushed the entries again. What expired before it came is skipped, and it is told up to where.
"""

import asyncio
from collections.abc import Mapping, Sequence

from chat.delivery.cursor import Cursor
from chat.delivery.session import Session
from chat.inbox.horizons import Reset, pass_horizons
from chat.inbox.sync import Summary
from chat.protocol.frames import Absence, Place


class Places:
    """`cursors` raises django.db.Error and psycopg.Error; then nobody was told anything."""

    def __init__(self) -> None:
        # For the little that is written by Django's side, in threads.
        self.threads = asyncio.Semaphore(2)

    async def cursors(
        self, session: Session, summaries: Sequence[Summary], claims: Mapping[str, Place]
    ) -> dict[str, Cursor]:
        """By conversation. Writes a `reset` for each in which the device is below its horizon."""
        found = {summary.conv: _cursor(summary, claims.get(summary.conv)) for summary in summaries}
        resets = [
            Reset(summary.conv, found[summary.conv].pushed if summary.conv in claims else 0, summary.horizon)
            for summary in summaries
            if _is_to_be_reset(found[summary.conv].pushed, summary, claims)
        ]
        if resets:
            async with self.threads:
                await asyncio.to_thread(pass_horizons, session.device, resets)
        for reset in resets:
            before = found[reset.conv]
            held = (before.rev_told, before.seen, before.readable, before.media_horizon)
            found[reset.conv] = Cursor(reset.horizon, *held)
            session.write({"t": "reset", "conv": reset.conv, "horizon": reset.horizon, "why": "expired"})
        return found

    async def pass_expired(self, session: Session, conv: str, absent: Sequence[Absence]) -> bool:
        """Of what is about to be told as absent some expired, above where the device stands: it is reset before it
        hears of it, or its next acknowledgement would vouch for what it never had. Whether it was."""
        cursor = session.cursors.get(conv)
        horizon = max((gap["to"] for gap in absent if gap["why"] == "expired"), default=0)
        if cursor is None or horizon <= cursor.stored:
            return False
        reset = Reset(conv, cursor.stored, horizon)
        async with self.threads:
            await asyncio.to_thread(pass_horizons, session.device, [reset])
        session.pass_over(conv, horizon)
        return True


def _is_to_be_reset(position: int, summary: Summary, claims: Mapping[str, Place]) -> bool:
    """Also a device that states nothing and stands at the horizon: it may not have heard of what brought it there."""
    return position < summary.horizon or (summary.conv not in claims and 0 < summary.horizon == position)


def _cursor(summary: Summary, claim: Place | None) -> Cursor:
    received, rev = summary.received, summary.received_rev
    if claim is not None:
        received = max(summary.first - 1, min(claim.received, summary.head))
        rev = rev if claim.rev is None else min(claim.rev, summary.rev)
    return Cursor(received, rev, summary.seen, summary.readable, summary.media_horizon)
