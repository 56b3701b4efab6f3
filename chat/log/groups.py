"""Groups and who is in them. Each change locks the conversation, asks the rules (chat/policy/groups.py), and leaves an
entry that says what was done (events.py).

A stay begins and ends with the entry that says so: who is removed may still be told of that, and of nothing later. Who
comes back begins a new stay and may read those of before again, but not what was written while they were away.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.log import events
from chat.log.access import Actor
from chat.log.append import KNOWN
from chat.log.attached import DROPPED
from chat.log.between import REACHES
from chat.log.events import Done
from chat.log.group_lock import Group, locked
from chat.log.locking import Connection, must_act
from chat.log.refusal import Refusal
from chat.models.ids import new_id
from chat.policy.decide import digest
from chat.policy.groups import GIVES, Act, refusal, refusal_towards
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Event
from chat.protocol.group_frames import Adding, HistoryFrom, Role

MAX_MEMBERS = 1_024

# How many of them there are, and how many may be added by somebody.
PEOPLE = f"""
WITH adding AS (SELECT %s::uuid AS id)
SELECT count(*), count(*) FILTER (WHERE {REACHES.format(user="adding.id")})
FROM chat_user p, adding WHERE p.id = ANY(%s::uuid[]) AND p.is_active
"""

CREATE = """
WITH made AS (
    INSERT INTO chat_conversation
        (id, kind, title, adding, history, created_at, last_seq, last_rev, members_rev, floor_seq)
    VALUES (%(conv)s::uuid, 'group', %(title)s, %(adding)s, %(history)s, now(), 0, 0, 0, 0)
), stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_at)
    SELECT %(conv)s::uuid, u, CASE WHEN u = %(owner)s::uuid THEN 'owner' ELSE 'member' END, 1, now()
    FROM unnest(%(users)s::uuid[]) AS u
)
INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
SELECT %(conv)s::uuid, u, 0, 0 FROM unnest(%(users)s::uuid[]) AS u
"""

CHANGE = """
UPDATE chat_conversation SET title = %s, picture = nullif(%s, '')::uuid, adding = %s, history = %s WHERE id = %s::uuid
"""
# A complete upload of who shows it, of a kind that thumbnails are made of. It belongs to the entry that says so.
SHOW = """
UPDATE chat_attachment SET state = 'sent', conversation_id = %s::uuid, seq = %s
WHERE id = %s::uuid AND owner_id = %s::uuid AND state = 'ready' AND thumbnail IN ('wanted', 'made') RETURNING id
"""
DROP_PICTURE = f"UPDATE chat_attachment SET {DROPPED} WHERE id = %s::uuid"
# Of a picture and its conversation.
NO_PICTURE = f"WITH dropped AS ({DROP_PICTURE}) UPDATE chat_conversation SET picture = NULL WHERE id = %s::uuid"

# Whoever comes for the first time has nothing to catch up with. Who comes back goes on where they were: each device at
# its cursor, one without at the start, unless it came to be since they left: then where its person is.
JOIN = """
WITH stay AS (
    INSERT INTO chat_membership (conversation_id, user_id, role, visible_from_seq, joined_seq, joined_at)
    SELECT %(conv)s::uuid, u, 'member', %(first)s, %(head)s::bigint + 1, now() FROM unnest(%(users)s::uuid[]) AS u
), mark AS (
    INSERT INTO receipts_watermark (conversation_id, user_id, delivered_seq, seen_seq)
    SELECT %(conv)s::uuid, u, %(head)s, %(head)s FROM unnest(%(users)s::uuid[]) AS u
    ON CONFLICT (conversation_id, user_id) DO NOTHING
)
INSERT INTO chat_inbox (conversation_id, device_id, received_seq, received_rev, attempts)
SELECT %(conv)s::uuid, d.id, coalesce(w.delivered_seq, %(head)s), %(rev)s, 0
FROM chat_device d
LEFT JOIN receipts_watermark w ON w.conversation_id = %(conv)s::uuid AND w.user_id = d.user_id
WHERE d.user_id = ANY(%(users)s::uuid[]) AND d.revoked_at IS NULL AND d.created_at > coalesce(
    (SELECT max(e.left_at) FROM chat_membership e
     WHERE e.conversation_id = %(conv)s::uuid AND e.user_id = d.user_id), '-infinity')
