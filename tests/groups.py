"""Groups as tests need them: made and changed by the use cases, one person at a time."""

from uuid import uuid4

from chat.log import groups
from chat.log.access import Actor
from chat.log.groups import Plan
from chat.log.locking import Connection


async def create(connection: Connection, creator: Actor, title: str, users: list[str]) -> str:
    """The conversation's id. Entry 1 says that it was made."""
    return (await groups.create(connection, creator, Plan(f"made_{uuid4()}", title, users))).conv


async def add(connection: Connection, actor: Actor, conv: str, user: str) -> bool:
    """Whether anything was done, with one more entry."""
    return (await groups.add(connection, actor, conv, [user])).head is not None


async def remove(connection: Connection, actor: Actor, conv: str, user: str) -> bool:
    """Somebody else, or oneself; whether anything was done, with one more entry (two, when an owner leaves)."""
    leaving = actor.user == user
    done = await (groups.leave(connection, actor, conv) if leaving else groups.remove(connection, actor, conv, user))
    return done.head is not None
