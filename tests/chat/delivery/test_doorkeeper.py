"""Who is let in while it is being read who belongs."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from chat.delivery.doorkeeper import Doorkeeper
from chat.delivery.hub import Hub
from chat.delivery.session import Session
from chat.log import access
from chat.policy.visibility import Readable
from tests.chat.delivery.paper import cursor_of, frames, new_session, summary


class Slow:
    """The database's answer to who may read what, given when it is told to."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.may_answer = asyncio.Event()

    async def room(self, database: Any, conv: str, users: Iterable[str]) -> tuple[int, int, dict[str, Readable]]:
        self.asked.append(set(users))
        await self.may_answer.wait()
        return 1, 1, {user: Readable() for user in self.asked[-1]}


async def test_who_comes_into_a_room_made_anew_meanwhile_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room that was read for is gone with its last socket; another of the same conversation is there."""
    slow = Slow()
    monkeypatch.setattr(access, "room", slow.room)
    door = Doorkeeper(None, None)  # type: ignore[arg-type]
    hub = door.hub = Hub(lambda conv: None, door.reload)

    def enter(session: Session) -> None:
        found = summary("c1", 3)
        hub.arrive(session)
        hub.enter(session, found, cursor_of(found))

    alice, bob = new_session("alice"), new_session("bob")
    enter(alice)
    reading = asyncio.ensure_future(door._rooms.ask("c1"))
    while not slow.asked:
        await asyncio.sleep(0)
    hub.leave(alice)
    enter(bob)
    slow.may_answer.set()
    await reading
    assert slow.asked == [{"alice"}, {"bob"}]
    assert bob in hub.rooms["c1"].sessions
    assert "left" not in [frame["t"] for frame in frames(bob)]