ORDER BY d.id
ON CONFLICT (conversation_id, device_id) DO NOTHING
"""
END_STAY = """
UPDATE chat_membership SET left_seq = %s, left_at = now(), was_removed = %s
WHERE conversation_id = %s::uuid AND user_id = %s::uuid AND left_seq IS NULL
"""
ROLE = """
UPDATE chat_membership SET role = %s WHERE conversation_id = %s::uuid AND user_id = %s::uuid AND left_seq IS NULL
"""
# Of those who are left: an admin before a member, whoever is there longest. Someone suspended only if there is nobody
# else: as long as there are members, one of them is the owner.
SUCCESSOR = """
SELECT s.user_id::text FROM chat_membership s JOIN chat_user u ON u.id = s.user_id
WHERE s.conversation_id = %s::uuid AND s.left_seq IS NULL AND s.user_id <> %s::uuid
ORDER BY u.is_active DESC, s.role = 'admin' DESC, s.joined_at, s.joined_seq, s.id LIMIT 1
"""
WAS_MEMBER = "SELECT FROM chat_membership WHERE conversation_id = %s::uuid AND user_id = %s::uuid LIMIT 1"


@dataclass(frozen=True, slots=True)
class Plan:
    """A group to be: `users` beside who makes it."""

    client_id: str
    title: str
    users: Sequence[str]
    adding: Adding = "admins"
    history: HistoryFrom = "joining"

    def digest(self) -> bytes:
        """Equal exactly for the same group."""
        return digest("group", self.title, None, [self.adding, self.history, *sorted(set(self.users))])


async def create(connection: Connection, creator: Actor, plan: Plan, most: int = MAX_MEMBERS) -> Done:
    """A group of `creator`, its owner. Once more with the same client_id: the same group. Raises Refusal: NOT_FOUND
    when somebody does not exist, NOT_REACHABLE when they do not let themselves be added, GROUP_FULL,
    IDEMPOTENCY_CONFLICT, AUTHENTICATION_FAILED; and
    psycopg.errors.UniqueViolation when the same is being done elsewhere: then once more."""
    await must_act(connection, creator)
    if again := await _made_before(connection, creator, plan):
        return again
    users = sorted({creator.user, *plan.users})
    if len(users) > most:
        raise Refusal(ErrorCode.GROUP_FULL)
    await _must_be_there(connection, creator, users)
    conv = str(new_id())
    fields = {"conv": conv, "title": plan.title, "adding": plan.adding, "history": plan.history}
    await connection.execute(CREATE, fields | {"owner": creator.user, "users": users})
    group = Group(conv, 0, 0, 0, plan.title, None, plan.adding, plan.history, {}, len(users))
    event = Event(type="created", title=plan.title, count=len(users))
    return await events.write(connection, group, creator, [event], users, (plan.client_id, plan.digest()))


async def change(
    connection: Connection,
    actor: Actor,
    conv: str,
    title: str | None = None,
    adding: Adding | None = None,
    history: HistoryFrom | None = None,
    picture: str | None = None,
) -> Done:
    """None: as it is. `picture`: an upload of the actor's; empty: none any more. Raises Refusal: NOT_FOUND,
    NOT_ALLOWED, INVALID_ATTACHMENT (it is not there, not theirs, not complete, part of a message or no picture),
    AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor)
    unless(refusal(Act.CHANGE, group.roles.get(actor.user)))
    event = Event(type="changed")
    if title not in (None, group.title):
        event["title"] = title
    if adding not in (None, group.adding):
        event["adding"] = adding
    if history not in (None, group.history):
        event["history"] = history
    if picture not in (None, group.picture or ""):
        event["picture"] = picture
        await _show(connection, actor, group, picture)
    if len(event) == 1:
        return events.nothing(group)
    now = [event.get("title", group.title), event.get("picture", group.picture)]
    now += [event.get("adding", group.adding), event.get("history", group.history)]
    await connection.execute(CHANGE, [*now, conv])
    return await events.write(connection, group, actor, [event])


async def _show(connection: Connection, actor: Actor, group: Group, picture: str) -> None:
    """`picture` in place of the one before, whose file goes. Raises Refusal: INVALID_ATTACHMENT."""
    if picture:
        shown = await connection.execute(SHOW, [group.conv, group.head + 1, picture, actor.user])
        if await shown.fetchone() is None:
            raise Refusal(ErrorCode.INVALID_ATTACHMENT)
    if group.picture:
        await connection.execute(DROP_PICTURE, [group.picture])


