"""The client's connection against a server that says what ours would never say, or says it too early, or not at all."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from chat.protocol.errors import CloseCode
from messenger_client import Client, Message, Person, Refused, SignedOut, State, Stopped, Unavailable, link
from messenger_client.backoff import Backoff
from tests.messenger_client.odd_server import (
    CONV,
    DEVICE,
    USER,
    OddServer,
    Script,
    closing,
    normal,
    odd_server,
    saying,
    silent,
)
from tests.waiting import until


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back at once, and does not wait long."""
    monkeypatch.setattr(link, "DEFAULT_BACKOFF", Backoff(initial_ms=10, cap_ms=10))
    monkeypatch.setattr(link, "CONNECT_S", 1.0)
    monkeypatch.setattr(link, "SILENCE_S", 0.2)


@asynccontextmanager
async def client_of(
    path: Path, *scripts: Script, statuses: tuple[int, ...] = ()
) -> AsyncIterator[tuple[Any, OddServer]]:
    """Signed in as if it had been before."""
    async with odd_server(*scripts) as server:
        server.statuses = list(statuses)
        async with Client(server.address, database=path) as client:
            account = {"server": server.address, "user": USER["id"], "username": "alice", "device": DEVICE}
            await client._engine.adopt(account | {"token": "secret"})
            client._engine.start()
            yield client, server


async def end_of(client: Client) -> Exception:
    """The error with which its events end."""
    with pytest.raises(Exception) as ended:
        async for _ in client.events():
            pass
    return ended.value


RETRYABLE = [code for code in CloseCode if code >= 4500]
TERMINAL = [code for code in CloseCode if code < 4500 and code is not CloseCode.AUTHENTICATION_FAILED]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 3000, *RETRYABLE])
async def test_it_comes_back(path: Path, code: int) -> None:
    async with client_of(path, closing(code), normal) as (client, server):
        await until(lambda: len(server.connections) == 2 and client.state is State.LIVE)


@pytest.mark.parametrize("code", [1009, *TERMINAL])
async def test_it_stays_away(path: Path, code: int) -> None:
    async with client_of(path, closing(code), normal) as (client, server):
        assert isinstance(await end_of(client), Stopped)
        assert (client.state, len(server.connections)) == (State.STOPPED, 1)


async def test_the_token_goes_with_the_sign_in(path: Path) -> None:
    async with client_of(path, closing(4401), normal) as (client, server):
        assert isinstance(await end_of(client), SignedOut)
        assert (client.state, client.is_signed_in, len(server.connections)) == (State.SIGNED_OUT, False, 1)
        assert client.me == USER["id"]


@pytest.mark.parametrize("status", [404, 429, 500, 502, 503])
async def test_a_handshake_that_fails_for_now(path: Path, status: int) -> None:
    async with client_of(path, normal, statuses=(status, status)) as (client, _):
        await client.caught_up()


@pytest.mark.parametrize(("status", "error"), [(401, SignedOut), (403, Stopped), (400, Stopped)])
async def test_a_handshake_that_fails_for_good(path: Path, status: int, error: type[Exception]) -> None:
    async with client_of(path, normal, statuses=(status,)) as (client, server):
        assert isinstance(await end_of(client), error)
        assert server.connections == []


async def test_nothing_but_the_header_holds_the_token(path: Path) -> None:
    async with client_of(path, normal) as (client, server):
        await client.caught_up()
        request = server.connections[0].socket.request
        assert request is not None
        assert (request.path, request.headers["Authorization"]) == ("/ws/v1", "Bearer secret")
        assert request.headers["Sec-WebSocket-Protocol"] == "messenger.v1.json"


