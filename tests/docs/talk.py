"""A conversation with a real messenger that makes it say everything it can say, as its client's author would."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import httpx
from psycopg import AsyncConnection
from websockets import Subprotocol
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chat.protocol.frames import SUBPROTOCOL
from tests.acceptance.app import app
from tests.acceptance.encoding import ENCODINGS
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.uploading import picture, upload

Frame = dict[str, Any]
T = TypeVar("T")
PATIENCE_S = 60

# Time, as a month of it would leave the rows.
HORIZON = "UPDATE chat_inbox SET horizon_seq = %s WHERE conversation_id = %s::uuid AND device_id = %s::uuid"
LAPSE = """
INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
VALUES (%s::uuid, %s::uuid, %s, %s, now())
"""
LAPSED = """
INSERT INTO chat_change (kind, conversations, heads, users, at)
VALUES ('lapsed', ARRAY[%s::uuid], ARRAY[%s, %s]::bigint[], ARRAY[%s::uuid], clock_timestamp())
"""


async def sign_in(address: str, username: str) -> str:
    """As the document tells a client without a browser to. The value of its Cookie header."""
    async with httpx.AsyncClient(base_url=address) as http:
        await http.get("/sign-in/")
        form = {"username": username, "password": PASSWORD, "csrfmiddlewaretoken": http.cookies["csrftoken"]}
        await http.post("/sign-in/", data=form)
        await http.get("/")
        return "; ".join(f"{name}={http.cookies[name]}" for name in ("sessionid", "device"))


def _entries(frame: Frame, conv: str) -> list[Frame]:
    """Of a frame that pushes some of this conversation's."""
    return list(frame["entries"]) if frame["t"] == "messages" and frame["conv"] == conv else []


def _did(entry: Frame) -> str:
    return str(entry.get("event", {}).get("type"))


