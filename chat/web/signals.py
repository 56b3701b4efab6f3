"""The frames that may be lost: typing and presence. Nothing waits for them, and what is too much is dropped unsaid.

Authorisation: the room the session is in. Threats met here: who was never in a conversation, or is not any more
(nothing in, nothing out; as if it did not exist), and who floods the others by saying that they type.
"""

from chat.delivery.runtime import Runtime
from chat.delivery.session import Session
from chat.policy.rate import TokenBucket
from chat.protocol.frames import Presence, Typing

# A client says that it types every three seconds, and what it looks at every 25: each may do so in several tabs.
TYPING_PER_S, TYPING_BURST = 0.5, 5.0
WATCHES_PER_S, WATCH_BURST = 1.0, 20.0


class Signals:
    def __init__(self, runtime: Runtime, session: Session, now: float) -> None:
        self._runtime = runtime
        self._session = session
        self._typing = TokenBucket(TYPING_PER_S, TYPING_BURST, now)
        self._watches = TokenBucket(WATCHES_PER_S, WATCH_BURST, now)

    def take(self, frame: Typing | Presence, now: float) -> bool:
        """False: there is no such conversation for this person."""
        room = self._runtime.hub.rooms.get(frame.conv)
        if room is None or frame.conv not in self._session.cursors:
            return False
        if isinstance(frame, Presence):
            if not self._watches.take(now):
                self._runtime.presence.watch(self._session, frame.conv)
        elif self._session.shows_presence and not self._typing.take(now):
            self._runtime.postman.typing(room, self._session.user)
        return True
