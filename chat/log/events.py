"""Changes of a group as entries of its log: everyone sees them at their place, between the messages.

Written in the transaction that makes the change, under the conversation's lock, with the next seqs and one more
members_rev. What stands in the log is what was done, so what did nothing leaves no entry.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic_core import to_json

from chat.log.access import Actor
from chat.log.arrays import binaries, numbers, texts, words
from chat.log.group_lock import Group
from chat.log.locking import Connection
from chat.models.ids import new_id
from chat.policy.decide import digest
from chat.protocol.frames import Event

# The heads' row for whoever is connected, the members' row for whose rooms it is.
WRITE = """
WITH raised AS (
    UPDATE chat_conversation SET last_seq = %(head)s, members_rev = members_rev + 1 WHERE id = %(conv)s::uuid
), noted AS (
    INSERT INTO chat_change (kind, conversations, heads, users, at)
    VALUES ('append', ARRAY[%(conv)s::uuid], ARRAY[%(head)s::bigint], '{}', clock_timestamp()),
           ('members', ARRAY[%(conv)s::uuid], '{}', %(users)s::uuid[], clock_timestamp())
)
INSERT INTO chat_message
    (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, event, created_at)
SELECT e.id, %(conv)s::uuid, e.seq, %(sender)s::uuid, %(device)s::uuid, e.client_id, e.digest, '', e.event::jsonb,
       clock_timestamp()
FROM unnest(%(ids)s::uuid[], %(seqs)s::bigint[], %(client_ids)s::text[], %(digests)s::bytea[], %(events)s::text[])
     AS e(id, seq, client_id, digest, event)
"""


@dataclass(frozen=True, slots=True)
class Done:
    """`head`: the newest of the entries that say so; None: it was so already. `users`: who came or went."""

    conv: str
    members_rev: int
    head: int | None = None
    users: Sequence[str] = field(default_factory=list)


def nothing(group: Group) -> Done:
    return Done(group.conv, group.members_rev)


async def write(
    connection: Connection,
    group: Group,
    actor: Actor,
    events: Sequence[Event],
    users: Sequence[str] = (),
    key: tuple[str, bytes] | None = None,
) -> Done:
    """`users`: who comes or goes by it. `key`: client_id and digest of the first one, where a client has made them."""
    ids = [str(new_id()) for _ in events]
    client_ids, told = list(ids), [to_json(event).decode() for event in events]
    digests = [digest(group.conv, text, None) for text in told]
    if key is not None:
        client_ids[0], digests[0] = key
    head = group.head + len(events)
    await connection.execute(
        WRITE,
        {
            "conv": group.conv,
            "head": head,
            "users": words(users),
            "sender": actor.user,
            "device": actor.device,
            "ids": words(ids),
            "seqs": numbers(range(group.head + 1, head + 1)),
            "client_ids": texts(client_ids),
            "digests": binaries(digests),
            "events": texts(told),
        },
    )
    return Done(group.conv, group.members_rev + 1, head, list(users))
