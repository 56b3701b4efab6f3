"""A conversation with a real messenger that makes it say everything it can say, as its client's author would."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.acceptance.servers import PASSWORD, House

Frame = dict[str, Any]
PATIENCE_S = 30
SUBPROTOCOL = "messenger.v1.json"


async def sign_in(address: str, username: str) -> str:
    """As the document tells a client without a browser to. The value of its Cookie header."""
    async with httpx.AsyncClient(base_url=address) as http:
        await http.get("/sign-in/")
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
        await http.post("/sign-in/", data=form)
        await http.get("/")
        return "; ".join(f"{name}={http.cookies[name]}" for name in ("sessionid", "device"))


class Talker:
    """One socket that remembers every frame it was sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.heard: list[Frame] = []
        self._read = 0

    @classmethod
    async def connect(cls, address: str, cookies: str = "", origin: str | None = None) -> Self:
        url = address.replace("http://", "ws://") + "/ws/v1"
        headers = {"Cookie": cookies} | ({"Origin": origin} if origin else {})
        return cls(await connect(url, subprotocols=[SUBPROTOCOL], additional_headers=headers, compression=None))

    async def say(self, t: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"t": t} | fields))

    async def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        """The next frame that is wanted; those before it are remembered too."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self.socket.recv())
                self.heard.append(frame)
                if wanted(frame):
                    return frame

    async def frame(self, t: str) -> Frame:
        return await self.until(lambda frame: frame["t"] == t)

    async def ack(self, kind: str) -> Frame:
        """The next acknowledgement of this type, out of its frame."""
        frame = await self.until(lambda frame: any(ack["type"] == kind for ack in frame.get("acks", [])))
        return next(ack for ack in frame["acks"] if ack["type"] == kind)

    async def close_code(self) -> int | None:
        """Reads on until the server closes."""
        with contextlib.suppress(ConnectionClosed):
            await self.until(lambda frame: False)
        return self.socket.close_code

    async def hello(self, **fields: Any) -> Frame:
        await self.say("hello", **fields)
        welcome = await self.frame("welcome")
        await self.until(lambda frame: frame["t"] == "conversations" and not frame["more"])
        return welcome


class Talk:
    """alice and bob, from their first frame to the server's restart. `heard`: every frame of the server."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._counter = 0
        self.heard: list[Frame] = []
        self.close_codes: list[int | None] = []

    async def run(self) -> None:
        address = self._house.addresses[0]
        _, bob_signed_in, _ = self._house.enrol("alice", "bob", "carol")
        alice = await Talker.connect(address, await sign_in(address, "alice"))
        bob = await Talker.connect(address, bob_signed_in.cookie_header)
        talkers = [alice, bob]
        await self._greet(alice, bob)
        conv = await self._open(alice, bob)
        await self._tick(alice, bob, conv)
        await self._reply(alice, bob, conv)
        await self._refusals(alice, conv)
        await self._ask(alice, bob, conv)
        talkers.append(await self._again(alice, bob_signed_in.cookie_header))
        await self._restart(talkers)
        self.heard = [frame for talker in talkers for frame in talker.heard]

    def _message(self, conv: str, body: str, **more: Any) -> Frame:
        self._counter += 1
        return {"client_id": f"5c819700dead_{self._counter}_1790000000000", "conv": conv, "body": body} | more

    async def _greet(self, alice: Talker, bob: Talker) -> None:
        await alice.say("ping")
        await alice.frame("error")
        await alice.hello(epoch=None, positions=[])
        await bob.hello()

    async def _open(self, alice: Talker, bob: Talker) -> str:
        await alice.say("open", username="Bob")
        opened = await alice.until(lambda frame: frame["t"] == "conversations" and "opened" in frame)
        await bob.frame("conversations")
        return str(opened["items"][0]["id"])

    async def _tick(self, alice: Talker, bob: Talker, conv: str) -> None:
        message = self._message(conv, "Hello Bob")
        await alice.say("send", **message)
        first = await alice.ack("ACCEPTED")
        await alice.say("send", **message)
        assert await alice.ack("ACCEPTED") == first
        pushed = await bob.frame("messages")
        assert pushed["entries"][0]["client_id"] == message["client_id"]
        for kind in ("DELIVERED", "SEEN"):
            await bob.say("ack", acks=[{"type": kind, "conv": conv, "seq": 1, "cumulative": True}])
            tick = await alice.ack(kind)
            assert (tick["seq"], tick["message_id"]) == (1, first["message_id"])

    async def _reply(self, alice: Talker, bob: Talker, conv: str) -> None:
        await bob.say("send", **self._message(conv, "Hello Alice", reply_to=1))
        await bob.ack("ACCEPTED")
        await alice.frame("messages")

    async def _refusals(self, alice: Talker, conv: str) -> None:
        await alice.say("send", **self._message(conv, "   "))
        await alice.ack("REJECTED")
        await alice.say("send", **self._message(conv, "late", after="never_sent"))
        await alice.frame("retry")
        await alice.say("fetch", conv="0199c1f0-6b00-7c0e-8f00-00000000dead", **{"from": 1, "to": 9})
        await alice.frame("error")

    async def _ask(self, alice: Talker, bob: Talker, conv: str) -> None:
        await alice.say("fetch", conv=conv, **{"from": 1, "to": 500})
        page = await alice.frame("page")
        assert page["to"] == 100 and [entry["seq"] for entry in page["entries"]] == [1, 2]
        await alice.say("send", **self._message(conv, "Are you still there?"))
        await alice.ack("ACCEPTED")
        for seq in (1, 3):
            await alice.say("info", conv=conv, seq=seq)
            await alice.frame("info")
        await alice.say("ping", positions=[{"conv": conv, "received": 3, "seen": 3}])
        await alice.frame("pong")

    async def _again(self, alice: Talker, cookies: str) -> Talker:
        """bob from a second tab that has lost everything: the list tells him the newest entry."""
        second = await Talker.connect(self._house.addresses[0], cookies)
        await second.hello()
        await second.frame("messages")
        return second

    async def _restart(self, talkers: list[Talker]) -> None:
        ending = asyncio.create_task(asyncio.to_thread(self._house.end, "web-1"))
        self.close_codes = list(await asyncio.gather(*(talker.close_code() for talker in talkers)))
        await ending