async def add(connection: Connection, actor: Actor, conv: str, users: Sequence[str], most: int = MAX_MEMBERS) -> Done:
    """They join, or come back; who is in it already stays. Raises Refusal: NOT_FOUND, NOT_ALLOWED, NOT_REACHABLE,
    GROUP_FULL, AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor, users)
    unless(refusal(Act.ADD, group.roles.get(actor.user), group.adding))
    fresh = sorted(set(users) - group.roles.keys())
    if not fresh:
        return events.nothing(group)
    await _must_be_there(connection, actor, fresh)
    return await join(connection, group, actor, fresh, Event(type="added", users=fresh), most)


async def join(
    connection: Connection, group: Group, actor: Actor, users: Sequence[str], event: Event, most: int
) -> Done:
    """Those are in it from the entry on that says so. Raises Refusal: GROUP_FULL."""
    if group.count + len(users) > most:
        raise Refusal(ErrorCode.GROUP_FULL)
    first = group.first_of(group.head + 1)
    fields = {"conv": group.conv, "users": list(users), "head": group.head, "rev": group.rev, "first": first}
    await connection.execute(JOIN, fields)
    return await events.write(connection, group, actor, [event], users)


async def remove(connection: Connection, actor: Actor, conv: str, user: str) -> Done:
    """Ends somebody else's stay; only being added brings them back. Raises Refusal: NOT_FOUND, NOT_ALLOWED,
    AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor, [user])
    unless(refusal_towards(Act.REMOVE, group.roles.get(actor.user), group.roles.get(user)))
    if user not in group.roles:
        return events.nothing(group)
    await connection.execute(END_STAY, [group.head + 1, True, conv, user])
    return await events.write(connection, group, actor, [Event(type="removed", users=[user])], [user])


async def leave(connection: Connection, actor: Actor, conv: str) -> Done:
    """Ends one's own stay. An owner passes the group on before; the last one takes its picture along, which nobody may
    fetch any more. Who has left already has done so. Raises Refusal: NOT_FOUND, AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor)
    role = group.roles.get(actor.user)
    if role is None and await (await connection.execute(WAS_MEMBER, [conv, actor.user])).fetchone() is not None:
        return events.nothing(group)
    unless(refusal(Act.LEAVE, role))
    told = [Event(type="left")]
    if role == "owner" and (heir := await _successor(connection, conv, actor.user)):
        told.insert(0, Event(type="role", users=[heir], role="owner"))
    await connection.execute(END_STAY, [group.head + len(told), False, conv, actor.user])
    if len(told) > 1:
        await connection.execute(ROLE, ["owner", conv, heir])
    if group.count == 1 and group.picture:
        await connection.execute(NO_PICTURE, [group.picture, conv])
    return await events.write(connection, group, actor, told, [actor.user])


async def give_role(connection: Connection, actor: Actor, conv: str, user: str, role: Role) -> Done:
    """Raises Refusal: NOT_FOUND, NOT_ALLOWED, AUTHENTICATION_FAILED."""
    group = await locked(connection, conv, actor, [user])
    unless(refusal_towards(GIVES[role], group.roles.get(actor.user), group.roles.get(user)))
    if group.roles[user] == role:
        return events.nothing(group)
    if role == "owner":
        await connection.execute(ROLE, ["admin", conv, actor.user])
    await connection.execute(ROLE, [role, conv, user])
    return await events.write(connection, group, actor, [Event(type="role", users=[user], role=role)])


async def _successor(connection: Connection, conv: str, owner: str) -> str | None:
    cursor = await connection.execute(SUCCESSOR, [conv, owner])
    found = await cursor.fetchone()
    return found[0] if found else None


async def _made_before(connection: Connection, creator: Actor, plan: Plan) -> Done | None:
    """What this client_id has become already. Raises Refusal: IDEMPOTENCY_CONFLICT."""
    cursor = await connection.execute(KNOWN, [[creator.user], [plan.client_id]])
    known = await cursor.fetchone()
    if known is None:
        return None
    if bytes(known[5]) != plan.digest():
        raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT)
    return Done(known[2], 0)


async def _must_be_there(connection: Connection, actor: Actor, users: Sequence[str]) -> None:
    """And let themselves be added by `actor`."""
    cursor = await connection.execute(PEOPLE, [actor.user, list(users)])
    there, reached = await cursor.fetchone() or (0, 0)
    if there != len(users):
        raise Refusal(ErrorCode.NOT_FOUND)
    if reached != there:
        raise Refusal(ErrorCode.NOT_REACHABLE)


def unless(code: ErrorCode | None) -> None:
    """Raises Refusal."""
    if code is not None:
        raise Refusal(code)