class Talker:
    """One socket that remembers every frame it was sent."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._encoding = ENCODINGS[socket.subprotocol or SUBPROTOCOL]
        self.heard: list[Frame] = []
        self._read = 0

    @classmethod
    async def connect(
        cls, address: str, cookies: str = "", origin: str | None = None, subprotocol: str = SUBPROTOCOL
    ) -> Self:
        url = address.replace("http://", "ws://") + "/ws/v1"
        headers = {"Cookie": cookies} | ({"Origin": origin} if origin else {})
        offered = [Subprotocol(subprotocol)]
        return cls(await connect(url, subprotocols=offered, additional_headers=headers, compression=None))

    async def say(self, t: str, **fields: Any) -> None:
        await self.socket.send(self._encoding.write({"t": t} | fields))

    async def until(self, wanted: Callable[[Frame], bool]) -> Frame:
        """The next frame that is wanted; those before it are remembered too."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = self._encoding.read(await self.socket.recv())
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

    def __init__(self, house: House, subprotocol: str = SUBPROTOCOL) -> None:
        self._house = house
        self._subprotocol = subprotocol
        self._counter = 0
        self.heard: list[Frame] = []
        self.close_codes: list[int | None] = []

    async def run(self) -> None:
        address = self._house.addresses[0]
        everyone = self._house.enrol("alice", "bob", "carol")
        bob_signed_in = everyone[1]
        alice = await self._connect(await sign_in(address, "alice"))
        bob = await self._connect(bob_signed_in.cookie_header)
        talkers = [alice, bob]
        await self._greet(alice, bob)
        conv = await self._open(alice, bob)
        await self._company(alice, bob, conv)
        await self._tick(alice, bob, conv)
        await self._reply(alice, bob, conv)
        await self._refusals(alice, conv)
        await self._ask(alice, bob, conv)
        await self._revise(alice, bob, conv)
        await self._come_and_go(alice, bob, everyone)
        talkers.append(await self._again(alice, bob_signed_in.cookie_header))
        await self._expire(alice, conv, bob_signed_in)
        await self._sync(bob, conv)
        talkers.append(await self._late(alice, conv, bob_signed_in))
        await self._attach(alice, bob, conv)
        await self._keep_away(alice, bob_signed_in, conv)
        await self._last_seen(alice)
        await self._restart(talkers)
        self.heard = [frame for talker in talkers for frame in talker.heard]

    async def _connect(self, cookies: str) -> Talker:
        return await Talker.connect(self._house.addresses[0], cookies, subprotocol=self._subprotocol)

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

    async def _company(self, alice: Talker, bob: Talker, conv: str) -> None:
        """bob is here and types; carol was here once, which alice is told as soon as it is known that she is not."""
        await alice.say("presence", conv=conv)
        assert (await alice.frame("presence"))["people"][0]["online"]
        await bob.say("typing", conv=conv)
        await alice.frame("typing")
        await self._sql("UPDATE chat_device SET last_seen_at = now() - make_interval(hours => %s)", [3])
        await alice.say("open", username="carol")
        opened = await alice.until(lambda frame: frame["t"] == "conversations" and "opened" in frame)
        await alice.say("presence", conv=opened["items"][0]["id"])

    async def _last_seen(self, alice: Talker) -> None:
        def is_told(frame: Frame) -> bool:
            return frame["t"] == "presence" and any("last_seen_at" in person for person in frame["people"])

        if not any(is_told(frame) for frame in alice.heard):
            await alice.until(is_told)

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
        await self._search(alice, conv)
        await alice.say("ping", positions=[{"conv": conv, "received": 3, "seen": 3}])
        await alice.frame("pong")

    async def _search(self, alice: Talker, conv: str) -> None:
        await alice.say("search", q="hello", conv=conv, limit=1)
        cursor = (await alice.frame("found"))["next"]
        await alice.say("search", q="hello", conv=conv, cursor=cursor)
        assert (await alice.frame("found")).get("next") is None
        await alice.say("search", q="bob", kind="people")
        assert [person["username"] for person in (await alice.frame("found"))["people"]] == ["bob"]

    async def _again(self, alice: Talker, cookies: str) -> Talker:
        """bob from a second tab that has lost everything: the list tells him the newest entry."""
        second = await self._connect(cookies)
        await second.hello()
        await second.frame("messages")
        return second

    async def _revise(self, alice: Talker, bob: Talker, conv: str) -> None:
        await alice.say("edit", conv=conv, seq=1, body="Hello, Bob!")
        done = await alice.frame("done")
        told = await bob.frame("changes")
        assert (told["upto"], told["changes"][0]["body"]) == (done["rev"], "Hello, Bob!")
        await alice.say("delete", conv=conv, seq=3, **{"for": "all"})
        await bob.frame("changes")
        await bob.say("delete", conv=conv, seq=2, **{"for": "me"})
        hidden = await bob.frame("changes")
        assert [change["type"] for change in hidden["changes"]] == ["hide"]
        assert (await alice.until(lambda frame: frame.get("upto") == hidden["upto"]))["changes"] == []
        await bob.say("ack", acks=[{"type": "CHANGED", "conv": conv, "seq": hidden["upto"]}])

    async def _come_and_go(self, alice: Talker, bob: Talker, everyone: list[SignedIn]) -> None:
        """A group that bob is removed from and comes back to, while alice goes on."""
        bob_id, users = everyone[1].user, [person.user for person in everyone[1:]]
        await alice.say("create", client_id="5c819700dead_made_0", title="Picnic", users=users)
        made = await alice.until(lambda frame: frame["t"] == "conversations" and "opened" in frame)
        group = made["items"][0]["id"]
        await bob.until(lambda frame: frame["t"] == "conversations" and frame["items"][0]["id"] == group)
        await self._accepted(alice, group, "Who brings the cheese?", mentions=[bob_id])
        await bob.until(lambda frame: any(entry["seq"] == 2 for entry in _entries(frame, group)))
        await bob.say("ack", acks=[{"type": "DELIVERED", "conv": group, "seq": 2, "cumulative": True}])
        await alice.say("info", conv=group, seq=2, limit=1)
        assert (await alice.frame("info"))["next"] == "bob"
        await self._act(alice, "remove", conv=group, user=bob_id)
        assert (await bob.frame("left"))["entry"]["event"]["users"] == [bob_id]
        await alice.until(lambda frame: frame["t"] == "members" and len(frame["members"]) == 2)
        await self._accepted(alice, group, "Not Bob, it seems.")
        await self._act(alice, "add", conv=group, users=[bob_id])
        back = await bob.until(lambda frame: frame["t"] == "messages" and frame.get("absent"))
        assert back["absent"] == [{"from": 4, "to": 4, "why": "no_access"}]
        await self._rule(alice, bob, group, bob_id)

    async def _rule(self, alice: Talker, bob: Talker, group: str, bob_id: str) -> None:
        """Roles, rules, and a link that bob comes back by."""
        async with app(self._house.addresses[0], "alice") as phone:
            shown = (await upload(phone, picture(), "us.jpg"))["id"]
        new = {"title": "Picnic on Sunday", "picture": shown, "adding": "everyone", "history": "all"}
        await self._act(alice, "group", conv=group, **new)
        await bob.until(lambda frame: any("title" in entry.get("event", {}) for entry in _entries(frame, group)))
        await self._act(alice, "role", conv=group, user=bob_id, role="admin")
        await bob.until(lambda frame: any("role" in entry.get("event", {}) for entry in _entries(frame, group)))
        await self._act(alice, "mute", conv=group, until=1_990_000_000_000)
        await alice.until(lambda frame: frame["t"] == "conversations" and frame["items"][0]["muted_until"])
        await alice.say("members", conv=group, after="alice", limit=1)
        assert (await alice.frame("roster"))["next"] == "bob"
        await alice.say("invite", conv=group, expires_at=1_990_000_000_000, max_uses=20)
        link = await alice.frame("invite")
        await self._act(bob, "leave", conv=group)
        await bob.frame("left")
        await bob.say("preview", token=link["token"])
        assert (await bob.frame("preview"))["title"] == "Picnic on Sunday"
        await bob.say("join", token=link["token"])
        await alice.until(lambda frame: any(_did(entry) == "joined" for entry in _entries(frame, group)))
        await alice.say("invites", conv=group)
        assert (await alice.frame("invites"))["links"][0]["uses"] == 1
        await self._act(alice, "revoke", conv=group, id=link["id"])

    async def _act(self, talker: Talker, t: str, **fields: Any) -> None:
        await talker.say(t, **fields)
        await talker.until(lambda frame: frame["t"] == "done" and frame["ref"]["t"] == t)

    async def _expire(self, alice: Talker, conv: str, bob: SignedIn) -> None:
        """What bob does not acknowledge expires for him; alice sends it anew."""
        lost = await self._accepted(alice, conv, "Tomorrow at six?")
        seq = lost["seq"]
        await self._sql(HORIZON, [seq, conv, bob.device])
        await self._sql(LAPSE, [conv, bob.user, seq, seq])
        await self._sql(LAPSED, [conv, seq, seq, bob.user])
        failed = await alice.ack("FAILED")
        assert (failed["lapsed"], failed["message_id"]) == ([[seq, seq]], lost["message_id"])
        await alice.say("info", conv=conv, seq=seq)
        assert (await alice.frame("info"))["people"][0]["expired_at"] is not None
        for old in (1, seq):
            await alice.say("resend", conv=conv, seq=old, client_id=f"5c819700dead_{old}_anew")
        assert (await alice.frame("error"))["code"] == "NOT_EXPIRED"
        assert (await alice.ack("ACCEPTED"))["seq"] == seq + 1
        await alice.until(lambda frame: any("resent_as" in change for change in frame.get("changes", [])))
        await alice.say("fetch", conv=conv, **{"from": 1, "to": 9})
        await alice.frame("page")

    async def _sync(self, bob: Talker, conv: str) -> None:
        unknown = "0199c1f0-6b00-7c0e-8f00-00000000dead"
        await bob.say("fetch", conv=conv, **{"from": 1, "to": 9})
        page = await bob.frame("page")
        assert [(each["from"], each["why"]) for each in page["absent"]] == [(2, "deleted"), (4, "expired")]
        await bob.say("sync", positions=[{"conv": each, "received": 1} for each in (conv, unknown)])
        answer = await bob.frame("sync")
        assert answer["gone"] == [unknown] and answer["resets"][0]["horizon"] == 4 and not answer["has_more"]
        await bob.say("sync", point=answer["point"])
        assert (await bob.frame("sync"))["conversations"] == []
        await bob.say("sync", point="no point")
        await bob.frame("error")

    async def _late(self, alice: Talker, conv: str, bob: SignedIn) -> Talker:
        """bob's device comes back from where the horizon has passed it, and catches up; then it turns out to have
        had the entry all along."""
        third = await self._connect(bob.cookie_header)
        await third.hello(positions=[{"conv": conv, "received": 3, "rev": 0}])
        assert (await third.frame("reset"))["horizon"] == 4
        listed = next(frame for frame in third.heard if frame["t"] == "conversations")
        for item in listed["items"]:
            ends = {"DELIVERED": item["head"], "CHANGED": item["rev"]}
            acks = [
                {"type": kind, "conv": item["id"], "seq": at, "cumulative": True} for kind, at in ends.items() if at
            ]
            if acks:
                await third.say("ack", acks=acks)
        await third.frame("sync_done")
        await self._sql("DELETE FROM receipts_lapse WHERE user_id = %s", [bob.user])
        await self._sql(LAPSED, [conv, 4, 4, bob.user])
        assert (await alice.ack("FAILED"))["lapsed"] == []
        return third

    async def _attach(self, alice: Talker, bob: Talker, conv: str) -> None:
        """alice sends a picture and a text; bob is told of them, and then, as he wishes, of little more than names."""
        async with app(self._house.addresses[0], "alice") as phone:
            files = [await upload(phone, picture(), "tree.jpg"), await upload(phone, b"hello world", "notes.txt")]
        await alice.say("send", **self._message(conv, "", attachments=[each["id"] for each in files]))
        seq = (await alice.ack("ACCEPTED"))["seq"]
        await bob.say("fetch", conv=conv, **{"from": seq, "to": seq})
        assert (await bob.frame("page"))["entries"][0]["attachments"] == files
        await bob.say("sync", positions=[{"conv": conv, "received": seq - 1}], media=False)
        [run] = (await bob.frame("sync"))["messages"]
        assert all(each["withheld"] for each in run["entries"][0]["attachments"])

    async def _keep_away(self, alice: Talker, bob: SignedIn, conv: str) -> None:
        """alice wants to hear nothing of bob for a while, and tells a moderator why."""
        await alice.say("block", user=bob.user)
        told = await alice.until(lambda frame: frame["t"] == "conversations" and "blocked" in frame["items"][0])
        assert told["items"][0]["id"] == conv
        await alice.say("blocks")
        assert [person["username"] for person in (await alice.frame("blocks"))["people"]] == ["bob"]
        await alice.say("send", **self._message(conv, "Not yet."))
        assert (await alice.ack("REJECTED"))["error_code"] == "USER_BLOCKED"
        await self._act(alice, "unblock", user=bob.user)
        more = {"client_id": "5c819700dead_told_0", "conv": conv, "reason": "abuse", "note": "Every night."}
        await self._act(alice, "report", seq=2, **more)

    async def _accepted(self, talker: Talker, conv: str, body: str, **more: Any) -> Frame:
        message = self._message(conv, body, **more)
        await talker.say("send", **message)
        return await talker.ack("ACCEPTED")

    async def _use_case(self, use: Callable[[AsyncConnection[Any]], Awaitable[T]]) -> T:
        async with await AsyncConnection.connect(self._house.dsn) as connection:
            return await use(connection)

    async def _sql(self, statement: str, parameters: list[Any]) -> None:
        await self._use_case(lambda connection: connection.execute(statement, parameters))

    async def _restart(self, talkers: list[Talker]) -> None:
        ending = asyncio.create_task(asyncio.to_thread(self._house.end, "web-1"))
        self.close_codes = list(await asyncio.gather(*(talker.close_code() for talker in talkers)))
        await ending
