"""Sockets of which something was to come and did not, or whose session has expired: found by looking once a second,
without a timer for each.

Times are the event loop's, in seconds.
"""

from collections.abc import Collection

from chat.delivery.session import Session
from chat.protocol.errors import CloseCode

# From being connected to the first hello; a full window without an acknowledgement; no frame at all (two heartbeats
# and a bit).
HELLO_S = 10.0
STALLED_S = 30.0
SILENT_S = 60.0


class Watchdog:
    """`strangers`: sockets that have yet to say hello. `full`: those with a full window, and some that had one."""

    def __init__(self) -> None:
        self.strangers: set[Session] = set()
        self.full: set[Session] = set()

    def forget(self, session: Session) -> None:
        """The socket is gone."""
        self.strangers.discard(session)
        self.full.discard(session)

    def look(self, sessions: Collection[Session], now: float) -> None:
        """Ends those that are overdue; `sessions` are all that have said hello."""
        for stranger in self.strangers:
            if now - stranger.met_at > HELLO_S:
                stranger.end(CloseCode.NO_HELLO)
        for session in sessions:
            # Whatever has filled it: pushes, what is read for it alone, answers it takes none of.
            if session.is_full:
                self.full.add(session)
            if not session.unacked and not session.behind:
                session.owed_since = None
            elif session.owed_since is None:
                session.owed_since = now
            if now - session.heard_at > SILENT_S:
                session.end(CloseCode.SILENT)
            if session.good_until is not None and now >= session.good_until:
                session.end(CloseCode.AUTHENTICATION_FAILED)
        self._close_stalled(now)

    def _close_stalled(self, now: float) -> None:
        """Those whose window has been full too long without progress."""
        for session in [session for session in self.full if not session.is_full]:
            session.full_since = None
            self.full.discard(session)
        for session in self.full:
            if session.full_since is None:
                session.full_since = now
            elif now - session.full_since > STALLED_S:
                session.end(CloseCode.SLOW_READER)


def longest_owed(sessions: Collection[Session], now: float) -> float:
    """Seconds that a connected device has been owed entries, or has owed acknowledgements, without progress."""
    since = [session.owed_since for session in sessions if session.owed_since is not None]
    return now - min(since) if since else 0.0
