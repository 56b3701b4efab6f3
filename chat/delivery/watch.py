"""One socket's wish to know whether the other one of a 1:1 conversation is here. It ends by itself unless repeated."""

from typing import Any

from chat.delivery.session import Session
from chat.log.between import BARRED
from chat.log.pool import Database
from chat.policy.presence import Held, Whereabouts, whereabouts
from chat.policy.privacy import TELLS_PRESENCE

# Of conversations and who asks: the other one, and when any device of theirs was last connected. No row where nothing
# is told: another kind of conversation, not (any more) the asking person's, either has it switched off or blocked the
# other.
PEERS = f"""
SELECT w.conv::text, w.viewer::text, person.id::text,
       (SELECT (extract(epoch FROM max(d.last_seen_at)) * 1000)::bigint FROM chat_device d WHERE d.user_id = person.id)
FROM unnest(%s::uuid[], %s::uuid[]) AS w(conv, viewer)
JOIN chat_conversation c ON c.id = w.conv AND c.kind = 'direct'
JOIN chat_membership mine ON mine.conversation_id = c.id AND mine.user_id = w.viewer AND mine.left_seq IS NULL
JOIN chat_membership theirs ON theirs.conversation_id = c.id AND theirs.left_seq IS NULL
JOIN chat_user viewer ON viewer.id = w.viewer
JOIN chat_user person ON person.id = theirs.user_id AND person.is_active
WHERE {TELLS_PRESENCE.format(person="person", viewer="viewer")} AND NOT {BARRED.format(c="c")}
"""


class Watch:
    __slots__ = ("asked_at", "conv", "is_answered", "is_stale", "last_seen_at", "peer", "session", "told")

    def __init__(self, session: Session, conv: str, now: float) -> None:
        self.session = session
        self.conv = conv
        self.peer: str | None = None
        self.last_seen_at: int | None = None
        # What was told last, once `is_answered`. None: that nothing is known.
        self.told: Whereabouts | None = None
        self.ask(now)

    def ask(self, now: float) -> None:
        """Anew: who it is and what is known is looked up, and told in any case."""
        self.asked_at = now
        self.is_stale = True
        self.is_answered = False

    @property
    def was_offline(self) -> bool:
        return self.is_answered and self.told is not None and not self.told.online

    def tell(self, is_here: bool, held: Held) -> None:
        """If it is news, and the socket takes it."""
        is_known = self.peer is not None and not self.is_stale
        now = whereabouts(is_here, self.peer in held.people, held.is_whole, self.last_seen_at) if is_known else None
        if (self.is_answered and now == self.told) or self.session.outlet.is_behind:
            return
        self.told, self.is_answered = now, True
        self.session.write({"t": "presence", "conv": self.conv, "people": self._people(now)})

    def _people(self, now: Whereabouts | None) -> list[dict[str, Any]]:
        if now is None:
            return []
        told: dict[str, Any] = {"id": self.peer, "online": now.online}
        return [told if now.last_seen_at is None else told | {"last_seen_at": now.last_seen_at}]


async def look_up(database: Database, watches: list[Watch]) -> None:
    """Who they are about, in one query. Raises psycopg.Error; then nothing is known of them."""
    for watch in watches:
        watch.is_stale = True
    if not watches:
        return
    asked = [[watch.conv for watch in watches], [watch.session.user for watch in watches]]
    rows = {(conv, viewer): (peer, at) for conv, viewer, peer, at in await database.rows(PEERS, asked)}
    for watch in watches:
        watch.peer, watch.last_seen_at = rows.get((watch.conv, watch.session.user), (None, None))
        watch.is_stale = False
