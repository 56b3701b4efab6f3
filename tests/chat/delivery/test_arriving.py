"""What happens between a socket's hello and its answer is not lost: conversations are still being read then."""

import asyncio
import json
from typing import Any

from chat.delivery.doorkeeper import Doorkeeper
from chat.delivery.effects import Postman
from chat.delivery.hub import Hub
from chat.delivery.layer import Publisher
from chat.delivery.outlet import Outlet
from chat.delivery.places import Places
from chat.delivery.session import Session
from chat.log.committer import Result
from chat.log.pending import Pending
from chat.log.pool import Database
from chat.log.transaction import Settled
from chat.policy.decide import Accepted, Known, Proposal
from tests.chat.delivery.paper import cursor_of, summary

TICK = {"type": "SEEN", "conv": "c", "seq": 3, "message_id": "m", "timestamp": 1, "sender_id": "bob"}


def arriving(hub: Hub) -> tuple[Session, list[dict[str, Any]]]:
    written: list[dict[str, Any]] = []

    async def send(event: dict[str, Any]) -> None:
        written.append(json.loads(event["text"]))

    session = Session("alice", "phone", Outlet(send, lambda: None), asyncio.get_running_loop().time())
    hub.arrive(session)
    return session, written


def nothing(conv: str) -> None:
    """No database behind this hub."""


def office() -> tuple[Postman, Hub]:
    door = Doorkeeper(Database("host=/nowhere"), Places())
    postman = Postman(Publisher(), door)
    postman.hub = door.hub = hub = Hub(nothing, door.reload)
    return postman, hub


async def test_a_tick_waits_until_its_conversation_has_been_told() -> None:
    hub = Hub(nothing, nothing)
    session, written = arriving(hub)
    hub.tick(7, [("alice", TICK)])
    session.write({"t": "conversations"})
    hub.begin(session, 0)
    hub.tick(8, [("alice", TICK | {"seq": 4})])
    await session.outlet.flushed(5)
    assert [frame["t"] for frame in written] == ["conversations", "ack", "sync_done", "ack"]
    assert [frame["acks"][0]["seq"] for frame in written if frame["t"] == "ack"] == [3, 4]


async def test_a_conversation_made_meanwhile_is_remembered() -> None:
    postman, hub = office()
    session, _ = arriving(hub)
    await postman.members_changed("c", ["alice", "bob"])
    assert session.joined == ["c"]


async def test_a_repeat_tells_this_process_what_another_has_appended() -> None:
    postman, hub = office()
    session, _ = arriving(hub)
    found = summary("c", 4, received=4)
    hub.enter(session, found, cursor_of(found))
    send = Proposal("c", "alice", "phone", "a1", "hi", "m5")
    outcome = Accepted(Known("c", "m5", 5, b"", 1), None, duplicate=True)
    postman.settled(Result([(Pending(send, session, 0.0), outcome)], Settled([outcome], {"c": 1}, "local", {})))
    assert hub.rooms["c"].head == 5


async def test_a_tick_of_a_conversation_that_is_still_being_read_is_looked_up() -> None:
    """Its room is made only when all are read; until then the tick waits with the session."""
    postman, hub = office()
    with hub.reading():
        assert postman.rooms(["c"]) == ["c"]
    assert postman.rooms(["c"]) == []