async def test_no_log_holds_the_token_or_what_people_write(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is asked to be logged of the client."""
    entry = {"seq": 4, "id": "m4", "sender": "u", "client_id": "c4", "body": "between us", "at": 1}
    frame = {"t": "messages", "conv": CONV, "entries": [entry]}
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.DEBUG, "messenger_client"):
        async with client_of(path, saying(frame, {"t": "ack"}, items=(ITEM,)), normal) as (client, server):
            await until(lambda: len(server.connections) == 2 and client.state is State.LIVE)
            await client.send(CONV, "between us, too")
            await until(lambda: any(frame["t"] == "send" for frame in server.connections[1].heard))
    said = "".join(record.getMessage() for record in caplog.records if record.name.startswith("messenger_client"))
    assert "could not be understood" in said
    assert "secret" not in said and "between us" not in said


async def test_it_comes_back_when_it_was_told_to(path: Path) -> None:
    async with client_of(path, saying({"t": "reconnect", "after_ms": 20}), normal) as (client, server):
        await until(lambda: len(server.connections) == 2 and client.state is State.LIVE)


async def test_who_says_nothing_is_given_up(path: Path) -> None:
    """Neither a welcome nor a pong comes."""

    async def mute(connection: Any) -> None:
        await connection.stay()

    async with client_of(path, mute, silent, normal) as (client, server):
        await until(lambda: len(server.connections) == 3 and client.state is State.LIVE)
        assert "ping" in [frame["t"] for frame in server.connections[1].heard]


async def test_it_says_goodbye(path: Path) -> None:
    async with client_of(path, normal) as (client, server):
        await client.caught_up()
        await client._engine.stop()
        await until(lambda: server.connections[0].socket.close_code is not None)
        assert server.connections[0].socket.close_code == 1000


ITEM = {"id": CONV, "kind": "direct", "title": None, "start": 1, "seen": 0, "unread": 0, "last": None}
ITEM |= {"members": [], "head": 3, "rev": 2, "received": 3, "received_rev": 2}
ODD = [
    "not json",
    "[]",
    "{}",
    '{"t": 7}',
    {"t": "welcome"},
    {"t": "messages"},
    {"t": "messages", "conv": CONV, "entries": [{}]},
    {"t": "messages", "conv": CONV, "entries": 7},
    {"t": "conversations", "items": [{"id": CONV}], "more": False},
    {"t": "ack", "acks": [{"type": "ACCEPTED"}]},
    {"t": "ack", "acks": None},
    {"t": "changes", "conv": CONV},
    {"t": "reconnect", "after_ms": None},
    {"t": "retry"},
    {"t": "page", "conv": CONV, "from": 1, "to": 5},
    {"t": "reset", "conv": ["a", "list"], "horizon": 1},
    {"t": "messages", "conv": CONV, "entries": [], "absent": [{"from": 2**70, "to": 2**70, "why": "expired"}]},
    {"t": "messages", "conv": CONV, "entries": ["not an entry"]},
    {"t": "conversations", "items": [ITEM | {"received": "x" * 9}, ITEM | {"id": None}], "more": False},
    {"t": "pong", "positions": [7]},
]


@pytest.mark.parametrize("frame", ODD, ids=str)
async def test_what_is_not_the_protocol_ends_the_connection_and_not_the_client(
    path: Path, frame: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with client_of(path, saying(frame, items=(ITEM,)), normal) as (client, server):
        await until(lambda: len(server.connections) == 2 and client.state is State.LIVE)
        # Nothing of it, and no trace of where.
        assert "Traceback" not in caplog.text and CONV not in caplog.text


UNKNOWN = [
    {"t": "news", "of": "tomorrow"},
    {"t": "ack", "acks": [{"type": "APPLAUDED", "conv": CONV, "sender_id": "x"}]},
    {"t": "presence", "conv": CONV, "people": []},
    {"t": "error", "code": "INTERNAL", "text": "x", "retryable": True, "retry_after_ms": 0},
    {"t": "messages", "conv": CONV, "entries": [], "of": "tomorrow"},
    {"t": "take", "conv": CONV},
]


@pytest.mark.parametrize("frame", UNKNOWN, ids=str)
async def test_what_it_does_not_know_it_passes_over(path: Path, frame: Any) -> None:
    async with client_of(path, saying(frame, {"t": "typing", "conv": CONV, "user": "u"}), normal) as (client, server):
        async for event in client.events():
            if type(event).__name__ == "Typing":
                break
        assert len(server.connections) == 1


async def test_a_server_that_takes_it_for_somebody_else(path: Path) -> None:
    async def other(connection: Any) -> None:
        await connection.hear("hello")
        user = USER | {"id": "0199c1f0-5a00-7b0b-8b0b-000000000b0b"}
        more = {"epoch": "e1", "heartbeat_ms": 25_000, "time": 0, "version": 1}
        await connection.say({"t": "welcome", "user": user, "device": DEVICE} | more)
        await connection.stay()

    async with client_of(path, other) as (client, _):
        assert isinstance(await end_of(client), Stopped)


async def test_a_question_whose_connection_ends_is_asked_again_by_whoever_wants_to(path: Path) -> None:
    async def drops(connection: Any) -> None:
        await connection.greet()
        await connection.hear("open")
        await connection.socket.close(4503)

    async with client_of(path, drops, normal) as (client, _):
        await client.caught_up()
        with pytest.raises(Unavailable):
            await client.open("bob")


async def test_two_questions_about_one_message_get_an_answer_each(path: Path) -> None:
    """An answer names the message, not which of the two it is: the second is asked once the first is answered."""
    entry = {"t": "delete", "conv": CONV, "seq": 1}
    order: list[str] = []

    async def asked(connection: Any) -> None:
        await connection.greet(ITEM)
        order.append((await connection.hear("delete"))["for"])
        await connection.say({"t": "done", "ref": entry, "rev": 1})
        order.append((await connection.hear("delete"))["for"])
        error = {"t": "error", "code": "TOO_LATE", "text": "Too late.", "retryable": False, "retry_after_ms": 0}
        await connection.say(error | {"ref": entry})
        await connection.stay()

    message = Message(CONV, 1, "m1", "a1", Person(USER["id"], "alice", "Alice"), True, "hi", 1)
    async with client_of(path, asked) as (client, _):
        await client.caught_up()
        deletions = [client.delete(message), client.delete(message, for_all=True)]
        for_me, for_all = await asyncio.gather(*deletions, return_exceptions=True)
        assert (for_me, order) == (None, ["me", "all"])
        assert isinstance(for_all, Refused) and for_all.code == "TOO_LATE"


async def test_a_token_that_was_replaced_meanwhile_takes_the_new_one_along_nowhere(path: Path) -> None:
    """The handshake was made with the old one, which ended when the new one was first used somewhere else."""

    async def ended(connection: Any) -> None:
        await connection.hear("hello")
        await client_now[0]._engine.adopt({"token": "its successor"})
        await connection.socket.close(4401)

    client_now: list[Any] = []
    async with client_of(path, ended, normal) as (client, server):
        client_now.append(client)
        await client.caught_up()
        assert client.is_signed_in and len(server.connections) == 2
        shown = [connection.socket.request.headers["Authorization"] for connection in server.connections]
        assert shown == ["Bearer secret", "Bearer its successor"]


@pytest.mark.parametrize("told", [b"<p>Sign in to this network", b'{"token": "alone"}', b"[]"])
async def test_what_is_not_the_messenger_signs_nobody_in(path: Path, told: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(told), told))
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as portal:
        port = portal.sockets[0].getsockname()[1]
        async with Client(f"http://127.0.0.1:{port}", database=path) as client:
            with pytest.raises(Unavailable, match="not the messenger"):
                await client.sign_in("alice", "correct horse battery staple")
            assert not client.is_signed_in


async def test_who_waits_for_a_connection_hears_that_there_will_be_none(path: Path) -> None:
    async with client_of(path, closing(4400)) as (client, _):
        with pytest.raises(Stopped):
            await client.caught_up()
        with pytest.raises(Stopped):
            await client.open("bob")
    with pytest.raises(Stopped, match="closed"):
        await client.caught_up()
    async with Client("http://127.0.0.1:1", database=path.with_name("nobody")) as nobody:
        with pytest.raises(SignedOut):
            await nobody.caught_up()


async def test_beats_state_positions_until_they_are_echoed(path: Path) -> None:
    place = {"conv": CONV, "received": 3, "rev": 2, "seen": 0}

    async def echoing(connection: Any) -> None:
        await connection.greet(ITEM, heartbeat_ms=100)
        assert (await connection.hear("ping"))["positions"] == [place]
        await connection.say({"t": "pong", "time": 0, "positions": [place | {"rev": 1}]})
        assert (await connection.hear("ping"))["positions"] == [place]
        await connection.say({"t": "pong", "time": 0, "positions": [place]})
        connection.last = (await connection.hear("ping"))["positions"]
        await connection.stay()

    async with client_of(path, echoing) as (client, server):
        await until(lambda: server.connections and hasattr(server.connections[0], "last"))
        assert server.connections[0].last == []
        assert client.state is State.LIVE
